//! 100,000 records of the largest kind stay below 100 MB of process memory.
//!
//! Alone in its process, so that its memory is the process's. `cargo xtask bench` reads what it
//! prints.
#![expect(clippy::print_stdout, reason = "for who measures")]

use std::sync::Arc;

use host::board::{Boards, Limits, Post, Source};
use journal::{ManualClock, Memory};
use kernel::Time;
use rendezvous::board::{Board, Phase};

#[tokio::test]
async fn a_hundred_thousand_records_take_less_than_100_mb() {
    let store = Memory::new(journal::Limits::default(), Arc::new(ManualClock::default()));
    let boards = Arc::new(Boards::with_tails(Arc::new(store), Limits::default(), 0));
    for number in 0..100_000_u32 {
        // 5 boards and 250 sources, each at most at its bounds.
        let board = number.checked_div(20_000).unwrap();
        let board = Board::Named(format!("board-{board}").parse().unwrap());
        let mut record = [0x5a; 768];
        record
            .first_chunk_mut()
            .map(|start| *start = number.to_le_bytes())
            .unwrap();
        let post = Post {
            board: &board,
            phase: Phase::One,
            body: &record,
            source: Source::new(u64::from(number.checked_div(400).unwrap())),
        };
        assert_eq!(boards.post(Time::ZERO, &post).await, Ok(1), "{number}");
    }
    assert_eq!(boards.stats().held.records, 100_000);
    if let Some(used) = sim::resident_bytes().unwrap() {
        println!("\n{{\"resident_bytes\":{used}}}");
        assert!(used < 100_000_000, "{used} bytes");
    }
}
