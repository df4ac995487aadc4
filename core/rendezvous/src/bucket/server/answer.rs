use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use kernel::Label;
use primitives::{NONCE_LEN, Secret as Bytes, hkdf_sha512, seal_in_place};

use crate::bucket::{Entry, Hash, Slots};

/// What makes filler and order of the slots. Whoever has it can tell filler from entries. Kept with
/// the server's store; all processes that serve one store have the same.
#[derive(Clone, Debug)]
pub struct Secret(Bytes<32>);

/// The answer to `fetch`: 16,385 bytes, whatever it says.
///
/// # Spec
///
/// `spec/11-buckets.md` section 2.
#[derive(Clone, Eq, PartialEq)]
pub struct Answer(Box<[u8]>);

impl Secret {
    /// `bytes` must be uniform. The caller's own copy is the caller's to erase; [`of`](Self::of)
    /// leaves none.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Bytes::new(bytes))
    }

    /// The same of bytes that are kept as a secret already.
    #[must_use]
    pub const fn of(bytes: Bytes<32>) -> Self {
        Self(bytes)
    }

    /// The answer for the bucket `hash` with `entries` in order of arrival, at most 64; with none,
    /// *no such bucket*. The work is the same for any number.
    ///
    /// # Spec
    ///
    /// `spec/11-buckets.md` section 3.1.
    #[must_use]
    pub fn answer(&self, hash: &Hash, entries: &[Entry]) -> Answer {
        let info = [Label::BucketFiller.bytes(), hash.as_bytes()];
        let block: Bytes<BLOCK> = hkdf_sha512(self.0.expose(), &[], &info);
        let (key, rest) = block
            .expose()
            .split_first_chunk()
            .unwrap_or((&[0; 32], &[]));
        let (numbers, _) = rest.as_chunks();
        let mut bytes = Vec::with_capacity(Answer::LEN);
        bytes.push(if entries.is_empty() { MISS } else { FOUND });
        bytes.resize(Answer::LEN, 0);
        if let Some((_, slots)) = bytes.split_first_mut() {
            let _ = seal_in_place(&Bytes::new(*key), &[0; NONCE_LEN], slots, &[]);
            let (slots, _) = slots.as_chunks_mut::<{ Entry::LEN }>();
            for (place, entry) in order(numbers).zip(entries) {
                if let Some(slot) = slots.get_mut(place) {
                    *slot = *entry.as_bytes();
                }
            }
        }
        Answer(bytes.into())
    }
}

/// The slot of the first entry, of the second, ..: a shuffle of all 64 by 63 numbers.
fn order(numbers: &[[u8; 8]]) -> impl Iterator<Item = usize> + use<> {
    let mut order: [usize; Slots::COUNT] = core::array::from_fn(|slot| slot);
    for (i, number) in (1..Slots::COUNT).rev().zip(numbers) {
        // i + 1 is 2 to 64, so the remainder is a slot
        let below = u64::try_from(i).unwrap_or(0).saturating_add(1);
        let j = u64::from_be_bytes(*number).checked_rem(below);
        order.swap(i, j.and_then(|j| usize::try_from(j).ok()).unwrap_or(i));
    }
    order.into_iter()
}

impl Answer {
    /// Bytes of an answer.
    pub const LEN: usize = 1 + Slots::LEN;

    /// All bytes, as they travel.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as they travel, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }

    /// Whether there is such a bucket.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.0.first() == Some(&FOUND)
    }

    /// Takes apart what a server answered: `Some(None)` if it says that there is no such bucket,
    /// `None` if the bytes are no answer.
    pub(in crate::bucket) fn decode(bytes: &[u8]) -> Option<Option<Slots>> {
        let (&outcome, slots) = bytes.split_first()?;
        let slots = Slots::from_bytes(slots)?;
        match outcome {
            FOUND => Some(Some(slots)),
            MISS => Some(None),
            _ => None,
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}

const FOUND: u8 = 1;
const MISS: u8 = 2;
/// A key, and 63 numbers of 8 bytes.
const BLOCK: usize = 32 + 63 * 8;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::bucket::Id;

    fn entries(count: u8) -> Vec<Entry> {
        let entries = (0..count).map(|n| Entry::from_bytes(&vec![n; 256]));
        entries.map(Option::unwrap).collect()
    }

    fn fetch(number: u32, fill: u8) -> Slots {
        let answer = Secret::new([5; 32]).answer(&Id::new(7, number).hash(), &entries(fill));
        Slots::from_bytes(&answer.as_bytes()[1..]).unwrap()
    }

    #[test]
    fn all_answers_have_one_length() {
        for fill in [0, 1, 63, 64] {
            let answer = Secret::new([5; 32]).answer(&Id::new(7, 0).hash(), &entries(fill));
            assert_eq!(answer.as_bytes().len(), 16_385);
            assert_eq!(answer.is_found(), fill > 0);
            assert_eq!(
                Answer::decode(answer.as_bytes()).unwrap().is_some(),
                fill > 0
            );
        }
    }

    #[test]
    fn bytes_that_are_no_answer_are_refused() {
        let mut bytes = vec![1; Answer::LEN];
        assert!(Answer::decode(&bytes).is_some());
        bytes[0] = 3;
        for bad in [&bytes[..], &bytes[1..], &[1; Answer::LEN + 1], &[]] {
            assert_eq!(Answer::decode(bad), None);
        }
    }

    #[test]
    fn every_entry_has_a_slot_of_its_own_and_keeps_it() {
        let mut before = fetch(0, 0);
        for fill in 1..=64 {
            let now = fetch(0, fill);
            assert_eq!(now.changed(&before).count_ones(), 1, "entry {fill}");
            before = now;
        }
        for (slot, entry) in before
            .as_bytes()
            .chunks(256)
            .zip(fetch(1, 64).as_bytes().chunks(256))
        {
            assert!(
                slot.iter().all(|&byte| byte == slot[0]),
                "no filler is left"
            );
            assert!(entry.iter().all(|&byte| byte == entry[0]));
        }
        assert_ne!(before, fetch(1, 64), "each bucket has an order of its own");
    }

    #[test]
    fn nobody_learns_the_fill_level_from_two_fetches() {
        // The same number of entries came between them; what was there before does not show, in
        // how many slots changed, nor in which: over many buckets each changes about as often.
        let mut often = [[0_u32; 64]; 2];
        for number in 0..640 {
            for (fill, often) in [1, 50].into_iter().zip(&mut often) {
                let changed = fetch(number, fill + 4).changed(&fetch(number, fill));
                assert_eq!(changed.count_ones(), 4);
                for (slot, often) in often.iter_mut().enumerate() {
                    *often += u32::from(changed >> slot & 1 == 1);
                }
            }
        }
        // 640 buckets, 4 of 64 slots each: 40 times on average, with a deviation of about 6.
        for often in often.as_flattened() {
            assert!((10..=75).contains(often), "{often} times");
        }
    }

    #[test]
    fn filler_is_as_uniform_as_entries_are() {
        // Every value of a byte comes 64 times in 16,384 uniform ones, with a deviation of 8.
        let mut often = [0_u32; 256];
        for &byte in fetch(3, 0).as_bytes() {
            often[usize::from(byte)] += 1;
        }
        assert!(
            often.iter().all(|often| (20..=110).contains(often)),
            "{often:?}"
        );
    }
}
