use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use journal::Seq;
use kernel::Time;
use rendezvous::board::Phase;

use super::Source;
use super::ledger::Ledger;
use super::limits::Quota;
use super::record::{self, Stored};
use super::tail::Tail;

/// What is known of one board: who holds how much, which records there are, and the newest posts.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Whose post made this board.
    opener: Source,
    /// The posts that live, in the order of the log.
    posts: VecDeque<Post>,
    /// Keyed hashes of all their records, in the same order; [`SECOND`] for one that was there.
    hashes: VecDeque<u64>,
    /// The same, each once. Two records with the same hash count as one; nobody can make
    /// such a pair without the key, and by chance it takes 2^32 records.
    known: HashSet<u64>,
    /// Posts of this process that are not known to be in the log yet, by their first record.
    pending: HashMap<u64, Pending>,
    /// The records in them.
    under_way: HashSet<u64>,
    /// What is held, with what is pending.
    pub(super) ledger: Ledger,
    /// Records that stand in the log a second time, by cursor, and when they were posted.
    seconds: BTreeMap<u64, Time>,
    pub(super) tail: Tail,
    /// The last cursor.
    last: u64,
    pub(super) place: Place,
}

/// How far the log has been read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// The last number that was seen.
    pub(super) seq: Seq,
    /// Readings that were begun, and the last of them that is complete.
    pub(super) begun: u64,
    pub(super) done: u64,
}

/// A post that lives. Small: a board may have 20,000.
#[derive(Clone, Copy, Debug)]
pub(super) struct Post {
    seq: Seq,
    pub(super) born: Time,
    pub(super) source: Source,
    records: u32,
    bytes: u32,
}

impl Post {
    /// What it takes of a bound.
    pub(super) fn quota(&self) -> Quota {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Quota {
            records: size(self.records),
            bytes: size(self.bytes),
        }
    }
}

/// A post on its way into the log.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) source: Source,
    pub(super) quota: Quota,
    pub(super) hashes: Vec<u64>,
}

/// What of a post is new.
#[derive(Debug, Default)]
pub(super) struct News<'a> {
    pub(super) hashes: Vec<u64>,
    pub(super) records: Vec<&'a [u8]>,
    /// Others of its records are on their way.
    pub(super) is_under_way: bool,
}

impl Shelf {
    pub(super) fn new(opener: Source) -> Self {
        Self {
            opener,
            posts: VecDeque::new(),
            hashes: VecDeque::new(),
            known: HashSet::new(),
            pending: HashMap::new(),
            under_way: HashSet::new(),
            ledger: Ledger::default(),
            seconds: BTreeMap::new(),
            tail: Tail::default(),
            last: 0,
            place: Place::default(),
        }
    }

    pub(super) fn opener(&self) -> Source {
        self.opener
    }

