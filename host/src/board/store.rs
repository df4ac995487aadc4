use std::collections::HashMap;
use std::hash::RandomState;
use std::time::Duration;

use kernel::{Kind, Time};
use rendezvous::board::{Board, Phase};

use super::ledger::{Ledger, Refused};
use super::limits::{Full, Limit, Limits, Quota};
use super::shelf::Shelf;
use super::view::{Span, What};

/// Where a post came from, for quotas: a keyed hash of an address prefix, never the address.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Source(pub(crate) u64);

impl Source {
    /// The source with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

/// Records someone wants on a board; all chosen by a peer.
#[expect(clippy::exhaustive_structs, reason = "the arguments of one call")]
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// Where.
    pub board: &'a Board,
    /// What they are.
    pub phase: Phase,
    /// Zero or more records, back to back.
    pub body: &'a [u8],
    /// Who.
    pub source: Source,
}

/// What a store holds.
#[expect(clippy::exhaustive_structs, reason = "three numbers")]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Boards with a record.
    pub boards: usize,
    /// Number of records, and bytes of their content.
    pub held: Quota,
    /// Sources that have a record here.
    pub sources: usize,
}

/// All boards of one server.
#[derive(Debug)]
pub struct Store {
    limits: Limits,
    key: RandomState,
    shelves: HashMap<Board, Shelf>,
    /// All records.
    ledger: Ledger,
    /// All boards, each with the source that opened it.
    boards: Ledger,
    /// The latest time seen, so that a clock set back changes no order.
    now: Time,
    /// No record is older than this one.
    oldest: Option<Time>,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            key: RandomState::new(),
            shelves: HashMap::new(),
            ledger: Ledger::default(),
            boards: Ledger::default(),
            now: Time::ZERO,
            oldest: None,
        }
    }

    /// Replaces the bounds. Records above a smaller bound stay until they expire.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Stores the records of a post that are new; returns how many. All or none.
    ///
    /// # Errors
    ///
    /// See [`PostError`]; the store is then unchanged.
    pub fn post(&mut self, now: Time, post: &Post<'_>) -> Result<usize, PostError> {
        self.expire(now);
        if !post.board.is_whole(post.phase, post.body) {
            return Err(PostError::Malformed);
        }
        let empty = Shelf::new(post.source);
        let shelf = self.shelves.get(post.board).unwrap_or(&empty);
        let records = post.body.chunks_exact(post.board.record_len(post.phase));
        let news = shelf.news(&self.key, post.phase, records);
        let more = Quota {
            records: news.len(),
            bytes: news.iter().map(|(_, record)| record.len()).sum(),
        };
        if news.is_empty() {
            return Ok(0);
        }
        self.check(shelf, post.source, more)
            .map_err(|limit| self.full(limit))?;

        if shelf.len() == 0 {
            self.boards.add(post.source, BOARD);
        }
        let shelf = self
            .shelves
            .entry(post.board.clone())
            .or_insert_with(|| empty);
        self.oldest.get_or_insert(self.now);
        for record in news {
            shelf.push(self.now, post.source, post.phase, record);
        }
        self.ledger.add(post.source, more);
        Ok(more.records)
    }

    /// The records after `after` that fit into `max` bytes; at least one if there is any.
    ///
    /// A cursor ahead of the board is one of an earlier life of this server: it counts as 0.
    pub fn span(&mut self, now: Time, board: &Board, what: &What, after: u64, max: usize) -> Span {
        self.expire(now);
        let Some(shelf) = self.shelves.get(board) else {
            let until = after;
            return Span {
                after,
                until,
                bytes: 0,
            };
        };
        let after = if after > shelf.last() { 0 } else { after };
        let mut span = Span {
            after,
            until: after,
            bytes: 0,
        };
        for record in shelf.after(after) {
            let bytes = span.bytes.saturating_add(what.len(board, record));
            if bytes > max && span.bytes > 0 {
                break;
            }
            span = Span {
                after,
                until: record.cursor,
                bytes,
            };
        }
        span
    }

    /// The first records of `span` up to about `chunk` bytes, and what is left of it.
    #[must_use]
    pub fn read(&self, board: &Board, what: &What, span: Span, chunk: usize) -> (Vec<u8>, Span) {
        let mut bytes = Vec::new();
        let mut left = span;
        let records = self.shelves.get(board).into_iter();
        let records = records.flat_map(|shelf| shelf.after(span.after));
        for record in records.take_while(|record| record.cursor <= span.until) {
            what.write(board, record, &mut bytes);
            left.after = record.cursor;
            if bytes.len() >= chunk {
                left.bytes = span.bytes.saturating_sub(bytes.len());
                return (bytes, left);
            }
        }
        left.after = span.until;
        left.bytes = 0;
        (bytes, left)
    }

    /// Drops what has lived its time. Every call does it first; call it when there are none.
    pub fn expire(&mut self, now: Time) {
        self.now = self.now.max(now);
        let lifetime = self.limits.lifetime;
        let is_over = |born: Time, now: Time| born.after(lifetime) <= now;
        if !self.oldest.is_some_and(|born| is_over(born, self.now)) {
            return;
        }
        for shelf in self.shelves.values_mut() {
            let before = shelf.len();
            while let Some(record) = shelf.pop_if(&self.key, |r| is_over(r.born, self.now)) {
                self.ledger.sub(record.source, record.quota());
            }
            if shelf.len() < before {
                shelf.shrink();
            }
        }
        self.shelves.retain(|_, shelf| {
            let is_gone = shelf.len() == 0;
            if is_gone {
                self.boards.sub(shelf.opener(), BOARD);
            }
            !is_gone
        });
        self.ledger.shrink();
        self.boards.shrink();
        self.oldest = self.shelves.values().filter_map(Shelf::oldest).min();
    }

    /// What is held now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            boards: self.shelves.len(),
            held: self.ledger.held(),
            sources: self.ledger.sources(),
        }
    }

    /// Whether `source` may put `more` on `shelf`. Costs the same however much is held.
    fn check(&self, shelf: &Shelf, source: Source, more: Quota) -> Result<(), Limit> {
        let limits = &self.limits;
        let named = |full: Limit| {
            move |refused| match refused {
                Refused::Full => full,
                Refused::Reserved => Limit::Share,
            }
        };
        let on_board = &shelf.ledger;
        on_board
            .check(source, more, limits.board, limits.board_shares)
            .map_err(named(Limit::Board))?;
        if self.ledger.of(source).plus(more).exceeds(limits.source) {
            return Err(Limit::Source);
        }
        self.ledger
            .check(source, more, limits.server, limits.server_shares)
            .map_err(named(Limit::Server))?;
        if shelf.len() > 0 {
            return Ok(());
        }
        if self.boards.of(source).records >= limits.boards_of_source {
            return Err(Limit::Source);
        }
        let boards = Quota {
            records: limits.boards,
            bytes: 0,
        };
        self.boards
            .check(source, BOARD, boards, limits.server_shares)
            .map_err(named(Limit::Boards))
    }

    fn full(&self, limit: Limit) -> PostError {
        let frees = self.oldest.unwrap_or(self.now).after(self.limits.lifetime);
        let retry = frees.since(self.now).clamp(MIN_RETRY, MAX_RETRY);
        PostError::Full(Full { limit, retry })
    }
}

/// Why nothing of a post was stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// The body is not whole records.
    #[error("body is not a multiple of the record size")]
    Malformed,
    /// A bound is reached.
    #[error(transparent)]
    Full(Full),
}

impl PostError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Malformed => Kind::BadInput,
            Self::Full(_) => Kind::Exhausted,
        }
    }
}

/// What a board takes of the number of boards.
const BOARD: Quota = Quota {
    records: 1,
    bytes: 0,
};
const MIN_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests;
