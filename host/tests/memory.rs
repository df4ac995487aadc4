//! 100,000 records of the largest kind stay below 100 MB of process memory.
//!
//! Alone in its process, so that its memory is the process's. `cargo xtask bench` reads what it
//! prints.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "for who measures")]

use std::sync::Arc;

use host::board::{Boards, Limits};
use journal::{ManualClock, Memory};

#[path = "shared/record.rs"]
mod record;

use record::post;

#[tokio::test]
async fn a_hundred_thousand_records_take_less_than_100_mb() {
    let store = Memory::new(journal::Limits::default(), Arc::new(ManualClock::default()));
    let boards = Arc::new(Boards::with_tails(Arc::new(store), Limits::default(), 0));
    for number in 0..100_000_u32 {
        post(Arc::clone(&boards), number).await;
    }
    assert_eq!(boards.stats().held.records, 100_000);
    if let Some(used) = sim::resident_bytes().unwrap() {
        println!("\n{{\"resident_bytes\":{used}}}");
        assert!(used < 100_000_000, "{used} bytes");
    }
}
