//! What is stored of a post, and under which name.
//!
//! Spec: `spec/10-rendezvous.md` section 5.5.

use bytes::Bytes;
use journal::{Entry, Seq, Subject};
use kernel::{Label, Time};
use primitives::hash;
use rendezvous::board::{Board, Phase};

/// The kind of all names of boards.
pub(super) const KIND: u8 = b'b';

/// Bytes of a stored post before its records.
pub(super) const HEADER: usize = 8;

/// The log with the posts of a board.
pub(super) fn log(board: &Board) -> Subject {
    let name = match board {
        Board::Plain => "",
        Board::Named(name) => name.as_str(),
    };
    let name = hash(&[Label::ServerBoard.bytes(), name.as_bytes()]);
    Subject::hashed(KIND, &name)
}

/// A post in its place in the log: one or more whole records of one phase.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) seq: Seq,
    payload: Bytes,
}

impl Stored {
    /// What is stored of a post at `now`: `records`, each `len` bytes long.
    pub(super) fn write<'a>(
        now: Time,
        phase: Phase,
        len: usize,
        records: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> Bytes {
        let whole = records.len().saturating_mul(len).saturating_add(HEADER);
        let mut payload = Vec::with_capacity(whole);
        let units = len
            .checked_div(UNIT)
            .and_then(|units| units.try_into().ok());
        payload.extend([phase.byte(), units.unwrap_or(u8::MAX)]);
        let [time @ .., _, _] = now.as_ms().to_le_bytes();
        payload.extend(time);
        for record in records {
            payload.extend_from_slice(record);
        }
        payload.into()
    }

    /// An entry of a board's log, unless it is not one of ours.
    pub(super) fn read(entry: Entry) -> Option<Self> {
        let Entry { seq, payload } = entry;
        let ([phase, units, ..], records) = payload.split_first_chunk::<HEADER>()?;
        Phase::from_byte(*phase)?;
        let len = usize::from(*units).checked_mul(UNIT)?;
        let is_whole = matches!(records.len().checked_rem(len), Some(0));
        (is_whole && !records.is_empty()).then_some(Self { seq, payload })
    }

    pub(super) fn phase(&self) -> Phase {
        let phase = self.payload.first().copied().and_then(Phase::from_byte);
        // It was looked at when it was read.
        phase.unwrap_or(Phase::One)
    }

    /// When it was posted.
    pub(super) fn born(&self) -> Time {
        let Some([_, _, time @ ..]) = self.payload.first_chunk::<HEADER>() else {
            return Time::ZERO;
        };
        let mut ms = [0; 8];
        ms.iter_mut().zip(time).for_each(|(to, from)| *to = *from);
        Time::from_ms(u64::from_le_bytes(ms))
    }

    /// Its records, in order.
    pub(super) fn records(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let units = self.payload.get(1).copied().unwrap_or(1);
        let len = usize::from(units).saturating_mul(UNIT).max(1);
        let records = self.payload.get(HEADER..).unwrap_or_default();
        records.chunks_exact(len)
    }

    /// Bytes of all its records.
    pub(super) fn len(&self) -> usize {
        self.payload.len().saturating_sub(HEADER)
    }

    /// The cursor of its last record.
    pub(super) fn last(&self) -> u64 {
        cursor(self.seq, self.records().len().saturating_sub(1))
    }
}

/// The cursor of record number `index` of the post with number `seq`; grows with both.
pub(super) fn cursor(seq: Seq, index: usize) -> u64 {
    let index = u64::try_from(index).unwrap_or(u64::MAX);
    seq.saturating_mul(MAX_RECORDS).saturating_add(index)
}

/// The last cursor of the post with number `seq`, however many records it has.
pub(super) fn end(seq: Seq) -> u64 {
    cursor(seq, 0).saturating_add(MAX_RECORDS.saturating_sub(1))
}

/// The post that a cursor is in.
pub(super) const fn seq(cursor: u64) -> Seq {
    cursor.div_euclid(MAX_RECORDS)
}

/// A post has fewer records than this.
pub(super) const MAX_RECORDS: u64 = 1 << 20;

/// All records are whole multiples of this, in bytes.
const UNIT: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(now: u64, phase: Phase, records: &[&[u8]]) -> Stored {
        let len = records.first().map_or(0, |record| record.len());
        let records = records.iter().copied();
        let payload = Stored::write(Time::from_ms(now), phase, len, records);
        Stored::read(Entry { seq: 7, payload }).unwrap()
    }

    #[test]
    fn a_post_is_read_as_it_was_written() {
        for board in [Board::Plain, Board::Named("b".parse().unwrap())] {
            for phase in Phase::ALL {
                let (one, two) = (
                    vec![1; board.record_len(phase)],
                    vec![2; board.record_len(phase)],
                );
                let post = stored(1_795_219_200_123, phase, &[&one, &two]);
                assert_eq!(post.phase(), phase);
                assert_eq!(post.born(), Time::from_ms(1_795_219_200_123));
                assert_eq!(post.records().collect::<Vec<_>>(), [one, two]);
                assert_eq!(post.len(), 2 * board.record_len(phase));
                assert_eq!(post.last(), (7 << 20) + 1);
            }
        }
    }

    #[test]
    fn what_is_not_a_post_is_not_read() {
        let whole = stored(5, Phase::Two, &[&[3; 96]]).payload;
        let read = |payload: &[u8]| {
            let payload = Bytes::copy_from_slice(payload);
            Stored::read(Entry { seq: 1, payload }).is_some()
        };
        assert!(read(&whole));
        assert!(!read(&whole[..whole.len() - 1]), "not whole records");
        assert!(!read(&whole[..HEADER]), "no record");
        assert!(!read(&whole[..HEADER - 1]), "no header");
        assert!(!read(&[&[4], &whole[1..]].concat()), "another form");
        assert!(
            !read(&[&[2, 0], &whole[2..]].concat()),
            "records of no length"
        );
    }

    #[test]
    fn each_board_has_a_log_of_its_own_that_does_not_show_its_name() {
        let named = |name: &str| log(&Board::Named(name.parse().unwrap()));
        assert_ne!(named("a"), named("b"));
        assert_ne!(named("a"), log(&Board::Plain));
        let subject = named("secret-garden");
        assert_eq!((subject.kind(), subject.as_bytes().len()), (b'b', 33));
        let shown = String::from_utf8_lossy(subject.as_bytes()).into_owned();
        assert!(!shown.contains("secret"));
    }

    #[test]
    fn cursors_grow_with_the_number_of_the_post_and_of_the_record() {
        assert_eq!(
            (cursor(0, 0), cursor(1, 0), cursor(1, 3)),
            (0, 1 << 20, (1 << 20) + 3)
        );
        assert!(cursor(1, 1 << 19) <= end(1) && end(1) < cursor(2, 0));
        assert_eq!(
            (seq(cursor(9, 77)), seq(end(9)), seq(u64::MAX)),
            (9, 9, (1 << 44) - 1)
        );
    }
}
