//! How much is done with an answer of the server says nothing about a match.

use alloc::string::String;

use super::*;
use crate::session::traced;

/// What a visit does at a page with the T2 of a peer that knows `word`, hundreds of T3 in its name
/// and the right one, then at a second page of T3; and how many matches it finds.
fn work_for(word: &str) -> (Vec<Vec<String>>, u64) {
    let mut visit = announced(Config::default());
    drop(outputs(&mut visit));
    let own = visit.session.as_ref().unwrap();
    let (own_id, own_t1) = (own.id(), own.t1().to_vec());
    let payload = pack(&named(), b"hello", crate::board::Fit::Refuse).unwrap();
    let seeds = Seed::new([2; 32]).next_session();
    let key = passkey(&named(), word);
    let mut peer = Opening::new(key, payload, seeds, Wanted::Every).run();
    let (_, t2) = peer.admit(peer.encounter(&own_t1).unwrap().run()).unwrap();

    let t1 = [&[1], peer.t1()].concat();
    visit.handle(s(1), Input::News(Ok((&t1, 1))));
    let job = outputs(&mut visit)
        .into_iter()
        .find_map(|output| match output {
            Output::Work(job) => Some(job),
            _ => None,
        });
    visit.handle(s(1), Input::Done(job.unwrap().run()));
    let our_t2 = visit.session.as_ref().unwrap().t2_for(&peer.id()).unwrap();
    let t3 = peer.take_t2(&own_id, our_t2).t3;

    let from = peer.id();
    let record = |kind: u8, message: &[u8; 32]| {
        let parts: [&[u8]; 4] = [&[kind], from.as_bytes(), own_id.as_bytes(), message];
        parts.concat()
    };
    let forged = |from: u16| -> Vec<u8> {
        let all = (from..from.saturating_add(300)).map(|n| {
            let mut message = [7; 32];
            message[..2].copy_from_slice(&n.to_le_bytes());
            record(3, &message)
        });
        all.flatten().collect()
    };
    let (t2, t3) = (record(2, t2.as_bytes()), record(3, t3.as_bytes()));
    let pages = [
        [forged(0), t3.clone()].concat(),
        t2,
        [forged(300), t3].concat(),
    ];
    let mut traces = Vec::new();
    for (number, page) in pages.iter().enumerate() {
        traced::take();
        visit.handle(
            s(2),
            Input::News(Ok((page, u64::try_from(number).unwrap()))),
        );
        traces.push(traced::take());
    }
    (traces, visit.stats().matches)
}

#[test]
fn an_answer_takes_the_same_work_whether_it_matches_or_not() {
    let (friend, matches) = work_for(RIGHT);
    let (stranger, none) = work_for(WRONG);
    assert_eq!((matches, none), (1, 0));
    assert_eq!(friend, stranger);
    let opens = |trace: &Vec<String>| {
        let opens = |line: &&String| line.starts_with("open ");
        trace.iter().filter(opens).count()
    };
    // the T2 tries what is kept, and what came last once more
    assert_eq!(friend.iter().map(opens).collect::<Vec<_>>(), [8, 9, 8]);
}
