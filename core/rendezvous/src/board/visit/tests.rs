mod limits;
mod work;
mod world;

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::*;
use crate::Wanted;
use crate::lan::Rate;
use world::{Kind as Kind_, World, named, passkey};

const RIGHT: &str = "right";
const WRONG: &str = "wrong";

fn s(seconds: u64) -> Time {
    Time::from_ms(seconds.saturating_mul(1000))
}

/// Two of three share the passphrase; the third learns nothing.
fn three_meet(kind: Kind_, board: &Board) -> World {
    let mut world = World::new(kind);
    world.join(board, RIGHT, b"from 0");
    world.join(board, RIGHT, b"from 1");
    world.join(board, WRONG, b"from 2");
    world.run_until(s(60));
    assert_eq!(world.messages(0), [b"from 1"]);
    assert_eq!(world.messages(1), [b"from 0"]);
    assert!(world.messages(2).is_empty());
    assert!(world.told(2, &Event::Room { others: 2 }));
    world
}

#[test]
fn those_with_the_passphrase_meet_on_a_named_board() {
    let world = three_meet(Kind_::Ours, &named());
    let lengths: BTreeSet<_> = world
        .records
        .iter()
        .map(|(phase, r)| (*phase, r.len()))
        .collect();
    let expected = [(Phase::One, 768), (Phase::Two, 96), (Phase::Three, 96)];
    assert_eq!(lengths, expected.into_iter().collect());
}

#[test]
fn everyone_posts_as_much_whether_it_matched_or_not() {
    let world = three_meet(Kind_::Ours, &named());
    for phase in [Phase::Two, Phase::Three] {
        for node in 0..3 {
            let id = world.id(node);
            let own = world
                .records
                .iter()
                .filter(|(p, r)| *p == phase && r.starts_with(&id));
            assert_eq!(own.count(), 2, "{phase:?} of {node}: one for each other");
        }
    }
    let plain = three_meet(Kind_::Ours, &Board::Plain);
    for node in 0..3 {
        let id = plain.id(node);
        let own = plain
            .records
            .iter()
            .filter(|(p, r)| *p == Phase::Three && r.starts_with(&id));
        assert_eq!(own.count(), 4, "one for each T2 of another");
    }
}

#[test]
fn they_meet_on_the_plain_board_of_our_server_and_of_the_reference() {
    three_meet(Kind_::Ours, &Board::Plain);
    let world = three_meet(Kind_::Reference, &Board::Plain);
    assert!(
        !world.nodes.iter().any(|node| node.has_read),
        "it knows no /new"
    );
}

#[test]
fn on_a_plain_board_a_t2_gives_others_time_to_read_the_t1() {
    let mut world = World::new(Kind_::Reference);
    world.join(&Board::Plain, RIGHT, b"0");
    world.join(&Board::Plain, RIGHT, b"1");
    world.run_until(s(30));
    for node in &world.nodes {
        let first = |phase| {
            node.posts
                .iter()
                .find(|(_, p, n)| *p == phase && *n > 0)
                .unwrap()
                .0
        };
        let (t1, t2, t3) = (first(Phase::One), first(Phase::Two), first(Phase::Three));
        assert!(t2.since(t1) >= Duration::from_secs(3));
        assert!(t3.since(t2) >= Duration::from_millis(500));
    }
}

#[test]
fn an_answer_counts_only_when_the_server_has_taken_it() {
    let mut world = World::new(Kind_::Ours);
    world.join(&named(), RIGHT, b"0");
    world.join(&named(), RIGHT, b"1");
    world.fail_posts = 7;
    world.run_until(s(120));
    assert_eq!(world.messages(0), [b"1"]);
    assert_eq!(world.messages(1), [b"0"]);
    assert!(
        world
            .nodes
            .iter()
            .any(|node| node.events.contains(&Event::Back))
    );
}

#[test]
fn a_server_that_lost_its_memory_gets_everything_again() {
    let mut world = World::new(Kind_::Ours);
    world.join(&named(), RIGHT, b"0");
    world.run_until(s(5));
    world.lose_memory();
    world.is_away = true;
    world.run_until(s(35));
    world.is_away = false;
    world.join(&named(), RIGHT, b"1");
    world.run_until(s(120));
    assert_eq!(world.messages(0), [b"1"]);
    assert_eq!(world.messages(1), [b"0"]);
}

#[test]
fn records_may_come_in_any_order() {
    let first = three_meet(Kind_::Ours, &named());
    let mut again = World::new(Kind_::Ours);
    again.records = first.records.iter().rev().cloned().collect();
    again.join(&named(), RIGHT, b"from 0");
    again.run_until(s(60));
    assert_eq!(again.id(0), first.id(0), "the same session");
    assert_eq!(again.messages(0), [b"from 1"]);
}

#[test]
fn who_wants_the_first_match_gives_its_message_to_one() {
    let mut world = World::new(Kind_::Ours);
    world.config.wanted = Wanted::First;
    world.join(&named(), RIGHT, b"0");
    world.config.wanted = Wanted::Every;
    world.join(&named(), RIGHT, b"1");
    world.run_until(s(30));
    world.join(&named(), RIGHT, b"2");
    world.run_until(s(60));
    assert_eq!(world.messages(1), [&b"0"[..], b"2"]);
    assert_eq!(world.messages(2), [b"1"]);
}

