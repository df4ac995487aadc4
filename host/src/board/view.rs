use rendezvous::board::{Board, Phase, Receiver};

use super::shelf::Record;

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

impl What {
    /// How many bytes `record` takes in this form; 0 when it is left out.
    pub(super) fn len(&self, board: &Board, record: &Record) -> usize {
        match self {
            Self::Phase(phase) if record.entry().phase == *phase => record.len(),
            Self::News(Some(to)) if !record.entry().is_for(board, to) => 0,
            Self::News(_) => record.len().saturating_add(1),
            Self::Phase(_) => 0,
        }
    }

    pub(super) fn write(&self, board: &Board, record: &Record, bytes: &mut Vec<u8>) {
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
