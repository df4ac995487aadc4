//! The bounds of a visit's memory, each at the limit and one above.

use super::*;

fn limited(change: impl FnOnce(&mut Config)) -> Visit {
    let mut config = Config {
        parallel: 10,
        ..Config::default()
    };
    change(&mut config);
    let mut visit = announced(config);
    drop(outputs(&mut visit));
    visit
}

fn read(visit: &mut Visit, page: &[Vec<u8>]) {
    visit.handle(s(1), Input::News(Ok((&page.concat(), 1))));
}

/// Runs the jobs that wait; how many there were.
fn work(visit: &mut Visit) -> usize {
    let jobs: Vec<Job> = outputs(visit)
        .into_iter()
        .filter_map(|output| match output {
            Output::Work(job) => Some(job),
            _ => None,
        })
        .collect();
    let count = jobs.len();
    for job in jobs {
        visit.handle(s(1), Input::Done(world::run(job)));
    }
    count
}

#[test]
fn a_visit_admits_its_limit_of_peers_and_not_one_more() {
    for (limit, worked, refused) in [(3, 3, 0), (2, 2, 1)] {
        let mut visit = limited(|config| config.peers = limit);
        let page = [10, 11, 12].map(|seed| {
            let key = passkey(&named(), RIGHT);
            let payload = pack(&named(), b"", crate::board::Fit::Refuse).unwrap();
            let seeds = Seed::new([seed; 32]).next_session();
            let peer = Opening::new(key, payload, seeds, Wanted::Every).run();
            [&[1], peer.t1()].concat()
        });
        read(&mut visit, &page);
        assert_eq!(work(&mut visit), 3);
        let stats = visit.stats();
        assert_eq!((stats.worked, stats.refused), (worked, refused));
    }
}

#[test]
fn a_visit_remembers_its_limit_of_refused_t1_and_not_one_more() {
    for (limit, again) in [(3, 0), (2, 1)] {
        let mut visit = limited(|config| config.refused = limit);
        let page: Vec<_> = (0..3_u8)
            .map(|n| [&[1, n], &[0; 767][..]].concat())
            .collect();
        for bad in &page {
            read(&mut visit, core::slice::from_ref(bad));
            assert_eq!(work(&mut visit), 1);
        }
        assert_eq!(visit.stats().refused, 3);
        read(&mut visit, &page);
        assert_eq!(work(&mut visit), again, "the oldest is forgotten");
    }
}

#[test]
fn a_visit_keeps_its_limit_of_t2_and_of_t3_and_not_one_more() {
    for (limit, dropped) in [(3, 0), (2, 1)] {
        for kind in [2, 3] {
            let mut visit = limited(|config| config.records = limit);
            let own = visit.session.as_ref().unwrap().id();
            let page: Vec<_> = (0..3)
                .map(|n| [&[kind][..], &[n; 32], own.as_bytes(), &[n; 32]].concat())
                .collect();
            read(&mut visit, &page);
            assert_eq!(visit.stats().dropped, dropped, "of kind {kind}");
        }
    }
}

fn answer(number: u16) -> Answer {
    let mut record = vec![0; 96];
    record[..2].copy_from_slice(&number.to_le_bytes());
    Answer {
        phase: Phase::Two,
        to: Id::of_t1(&record),
        due: s(0),
        record,
    }
}

/// The first of the answers that `outbox` has to post, and how many.
fn waiting(outbox: &mut Outbox) -> (u8, usize) {
    let body = outbox.take(Phase::Two, s(0), usize::MAX);
    (body[0], body.len() / 96)
}

#[test]
fn of_too_many_answers_the_oldest_goes_unsaid() {
    for (limit, kept) in [(3, (0, 3)), (2, (1, 2))] {
        let mut outbox = Outbox::new(limit);
        for number in 0..3 {
            outbox.push(answer(number));
        }
        assert_eq!(waiting(&mut outbox), kept);
    }
}

#[test]
fn the_newest_4096_answers_are_kept_for_an_outage() {
    for (said, kept) in [(4_096, (0, 4_096)), (4_097, (1, 4_096))] {
        let mut outbox = Outbox::new(10_000);
        for number in 0..said {
            outbox.push(answer(number));
        }
        outbox.take(Phase::Two, s(0), usize::MAX);
        outbox.taken(s(0));
        assert!(outbox.is_empty());
        outbox.repeat(s(0));
        assert_eq!(waiting(&mut outbox), kept);
    }
}

#[test]
fn one_post_has_160_records_and_not_one_more() {
    let mut visit = limited(|_| {});
    for number in 0..161 {
        visit.outbox.push(answer(number));
    }
    for (second, records) in [(1, 160), (10, 1)] {
        visit.handle(s(second), Input::Tick);
        let posted = outputs(&mut visit)
            .into_iter()
            .find_map(|output| match output {
                Output::Post { body, .. } => Some(body.len() / 96),
                _ => None,
            });
        assert_eq!(posted, Some(records));
        visit.handle(s(second), Input::Posted(Ok(Reply::Taken)));
    }
}
