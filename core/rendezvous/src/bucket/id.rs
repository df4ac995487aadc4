use core::fmt;

use kernel::{Label, Time};
use primitives::sha256;

use crate::id::bytes32;

/// The id of a bucket: when it was opened, and which of that second it is. Public.
///
/// # Spec
///
/// `spec/11-buckets.md` section 2.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Id {
    seconds: u64,
    number: u32,
}

impl Id {
    /// Bytes of an id.
    pub const LEN: usize = 12;

    /// The bucket `number`, from 0, of those opened in the Unix second `seconds`.
    #[must_use]
    pub const fn new(seconds: u64, number: u32) -> Self {
        Self { seconds, number }
    }

    /// Exactly 12 bytes, from anyone; otherwise `None`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (seconds, number) = bytes.split_first_chunk()?;
        Some(Self {
            seconds: u64::from_be_bytes(*seconds),
            number: u32::from_be_bytes(number.try_into().ok()?),
        })
    }

    /// The 12 bytes as they travel.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let both = (u128::from(self.seconds) << 32) | u128::from(self.number);
        let [_, _, _, _, id @ ..] = both.to_be_bytes();
        id
    }

    /// When it was opened, in Unix seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.seconds
    }

    /// When it was opened, on a clock whose origin is 1970.
    #[must_use]
    pub const fn opened(self) -> Time {
        Time::from_ms(self.seconds.saturating_mul(1000))
    }

    /// Which bucket of its second, from 0.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    /// The name by which the bucket is fetched.
    #[must_use]
    pub fn hash(self) -> Hash {
        Hash(sha256(&[Label::BucketHash.bytes(), &self.to_bytes()]))
    }
}

bytes32! {
    /// The hash of a bucket's id: the only name by which it is fetched. Public.
    ///
    /// # Spec
    ///
    /// `spec/11-buckets.md` section 2.
    Hash
}
