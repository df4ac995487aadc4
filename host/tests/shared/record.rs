use std::sync::Arc;

use host::board::{Boards, Post, Source};
use kernel::Time;
use rendezvous::board::{Board, Phase};

/// Posts record number `number` of 100,000 of the largest kind: on one of 5 boards and from one of 250
/// sources, each at most at its bounds.
pub(crate) async fn post(boards: Arc<Boards>, number: u32) {
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
