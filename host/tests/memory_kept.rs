//! 100,000 records of the largest kind on the disk: what the process has of them in memory stays below
//! 100 MB too, after writing them, and after a restart.
//!
//! Alone in its process, so that its memory is the process's. `cargo xtask bench` reads what it
//! prints.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "for who measures")]

use std::path::Path;
use std::sync::Arc;

use host::board::{Boards, Limits, Which};
use journal::{ManualClock, Sqlite};
use kernel::Time;
use tokio::task::JoinSet;

#[path = "shared/record.rs"]
mod record;

use record::post;

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
