//! 100,000 records of the largest kind on the disk: what the process has of them in memory stays below
//! 100 MB too, after writing them, and after a restart.
//!
//! Alone in its process, so that its memory is the process's. `cargo xtask bench` reads what it
//! prints.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "for who measures")]

use std::path::Path;
use std::sync::Arc;

use host::board::{Boards, Limits, Post, Source, Which};
use journal::{ManualClock, Sqlite};
use kernel::Time;
use rendezvous::board::{Board, Phase};
use tokio::task::JoinSet;

/// Record number `number`, on one of 5 boards and from one of 250 sources, each at most at its bounds.
async fn post(boards: Arc<Boards>, number: u32) {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_records_on_the_disk_take_less_than_100_mb_of_memory() {
    let name = format!("memory-{}", std::process::id());
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let open = || {
        let clock = Arc::new(ManualClock::default());
        let store = Sqlite::open(&place, journal::Limits::default(), clock).unwrap();
        Arc::new(Boards::new(Arc::new(store), Limits::default()))
    };
    let boards = open();
    for first in (0..100_000_u32).step_by(1_000) {
        let mut posts = JoinSet::new();
        for number in (first..).take(1_000) {
            posts.spawn(post(Arc::clone(&boards), number));
        }
        posts.join_all().await;
    }
    assert_eq!(boards.stats().held.records, 100_000);
    let written = sim::resident_bytes().unwrap();
    drop(boards);

    let boards = open();
    boards.learn(Time::ZERO, Which::All).await.unwrap();
    assert_eq!(boards.stats().held.records, 100_000);
    let read = sim::resident_bytes().unwrap();
    if let (Some(written), Some(read)) = (written, read) {
        let used = written.max(read);
        println!("\n{{\"resident_bytes\":{used}}}");
        assert!(used < 100_000_000, "{written} bytes, then {read} bytes");
    }
    drop(boards);
    std::fs::remove_dir_all(&place).unwrap();
}
