//! What a reader gets: which records, and their bytes.

use journal::{Fault, Subject};
use kernel::Time;
use rendezvous::board::Board;

use super::super::index::Next;
use super::super::post::ReadError;
use super::super::record;
use super::super::view::{Span, Walk, What};
use super::{BYTES, Boards, POSTS};

impl Boards {
    /// The records after `after` that fit into `max` bytes; at least one if there is any.
    ///
    /// A cursor ahead of the board is one of an earlier life of this server: it counts as 0.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub async fn span(
        &self,
        now: Time,
        (board, what): (&Board, &What),
        after: u64,
        max: usize,
    ) -> Result<Span, ReadError> {
        let mut span = Span {
            after,
            until: after,
            bytes: 0,
        };
        let log = record::log(board);
        let Some((start, last)) = self.index().start(now, &log, after) else {
            return Ok(span);
        };
        (span.after, span.until) = (start, last);
        let mut walk = Walk::count(board, what, span, max);
        self.walk(&log, &mut walk).await?;
        if walk.is_full {
            span.until = walk.at;
        }
        span.bytes = walk.bytes;
        Ok(span)
    }

    /// All records of a board.
    #[must_use]
    pub fn whole(&self, now: Time, board: &Board) -> Span {
        self.index().whole(now, &record::log(board))
    }

    /// The first records of `span` up to `chunk` bytes, at least one if there is any, and what is
    /// left of it.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub async fn read(
        &self,
        (board, what): (&Board, &What),
        span: Span,
        chunk: usize,
    ) -> Result<(Vec<u8>, Span), ReadError> {
        let mut walk = Walk::write(board, what, span, chunk);
        self.walk(&record::log(board), &mut walk).await?;
        let (after, bytes) = match walk.is_full {
            true => (walk.at, span.bytes.saturating_sub(walk.bytes).max(1)),
            false => (span.until, 0),
        };
        let until = span.until;
        let left = Span {
            after,
            until,
            bytes,
        };
        Ok((walk.into_written(), left))
    }

    async fn walk(&self, log: &Subject, walk: &mut Walk<'_>) -> Result<(), Fault> {
        // As much as is wanted, and more if most of it is for others.
        let mut bytes = u32::try_from(walk.room()).unwrap_or(BYTES);
        loop {
            let next = self.index().walk(log, walk);
            let Next::Log(after) = next else {
                return Ok(());
            };
            bytes = bytes.clamp(FEW_BYTES, BYTES);
            let page = self.store.read(log, after, POSTS, bytes).await?;
            self.index().walk_log(log, walk, page.entries);
            bytes = bytes.saturating_mul(2);
        }
    }
}

/// The least that is asked of the store at a time.
const FEW_BYTES: u32 = 4 << 10;
