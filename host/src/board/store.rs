use std::collections::HashMap;
use std::hash::RandomState;
use std::time::Duration;

use kernel::{Kind, Time};
use rendezvous::board::{Board, Phase, Receiver};

use super::shelf::{Record, Shelf};

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

/// How much may be stored: records, and bytes of their content.
#[expect(clippy::exhaustive_structs, reason = "two numbers")]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Quota {
    /// Number of records.
    pub records: usize,
    /// Bytes of their content.
    pub bytes: usize,
}

/// The bounds of a [`Store`].
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 5.4.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// How long a record lives.
    pub lifetime: Duration,
    /// Of one board.
    pub board: Quota,
    /// From one source, on all boards.
    pub source: Quota,
    /// In all.
    pub server: Quota,
    /// Boards that hold a record.
    pub boards: usize,
    /// Boards that hold a record and were opened by the same source.
    pub boards_of_source: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1 << 20;
        let quota = |records, mib: usize| Quota {
            records,
            bytes: mib.saturating_mul(MIB),
        };
        Self {
            lifetime: Duration::from_secs(3600),
            board: quota(20_000, 16),
            source: quota(8_192, 4),
            server: quota(200_000, 160),
            boards: 1_024,
            boards_of_source: 64,
        }
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

/// Which records to read, and in which form.
#[expect(clippy::exhaustive_enums, reason = "the two forms of section 5.2")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// Bare records of one phase.
    Phase(Phase),
    /// Entries (phase byte, record) of all phases; for one reader, or everyone.
    News(Option<Receiver>),
}

/// A stretch of a board's records that fits into one answer.
#[expect(clippy::exhaustive_structs, reason = "two numbers")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The cursor it starts after; not always the one asked for.
    pub after: u64,
    /// The cursor of its end, included.
    pub until: u64,
    /// Its length in bytes.
    pub bytes: usize,
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
    sources: HashMap<Source, Quota>,
    held: Quota,
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
            sources: HashMap::new(),
            held: Quota::default(),
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
        self.check(post, more)?;

        let shelf = self
            .shelves
            .entry(post.board.clone())
            .or_insert_with(|| Shelf::new(post.source));
        self.oldest.get_or_insert(self.now);
        for record in news {
            shelf.push(self.now, post.source, post.phase, record);
        }
        add(&mut self.held, more);
        add(self.sources.entry(post.source).or_default(), more);
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
                forget(&mut self.held, &mut self.sources, &record);
            }
            if shelf.len() < before {
                shelf.shrink();
            }
        }
        self.shelves.retain(|_, shelf| shelf.len() > 0);
        self.oldest = self.shelves.values().filter_map(Shelf::oldest).min();
    }

    /// What is held now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            boards: self.shelves.len(),
            held: self.held,
            sources: self.sources.len(),
        }
    }

    /// Whether `more` from this post may be added.
    fn check(&self, post: &Post<'_>, more: Quota) -> Result<(), PostError> {
        let shelf = self.shelves.get(post.board);
        let on_board = Quota {
            records: shelf.map_or(0, Shelf::len),
            bytes: shelf.map_or(0, Shelf::bytes),
        };
        let of_source = self.sources.get(&post.source).copied().unwrap_or_default();
        let limit = if exceeds(on_board, more, self.limits.board) {
            Limit::Board
        } else if exceeds(of_source, more, self.limits.source) {
            Limit::Source
        } else if exceeds(self.held, more, self.limits.server) {
            Limit::Server
        } else if shelf.is_none() && self.shelves.len() >= self.limits.boards {
            Limit::Boards
        } else if shelf.is_none() && self.opened_by(post.source) >= self.limits.boards_of_source {
            Limit::Source
        } else {
            return Ok(());
        };
        let frees = self.oldest.unwrap_or(self.now).after(self.limits.lifetime);
        let retry = frees.since(self.now).clamp(MIN_RETRY, MAX_RETRY);
        Err(PostError::Full(Full { limit, retry }))
    }

    fn opened_by(&self, source: Source) -> usize {
        let opened = |shelf: &&Shelf| shelf.opener() == source;
        self.shelves.values().filter(opened).count()
    }
}

impl What {
    /// How many bytes `record` takes in this form; 0 when it is left out.
    fn len(&self, board: &Board, record: &Record) -> usize {
        match self {
            Self::Phase(phase) if record.entry().phase == *phase => record.len(),
            Self::News(Some(to)) if !record.entry().is_for(board, to) => 0,
            Self::News(_) => record.len().saturating_add(1),
            Self::Phase(_) => 0,
        }
    }

    fn write(&self, board: &Board, record: &Record, bytes: &mut Vec<u8>) {
        if self.len(board, record) == 0 {
            return;
        }
        let entry = record.entry();
        if let Self::News(_) = self {
            bytes.push(entry.phase.byte());
        }
        bytes.extend_from_slice(entry.record);
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

/// A bound that is reached, and when to try again.
#[expect(clippy::exhaustive_structs, reason = "two values")]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the {} limit is reached", limit.name())]
pub struct Full {
    /// Which bound.
    pub limit: Limit,
    /// When something will have expired; 1 s to 5 min.
    pub retry: Duration,
}

/// The bounds of [`Limits`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// Records or bytes of the board.
    Board,
    /// Records or bytes of the source.
    Source,
    /// Records or bytes in all.
    Server,
    /// Number of boards.
    Boards,
}

impl Limit {
    /// The name used in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Source => "source",
            Self::Server => "server",
            Self::Boards => "boards",
        }
    }
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

fn exceeds(used: Quota, more: Quota, limit: Quota) -> bool {
    used.records.saturating_add(more.records) > limit.records
        || used.bytes.saturating_add(more.bytes) > limit.bytes
}

fn add(quota: &mut Quota, more: Quota) {
    quota.records = quota.records.saturating_add(more.records);
    quota.bytes = quota.bytes.saturating_add(more.bytes);
}

fn sub(quota: &mut Quota, less: Quota) {
    quota.records = quota.records.saturating_sub(less.records);
    quota.bytes = quota.bytes.saturating_sub(less.bytes);
}

/// Takes a record that is gone out of the accounts.
fn forget(held: &mut Quota, sources: &mut HashMap<Source, Quota>, record: &Record) {
    let less = Quota {
        records: 1,
        bytes: record.len(),
    };
    sub(held, less);
    if let Some(used) = sources.get_mut(&record.source) {
        sub(used, less);
        if used.records == 0 {
            sources.remove(&record.source);
        }
    }
}

const MIN_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests;
