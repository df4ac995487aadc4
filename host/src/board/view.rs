use rendezvous::board::{Board, Entry, Phase, Receiver};

use super::record::{Stored, cursor, end};

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
#[expect(clippy::exhaustive_structs, reason = "three numbers")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The cursor it starts after; not always the one asked for.
    pub after: u64,
    /// The cursor of its end, included.
    pub until: u64,
    /// Its length in bytes, or what it may be at most; 0 only when there is nothing in it.
    pub bytes: usize,
}

impl What {
    /// How many bytes `entry` takes in this form; 0 when it is left out.
    fn len(&self, board: &Board, entry: &Entry<'_>) -> usize {
        match self {
            Self::Phase(phase) if entry.phase == *phase => entry.record.len(),
            Self::News(Some(to)) if !entry.is_for(board, to) => 0,
            Self::News(_) => entry.record.len().saturating_add(1),
            Self::Phase(_) => 0,
        }
    }

    fn write(&self, entry: &Entry<'_>, bytes: &mut Vec<u8>) {
        if let Self::News(_) = self {
            bytes.push(entry.phase.byte());
        }
        bytes.extend_from_slice(entry.record);
    }
}

/// A walk along a board: it counts the bytes of an answer, or writes them.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    board: &'a Board,
    what: &'a What,
    /// The cursor it has come to.
    pub(super) at: u64,
    /// The last cursor it looks at.
    until: u64,
    /// At most so many bytes, but one record in any case.
    max: usize,
    /// So many so far.
    pub(super) bytes: usize,
    written: Option<Vec<u8>>,
    /// There was a record that did not fit.
    pub(super) is_full: bool,
}

impl<'a> Walk<'a> {
    /// Counts what is in `span`, up to `max` bytes.
    pub(super) const fn count(board: &'a Board, what: &'a What, span: Span, max: usize) -> Self {
        Self {
            board,
            what,
            at: span.after,
            until: span.until,
            max,
            bytes: 0,
            written: None,
            is_full: false,
        }
    }

    /// Writes what is in `span`, up to `max` bytes.
    pub(super) fn write(board: &'a Board, what: &'a What, span: Span, max: usize) -> Self {
        let mut walk = Self::count(board, what, span, max);
        walk.written = Some(Vec::new());
        walk
    }

    /// How many bytes may still come.
    pub(super) const fn room(&self) -> usize {
        self.max.saturating_sub(self.bytes)
    }

    /// Whether it has come to its end.
    pub(super) const fn is_over(&self) -> bool {
        self.is_full || self.at >= self.until
    }

    /// Looks at a post, from the record on where it is; `is_hidden` says which are not shown.
    pub(super) fn visit(&mut self, post: &Stored, is_hidden: impl Fn(u64) -> bool) {
        let phase = post.phase();
        for (index, record) in post.records().enumerate() {
            let cursor = cursor(post.seq, index);
            if cursor > self.until {
                self.at = self.until;
            }
            if self.is_over() {
                return;
            }
            if cursor <= self.at {
                continue;
            }
            let entry = Entry { phase, record };
            let len = self.what.len(self.board, &entry);
            if len > 0 && !is_hidden(cursor) {
                let bytes = self.bytes.saturating_add(len);
                if bytes > self.max && self.bytes > 0 {
                    self.is_full = true;
                    return;
                }
                self.bytes = bytes;
                if let Some(written) = &mut self.written {
                    self.what.write(&entry, written);
                }
            }
            self.at = cursor;
        }
    }

    /// Goes past a post without looking at it.
    pub(super) fn pass(&mut self, seq: u64) {
        self.at = self.at.max(end(seq));
    }

    /// What was written.
    pub(super) fn into_written(self) -> Vec<u8> {
        self.written.unwrap_or_default()
    }
}
