use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use kernel::Kind;
use primitives::{Choice, ConditionallySelectable};

use super::{Entry, EntryKey, Link, LinkError};

/// A bucket as everyone sees it: 64 slots that all look alike.
///
/// # Spec
///
/// `spec/11-buckets.md` section 2.
#[derive(Clone, Eq, PartialEq)]
pub struct Slots(Box<[[u8; Entry::LEN]; Self::COUNT]>);

impl Slots {
    /// Slots of a bucket, and so the most entries of one.
    pub const COUNT: usize = 64;

    /// Bytes of a bucket.
    pub const LEN: usize = Self::COUNT * Entry::LEN;

    /// Exactly 16,384 bytes, from anyone; otherwise `None`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (slots, rest) = bytes.as_chunks();
        let slots: Vec<_> = rest.is_empty().then(|| slots.to_vec())?;
        slots.into_boxed_slice().try_into().ok().map(Self)
    }

    /// All bytes, slot 0 first.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_flattened()
    }

    /// The link that `key` opens; of several the one in the lowest slot.
    ///
    /// Constant time over the slots: which one opens, or whether any does, changes no branch and no
    /// address until the end. 64 tags are computed, then one slot is decrypted.
    ///
    /// # Errors
    ///
    /// See [`FindError`].
    ///
    /// # Spec
    ///
    /// `spec/11-buckets.md` section 4.2.
    pub fn find(&self, key: &EntryKey) -> Result<Link, FindError> {
        let mut found = Choice::from(0);
        let mut chosen = [0; WORDS];
        for slot in self.0.iter() {
            let opens = key.opens(slot);
            let (words, _) = slot.as_chunks();
            for (to, word) in chosen.iter_mut().zip(words) {
                to.conditional_assign(&u64::from_ne_bytes(*word), opens & !found);
            }
            found |= opens;
        }
        let chosen = chosen.map(u64::to_ne_bytes);
        let opened = match chosen.as_flattened().try_into() {
            Ok(slot) => key.open(slot),
            Err(_) => None,
        };
        Ok(opened.ok_or(FindError::NoInvitation)??)
    }

    /// The slots whose bytes are those of `entry`: bit *i* for slot *i*.
    pub(super) fn of(&self, entry: &Entry) -> u64 {
        mask(self.0.iter().map(|slot| slot == entry.as_bytes()))
    }

    /// The slots that differ from `before`: bit *i* for slot *i*.
    pub(super) fn changed(&self, before: &Self) -> u64 {
        mask(
            self.0
                .iter()
                .zip(before.0.iter())
                .map(|(now, then)| now != then),
        )
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slots")
    }
}

fn mask(slots: impl Iterator<Item = bool>) -> u64 {
    let bits = slots.zip(0_u32..64);
    bits.fold(0, |mask, (is_set, bit)| mask | u64::from(is_set) << bit)
}

/// Why a bucket gave no link.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// No slot opens.
    #[error("no invitation for these words in this bucket (mistyped, expired or not yet left)")]
    NoInvitation,
    /// One opens, but holds no link.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl FindError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoInvitation => Kind::BadInput,
            Self::Link(error) => error.kind(),
        }
    }

    /// The name of the failure in the spec.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoInvitation => "no_invitation",
            Self::Link(LinkError::Version { .. }) => "link_version",
            Self::Link(_) => "link_malformed",
        }
    }
}

const WORDS: usize = Entry::LEN / 8;