#[test]
fn leaving_says_what_is_due_and_then_ends() {
    let mut world = World::new(Kind_::Ours);
    world.join(&named(), RIGHT, b"0");
    world.join(&named(), RIGHT, b"1");
    world.run_until(s(30));
    world.finish(0);
    world.run_until(s(60));
    assert_eq!(world.nodes[0].events.last(), Some(&Event::Finished));
    assert!(!world.nodes[1].events.contains(&Event::Finished));
    let count = world.nodes[0].events.len();
    world.nodes[0].visit.handle(s(61), Input::Tick);
    assert!(matches!(world.nodes[0].visit.poll(), Output::Wait(None)));
    assert_eq!(world.nodes[0].events.len(), count);
}

#[test]
fn leaving_a_server_that_is_away_ends_too() {
    let mut world = World::new(Kind_::Ours);
    world.is_away = true;
    world.join(&named(), RIGHT, b"0");
    world.run_until(s(10));
    world.finish(0);
    world.run_until(s(11));
    assert_eq!(world.nodes[0].events.last(), Some(&Event::Finished));
}

/// A visit alone, announced on a server of ours; nothing else under way.
fn announced(config: Config) -> Visit {
    let place = (named(), passkey(&named(), RIGHT));
    let mut visit = Visit::new(config, place, b"", Seed::new([1; 32]), s(0)).unwrap();
    let Output::Work(job) = visit.poll() else {
        panic!("no job");
    };
    visit.handle(s(0), Input::Done(world::run(job)));
    while !matches!(visit.poll(), Output::Wait(_)) {}
    visit.handle(s(0), Input::Posted(Ok(Reply::Taken)));
    visit
}

fn outputs(visit: &mut Visit) -> Vec<Output> {
    let mut all = Vec::new();
    loop {
        match visit.poll() {
            Output::Wait(_) => return all,
            output => all.push(output),
        }
    }
}

#[test]
fn a_flood_of_t1_is_bounded_in_work_and_memory() {
    let mut config = Config {
        parallel: 2,
        waiting: 10,
        ..Config::default()
    };
    config.work = Rate::new(60, 3);
    let mut visit = announced(config);
    drop(outputs(&mut visit));
    let mut page = Vec::new();
    for number in 0..100_u32 {
        page.push(1);
        page.extend(number.to_le_bytes());
        page.extend([0; 764]);
    }
    visit.handle(s(1), Input::News(Ok((&page, 100))));
    let told = outputs(&mut visit);
    let jobs = |outputs: &[Output]| {
        let is_work = |output: &&Output| matches!(output, Output::Work(_));
        outputs.iter().filter(is_work).count()
    };
    assert_eq!(jobs(&told), 2, "as many as hands");
    assert!(told.iter().any(
        |output| matches!(output, Output::Tell(Event::Overloaded { dropped }) if *dropped == 90)
    ));
    assert_eq!(visit.stats().dropped, 90);

    // The hands come back at once, but after the burst work goes on once a second.
    let mut started = told;
    let mut times = vec![s(1), s(1)];
    for now in 1..=6 {
        let jobs = started.drain(..).filter_map(|output| match output {
            Output::Work(job) => Some(job),
            _ => None,
        });
        let done: Vec<_> = jobs.map(world::run).collect();
        for done in done {
            visit.handle(s(now), Input::Done(done));
        }
        visit.handle(s(now), Input::Tick);
        started = outputs(&mut visit);
        times.extend(core::iter::repeat_n(s(now), jobs_of(&started)));
    }
    assert_eq!(times, [1, 1, 1, 2, 3, 4, 5, 6].map(s));
    assert_eq!(visit.stats().refused, 7, "zero bytes are no key");
}

fn jobs_of(outputs: &[Output]) -> usize {
    let is_work = |output: &&Output| matches!(output, Output::Work(_));
    outputs.iter().filter(is_work).count()
}

#[test]
fn answers_that_no_board_gives_end_the_visit() {
    let news = |bytes: &'static [u8]| Input::News(Ok((bytes, 1)));
    for input in [
        news(&[9]),
        news(&[1, 2, 3]),
        Input::News(Err(Trouble::NotFound)),
        Input::News(Err(Trouble::Refused)),
    ] {
        let mut visit = announced(Config::default());
        drop(outputs(&mut visit));
        visit.handle(s(1), input);
        let last = outputs(&mut visit).pop();
        assert!(
            matches!(last, Some(Output::Tell(Event::Failed(_)))),
            "{last:?}"
        );
    }
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let mut visit = announced(Config::default());
    drop(outputs(&mut visit));
    let retry = Some(Duration::from_secs(40));
    visit.handle(s(1), Input::News(Err(Trouble::Busy { retry })));
    let told = outputs(&mut visit);
    assert!(matches!(
        told.as_slice(),
        [Output::Tell(Event::Busy { .. })]
    ));
    let Output::Wait(Some(until)) = visit.poll() else {
        panic!("no time to come back");
    };
    assert!(until >= s(41) && until < s(42), "{until:?}");
    visit.handle(s(40), Input::Tick);
    assert!(outputs(&mut visit).is_empty());
    visit.handle(until, Input::Tick);
    assert!(matches!(
        outputs(&mut visit).as_slice(),
        [Output::Read { .. }]
    ));
}

#[test]
fn a_passkey_of_another_board_and_a_long_message_are_refused() {
    let start = |board: Board, message: &[u8]| {
        let place = (board, passkey(&named(), RIGHT));
        Visit::new(Config::default(), place, message, Seed::new([1; 32]), s(0)).map(drop)
    };
    assert_eq!(start(Board::Plain, b""), Err(StartError::OtherBoard));
    let too_long = MessageError::TooLong { got: 575, max: 574 };
    assert_eq!(
        start(named(), &[0; 575]),
        Err(StartError::Message(too_long))
    );
    assert_eq!(start(named(), &[0; 574]), Ok(()));
}
