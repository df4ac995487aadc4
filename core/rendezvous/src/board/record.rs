use super::Board;

/// The three kinds of records, named after the messages they carry.
#[expect(clippy::exhaustive_enums, reason = "the protocol has three messages")]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    /// A T1.
    One,
    /// A T2 with its sender and, on a named board, its receiver.
    Two,
    /// A T3, likewise.
    Three,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Three];

    /// The byte before a record in an entry: 1, 2 or 3.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }

    /// The inverse of [`byte`](Self::byte).
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            3 => Some(Self::Three),
            _ => None,
        }
    }

    /// The last part of its route.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "t1",
            Self::Two => "t2",
            Self::Three => "t3",
        }
    }
}

impl Board {
    /// The length of every record of `phase` on this board, in bytes; never zero.
    #[must_use]
    pub const fn record_len(&self, phase: Phase) -> usize {
        match (self, phase) {
            (_, Phase::One) => T1_OVERHEAD.saturating_add(self.payload_len()),
            (Self::Plain, Phase::Two | Phase::Three) => 64,
            (Self::Named(_), Phase::Two | Phase::Three) => 96,
        }
    }

    /// Whether `body` is zero or more whole records of `phase`.
    #[must_use]
    pub const fn is_whole(&self, phase: Phase, body: &[u8]) -> bool {
        matches!(body.len().checked_rem(self.record_len(phase)), Some(0))
    }
}

/// The id in a request's `to`: 32 bytes.
pub type Receiver = [u8; 32];

/// One record of a board.
#[expect(clippy::exhaustive_structs, reason = "a pair, made to be taken apart")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry<'a> {
    /// Which kind it is.
    pub phase: Phase,
    /// Its bytes, [`Board::record_len`] of them.
    pub record: &'a [u8],
}

impl Entry<'_> {
    /// Whether a reader who asks with `to` wants it: T1 records always, others if `receiver` is
    /// the one they name. Records of a plain board name none and are for everyone.
    #[must_use]
    pub fn is_for(&self, board: &Board, receiver: &Receiver) -> bool {
        match (board, self.phase) {
            (Board::Plain, _) | (Board::Named(_), Phase::One) => true,
            (Board::Named(_), Phase::Two | Phase::Three) => {
                self.record.get(32..64) == Some(receiver.as_slice())
            }
        }
    }
}

/// Reads the entries `phase byte || record` of an answer to `/new`; ends early at bytes that are
/// not entries, and [`is_done`](Self::is_done) tells.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    board: &'a Board,
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    /// Reads `bytes`, which a server chose.
    #[must_use]
    pub const fn new(board: &'a Board, bytes: &'a [u8]) -> Self {
        Self { board, rest: bytes }
    }

    /// Whether all bytes were entries.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.rest.is_empty()
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (&byte, after) = self.rest.split_first()?;
        let phase = Phase::from_byte(byte)?;
        let (record, rest) = after.split_at_checked(self.board.record_len(phase))?;
        self.rest = rest;
        Some(Entry { phase, record })
    }
}

/// A T1 without its payload.
const T1_OVERHEAD: usize = 192;

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    fn named() -> Board {
        Board::Named("b".parse().unwrap())
    }

    #[test]
    fn records_have_the_lengths_of_the_spec() {
        let lengths = |board: Board| Phase::ALL.map(|phase| board.record_len(phase));
        assert_eq!(lengths(Board::Plain), [288, 64, 64]);
        assert_eq!(lengths(named()), [768, 96, 96]);
    }

    #[test]
    fn a_body_is_whole_records_or_nothing() {
        assert!(named().is_whole(Phase::Two, &[]));
        assert!(named().is_whole(Phase::Two, &[0; 192]));
        assert!(!named().is_whole(Phase::Two, &[0; 191]));
        assert!(!named().is_whole(Phase::Two, &[0; 64]));
    }

    #[test]
    fn entries_are_read_until_the_first_byte_that_is_none() {
        let board = named();
        let mut bytes = vec![2];
        bytes.extend([7; 96]);
        bytes.push(1);
        bytes.extend([8; 768]);
        let mut entries = Entries::new(&board, &bytes);
        let phases: Vec<Phase> = entries.by_ref().map(|entry| entry.phase).collect();
        assert_eq!(phases, [Phase::Two, Phase::One]);
        assert!(entries.is_done());

        for tail in [&[4][..], &[0], &[3, 1, 2]] {
            let mut longer = bytes.clone();
            longer.extend(tail);
            let mut entries = Entries::new(&board, &longer);
            assert_eq!(entries.by_ref().count(), 2);
            assert!(!entries.is_done());
        }
    }

    #[test]
    fn a_record_is_for_the_receiver_it_names() {
        let mut record = [1; 96];
        record[32..64].fill(9);
        let entry = Entry {
            phase: Phase::Two,
            record: &record,
        };
        assert!(entry.is_for(&named(), &[9; 32]));
        assert!(!entry.is_for(&named(), &[1; 32]));
        assert!(entry.is_for(&Board::Plain, &[1; 32]));
        let t1 = Entry {
            phase: Phase::One,
            record: &[0; 768],
        };
        assert!(t1.is_for(&named(), &[1; 32]));
    }
}
