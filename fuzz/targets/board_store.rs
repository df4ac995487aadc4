//! A server's store under any history of posts, reads and time: its bounds hold, its cursors grow.
#![no_main]

use std::time::Duration;

use fuzz::Script;
use host::board::{Limits, Post, Quota, Source, Store, What};
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use rendezvous::board::{Board, Entries, Phase};

fuzz_target!(|bytes: &[u8]| {
    let limits = limits();
    let mut store = Store::new(limits);
    let boards = ["a", "b", "c"].map(|name| Board::Named(name.parse().expect("a name")));
    let boards = [&[Board::Plain][..], &boards].concat();
    let mut script = Script::new(bytes);
    let mut now = 0_u64;
    let _ = run(&mut script, &mut store, &boards, &mut now, &limits);
    store.expire(Time::from_ms(now + 2_000));
    assert_eq!(
        store.stats().held,
        Quota::default(),
        "something outlived its time"
    );
});

/// Until the script ends.
fn run(
    script: &mut Script<'_>,
    store: &mut Store,
    boards: &[Board],
    now: &mut u64,
    limits: &Limits,
) -> Option<()> {
    loop {
        *now += u64::from(script.byte()?);
        let at = Time::from_ms(*now);
        let board = &boards[usize::from(script.below(4)?)];
        let phase = Phase::ALL[usize::from(script.below(3)?)];
        let choice = script.byte()?;
        if choice < 128 {
            // A few bytes stand for records, so that a short input fills a store.
            let length = board.record_len(phase);
            let ids = script.short()?;
            let mut body: Vec<u8> = ids.iter().flat_map(|&id| vec![id; length]).collect();
            body.truncate(body.len() - usize::from(choice == 0 && !body.is_empty()));
            let source = Source::new(u64::from(choice % 3));
            let before = store.stats();
            let post = Post {
                board,
                phase,
                body: &body,
                source,
            };
            match store.post(at, &post) {
                Ok(new) => assert!(new <= ids.len()),
                Err(_) => assert!(store.stats().held.records <= before.held.records),
            }
        } else {
            let after = u64::from(script.byte()?);
            let receiver = (choice % 2 == 0).then_some([choice; 32]);
            let max = usize::from(choice) * 16;
            let span = store.span(at, board, &What::News(receiver), after, max);
            assert!(span.after <= span.until);
            let (answer, _) = store.read(board, &What::News(receiver), span, usize::MAX);
            assert_eq!(answer.len(), span.bytes);
            let mut entries = Entries::new(board, &answer);
            entries.by_ref().for_each(drop);
            assert!(entries.is_done(), "an answer that a client cannot read");
        }
        let held = store.stats();
        assert!(held.boards <= limits.boards);
        assert!(held.held.records <= limits.server.records);
        assert!(held.held.bytes <= limits.server.bytes);
    }
}

fn limits() -> Limits {
    let quota = |records, bytes| Quota { records, bytes };
    let mut limits = Limits::default();
    limits.lifetime = Duration::from_secs(1);
    limits.board = quota(40, 16_000);
    limits.source = quota(50, 20_000);
    limits.server = quota(80, 30_000);
    limits.boards = 3;
    limits
}