    /// The records of a whole body that are not here yet, each once.
    pub(super) fn news<'a>(
        &self,
        key: &RandomState,
        phase: Phase,
        records: impl Iterator<Item = &'a [u8]>,
    ) -> News<'a> {
        let mut news = News::default();
        let mut seen = HashSet::new();
        for record in records {
            let hash = hash(key, phase, record);
            if self.under_way.contains(&hash) {
                news.is_under_way = true;
            } else if !self.known.contains(&hash) && seen.insert(hash) {
                news.hashes.push(hash);
                news.records.push(record);
            }
        }
        news
    }

    /// Counts a post before it is in the log; returns the name by which it is [released](Self::release).
    pub(super) fn begin(&mut self, pending: Pending) -> u64 {
        let name = pending.hashes.first().copied().unwrap_or_default();
        self.under_way.extend(&pending.hashes);
        self.ledger.add(pending.source, pending.quota);
        self.pending.insert(name, pending);
        name
    }

    /// Counts a pending post no more, if it still is one.
    pub(super) fn release(&mut self, name: u64) -> Option<Pending> {
        let pending = self.pending.remove(&name)?;
        for hash in &pending.hashes {
            self.under_way.remove(hash);
        }
        self.ledger.sub(pending.source, pending.quota);
        Some(pending)
    }

    /// Releases the pending post that `hashes` are the records of.
    pub(super) fn settle(&mut self, hashes: &[u64]) -> Option<Pending> {
        let name = hashes.first()?;
        let pending = self.pending.get(name)?;
        if pending.hashes != hashes {
            return None;
        }
        self.release(*name)
    }

    /// Takes in a post from the log; returns what is counted for it.
    pub(super) fn push(
        &mut self,
        now: Time,
        source: Source,
        stored: Stored,
        hashes: Vec<u64>,
    ) -> Post {
        for (index, mut hash) in hashes.into_iter().enumerate() {
            if !self.known.insert(hash) {
                hash = SECOND;
                let cursor = record::cursor(stored.seq, index);
                self.seconds.insert(cursor, stored.born());
            }
            self.hashes.push_back(hash);
        }
        // In order, whatever the clocks of other processes say.
        let born = self.posts.back().map_or(Time::ZERO, |post| post.born);
        let size = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let post = Post {
            seq: stored.seq,
            born: born.max(stored.born().min(now)),
            source,
            records: size(stored.records().len()),
            bytes: size(stored.len()),
        };
        self.ledger.add(source, post.quota());
        self.posts.push_back(post);
        self.last = stored.last();
        self.tail.push(stored);
        post
    }

    /// Takes out the oldest post if its time is over.
    pub(super) fn pop(&mut self, now: Time, lifetime: Duration) -> Option<Post> {
        let oldest = self.posts.front()?;
        if oldest.born.after(lifetime) > now {
            return None;
        }
        let post = self.posts.pop_front()?;
        for hash in self
            .hashes
            .drain(..post.quota().records.min(self.hashes.len()))
        {
            self.known.remove(&hash);
        }
        self.ledger.sub(post.source, post.quota());
        Some(post)
    }

    /// Lets go of what belongs to posts that are gone, and of spare memory.
    pub(super) fn tidy(&mut self, now: Time, lifetime: Duration) {
        let first = self.first();
        let is_gone = |seq| first.is_none_or(|first| seq < first);
        let is_over = |born: Time| born.after(lifetime) <= now;
        self.seconds
            .retain(|cursor, born| !is_gone(record::seq(*cursor)) && !is_over(*born));
        self.tail
            .drop_while(|post| is_gone(post.seq) || is_over(post.born()));
        let spare = self.hashes.len().saturating_mul(4);
        if self.hashes.capacity() > spare.max(64) {
            self.posts.shrink_to_fit();
            self.hashes.shrink_to_fit();
            self.known.shrink_to_fit();
            self.ledger.shrink();
        }
    }

    /// The number of the oldest post that lives.
    fn first(&self) -> Option<Seq> {
        self.posts.front().map(|post| post.seq)
    }

    /// Whether the post with this number has lived its time here, whatever it says of when it was posted.
    pub(super) fn is_gone(&self, seq: Seq) -> bool {
        self.first().is_none_or(|first| seq < first)
    }

    /// Whether the record at this cursor stands in the log a second time.
    pub(super) fn is_second(&self, cursor: u64) -> bool {
        self.seconds.contains_key(&cursor)
    }

    pub(super) fn oldest(&self) -> Option<Time> {
        self.posts.front().map(|post| post.born)
    }

    /// The newest cursor; 0 when there is no record.
    pub(super) fn last(&self) -> u64 {
        if self.posts.is_empty() { 0 } else { self.last }
    }

    /// Whether it has nothing and expects nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.posts.is_empty() && self.pending.is_empty()
    }
}

/// The keyed hash of a record, never [`SECOND`].
pub(super) fn hash(key: &RandomState, phase: Phase, record: &[u8]) -> u64 {
    key.hash_one((phase, record)).max(1)
}

const SECOND: u64 = 0;
