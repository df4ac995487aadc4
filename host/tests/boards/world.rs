//! Stores of every kind, and processes that serve them.

use std::sync::Arc;
use std::time::Duration;

use host::board::{Boards, Limits, Post, PostError, Source, What};
use journal::{Clock, ManualClock};
use kernel::Time;
use rendezvous::board::{Board, Entries, Phase};

pub(crate) use crate::store::World;

pub(crate) const START: u64 = 1_795_219_200_000;
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

impl World {
    /// One of each kind.
    pub(crate) fn all() -> Vec<Self> {
        Self::all_at(START)
    }

    /// One of each kind, made at this time.
    pub(crate) fn all_at(ms: u64) -> Vec<Self> {
        let time = Time::from_ms(ms);
        vec![Self::memory(time), Self::sqlite(time)]
    }

    /// A process that serves the store.
    pub(crate) fn process(&self) -> Process {
        self.bounded(Limits::default())
    }

    pub(crate) fn bounded(&self, limits: Limits) -> Process {
        let boards = match self.place {
            Some(_) => Boards::new(self.store.clone(), limits),
            None => Boards::with_tails(self.store.clone(), limits, 0),
        };
        Process {
            clock: self.clock.clone(),
            boards: Arc::new(boards),
        }
    }
}

/// A process, told the time by its world.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) boards: Arc<Boards>,
}

impl Process {
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Posts T2 records with these numbers.
    pub(crate) async fn post(
        &self,
        board: &Board,
        source: u64,
        numbers: impl IntoIterator<Item = u32>,
    ) -> Result<usize, PostError> {
        self.post_as(Phase::Two, board, source, numbers).await
    }

    pub(crate) async fn post_as(
        &self,
        phase: Phase,
        board: &Board,
        source: u64,
        numbers: impl IntoIterator<Item = u32>,
    ) -> Result<usize, PostError> {
        let records = numbers.into_iter().map(|n| record(board, phase, n));
        let body = records.collect::<Vec<_>>().concat();
        let post = Post {
            board,
            phase,
            body: &body,
            source: Source::new(source),
        };
        self.boards.post(self.now(), &post).await
    }

    /// The numbers of a board's records after a cursor, as a request reads them, and the next cursor.
    pub(crate) async fn news(&self, board: &Board, after: u64) -> (Vec<u32>, u64) {
        self.boards.look(self.now(), board).await.unwrap();
        let which = (board, &What::News(None));
        let span = self.boards.span(self.now(), which, after, usize::MAX);
        let mut left = span.await.unwrap();
        let until = left.until;
        let mut whole = Vec::new();
        while left.bytes > 0 {
            let (bytes, rest) = self.boards.read(which, left, 16 << 10).await.unwrap();
            whole.extend(bytes);
            left = rest;
        }
        let mut entries = Entries::new(board, &whole);
        let numbers = entries.by_ref().map(|entry| number(entry.record));
        let numbers = numbers.collect();
        assert!(entries.is_done());
        (numbers, until)
    }

    /// All numbers of a board.
    pub(crate) async fn all(&self, board: &Board) -> Vec<u32> {
        self.news(board, 0).await.0
    }
}

/// One record, of its own by `number`.
pub(crate) fn record(board: &Board, phase: Phase, number: u32) -> Vec<u8> {
    let mut record = vec![0x22; board.record_len(phase)];
    record[..4].copy_from_slice(&number.to_le_bytes());
    record
}

fn number(record: &[u8]) -> u32 {
    u32::from_le_bytes(record[..4].try_into().unwrap())
}

pub(crate) fn named(name: &str) -> Board {
    Board::Named(name.parse().unwrap())
}
