use std::collections::BTreeMap;

use kernel::Time;
use rendezvous::board::{Board, Entry, Phase, Receiver};

use crate::Rng;

/// Whose server it is.
#[expect(clippy::exhaustive_enums, reason = "the two contracts of section 5.2")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ServerKind {
    /// Ours: cursors, reads that wait.
    Ours,
    /// The reference's: every post is answered with all records of its kind, in any order.
    Reference,
}

/// What a read asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    pub(crate) after: u64,
    pub(crate) to: Option<Receiver>,
}

/// One board, as the spec says it behaves; without bounds, since tests are.
#[derive(Debug)]
pub(crate) struct Server {
    board: Board,
    kind: ServerKind,
    /// By cursor.
    records: BTreeMap<u64, (Phase, Vec<u8>)>,
    held: BTreeMap<u64, (usize, Read)>,
    tickets: u64,
}

impl Server {
    pub(crate) const fn new(board: Board, kind: ServerKind) -> Self {
        Self {
            board,
            kind,
            records: BTreeMap::new(),
            held: BTreeMap::new(),
            tickets: 0,
        }
    }

    pub(crate) const fn board(&self) -> &Board {
        &self.board
    }

    pub(crate) const fn kind(&self) -> ServerKind {
        self.kind
    }

    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    /// Starts anew; returns those whose reads are cut off.
    pub(crate) fn forget(&mut self) -> Vec<usize> {
        self.records.clear();
        let held = std::mem::take(&mut self.held);
        held.into_values().map(|(reader, _)| reader).collect()
    }

    pub(crate) fn post(&mut self, now: Time, phase: Phase, body: &[u8]) {
        if !self.board.is_whole(phase, body) {
            return;
        }
        for record in body.chunks(self.board.record_len(phase)) {
            let entry = (phase, record.to_vec());
            if !self.records.values().any(|known| *known == entry) {
                let cursor = self.last().saturating_add(1).max(now.as_ms());
                self.records.insert(cursor, entry);
            }
        }
    }

    /// All records of `phase`, in any order.
    pub(crate) fn list(&self, phase: Phase, rng: &mut Rng) -> Vec<u8> {
        let of_phase = self.records.values().filter(|record| record.0 == phase);
        let mut list: Vec<_> = of_phase.map(|record| (rng.next(), &record.1)).collect();
        list.sort_unstable();
        list.into_iter()
            .flat_map(|(_, record)| record)
            .copied()
            .collect()
    }

    /// The entries that `read` asks for and the next cursor; `None` if there is nothing new.
    pub(crate) fn news(&self, read: &Read) -> Option<(Vec<u8>, u64)> {
        let after = if read.after > self.last() {
            0
        } else {
            read.after
        };
        let mut bytes = Vec::new();
        for (phase, record) in self
            .records
            .range(after.saturating_add(1)..)
            .map(|(_, r)| r)
        {
            let entry = Entry {
                phase: *phase,
                record,
            };
            if read.to.is_none_or(|to| entry.is_for(&self.board, &to)) {
                bytes.push(phase.byte());
                bytes.extend_from_slice(record);
            }
        }
        (!bytes.is_empty()).then(|| (bytes, self.last()))
    }

    /// Keeps a read until there is something for it; returns its ticket.
    pub(crate) fn hold(&mut self, reader: usize, read: Read) -> u64 {
        self.tickets = self.tickets.saturating_add(1);
        self.held.insert(self.tickets, (reader, read));
        self.tickets
    }

    /// A read that has waited long enough: the reader and its next cursor.
    pub(crate) fn release(&mut self, ticket: u64) -> Option<(usize, u64)> {
        let (reader, _) = self.held.remove(&ticket)?;
        Some((reader, self.last()))
    }

    /// The held reads that can be answered now, with their answers.
    pub(crate) fn readers_with_news(&mut self) -> Vec<(usize, Vec<u8>, u64)> {
        let held = self.held.iter();
        let with_news = held.filter_map(|(ticket, (reader, read))| {
            let (bytes, cursor) = self.news(read)?;
            Some((*ticket, (*reader, bytes, cursor)))
        });
        let (tickets, answers): (Vec<u64>, Vec<_>) = with_news.unzip();
        self.held.retain(|ticket, _| !tickets.contains(ticket));
        answers
    }

    fn last(&self) -> u64 {
        self.records.keys().next_back().copied().unwrap_or(0)
    }
}
