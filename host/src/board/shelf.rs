use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use kernel::Time;
use rendezvous::board::{Entry, Phase};

use super::Source;
use super::ledger::Ledger;
use super::limits::Quota;

/// The records of one board, oldest first.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Whose post made this board.
    opener: Source,
    records: VecDeque<Record>,
    /// Keyed hashes of all records. Two records with the same hash count as one; nobody can make
    /// such a pair without the key, and by chance it takes 2^32 records.
    known: HashSet<u64>,
    pub(super) ledger: Ledger,
}

/// One stored record. About 50 bytes more than its content.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) cursor: u64,
    pub(super) born: Time,
    pub(super) source: Source,
    phase: Phase,
    bytes: Box<[u8]>,
}

impl Record {
    pub(super) fn entry(&self) -> Entry<'_> {
        Entry {
            phase: self.phase,
            record: &self.bytes,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What it takes of a bound.
    pub(super) fn quota(&self) -> Quota {
        Quota {
            records: 1,
            bytes: self.len(),
        }
    }
}

impl Shelf {
    pub(super) fn new(opener: Source) -> Self {
        Self {
            opener,
            records: VecDeque::new(),
            known: HashSet::new(),
            ledger: Ledger::default(),
        }
    }

    pub(super) fn opener(&self) -> Source {
        self.opener
    }

    /// The records of a whole `body` that are not here yet, each once.
    pub(super) fn news<'a>(
        &self,
        key: &RandomState,
        phase: Phase,
        records: impl Iterator<Item = &'a [u8]>,
    ) -> Vec<(u64, &'a [u8])> {
        let mut seen = HashSet::new();
        records
            .map(|record| (key.hash_one((phase, record)), record))
            .filter(|(hash, _)| !self.known.contains(hash) && seen.insert(*hash))
            .collect()
    }

    pub(super) fn push(&mut self, now: Time, source: Source, phase: Phase, news: (u64, &[u8])) {
        let (hash, bytes) = news;
        let cursor = self.last().saturating_add(1).max(now.as_ms());
        self.known.insert(hash);
        let record = Record {
            cursor,
            born: now,
            source,
            phase,
            bytes: bytes.into(),
        };
        self.ledger.add(source, record.quota());
        self.records.push_back(record);
    }

    /// Takes out the oldest record if `is_over` says so of it.
    pub(super) fn pop_if(
        &mut self,
        key: &RandomState,
        is_over: impl FnOnce(&Record) -> bool,
    ) -> Option<Record> {
        self.records.front().filter(|record| is_over(record))?;
        let record = self.records.pop_front()?;
        let entry = record.entry();
        self.known
            .remove(&key.hash_one((entry.phase, entry.record)));
        self.ledger.sub(record.source, record.quota());
        Some(record)
    }

    /// Gives memory back after many records have gone.
    pub(super) fn shrink(&mut self) {
        let spare = self.records.len().saturating_mul(4);
        if self.records.capacity() > spare.max(64) {
            self.records.shrink_to_fit();
            self.known.shrink_to_fit();
            self.ledger.shrink();
        }
    }

    pub(super) fn after(&self, cursor: u64) -> impl Iterator<Item = &Record> {
        let start = self.records.partition_point(|r| r.cursor <= cursor);
        self.records.range(start..)
    }

    pub(super) fn oldest(&self) -> Option<Time> {
        self.records.front().map(|record| record.born)
    }

    /// The newest cursor; 0 when there is no record.
    pub(super) fn last(&self) -> u64 {
        self.records.back().map_or(0, |record| record.cursor)
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }
}
