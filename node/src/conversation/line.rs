use kernel::Time;
use wire::v1::KeptLine;

use crate::keep::KeepError;
use crate::records::Kept;

/// Something that was said.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// Its place in the conversation, from 1.
    pub number: u64,
    /// By whom.
    pub side: Side,
    /// How far it is.
    pub standing: Standing,
    /// When it was written, as whoever wrote it says.
    pub written: Time,
    /// When this device came to know it.
    pub known: Time,
    /// What was written: text, if their program keeps to the rules; at most 61,440 bytes.
    pub text: Vec<u8>,
}

/// Who said something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "two people talk")]
pub enum Side {
    /// The owner of the profile.
    Own,
    /// The other.
    Theirs,
}

/// How far a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "each must be shown as what it is")]
pub enum Standing {
    /// It waits for a connection, or for the other side to keep it.
    Waiting,
    /// A connection took it, and nothing will tell whether it came.
    Sent,
    /// Whoever it was for keeps it.
    Delivered,
}

impl Line {
    pub(super) fn read(number: u64, kept: &KeptLine) -> Result<Self, KeepError> {
        let broken = || KeepError::Record {
            title: KeptLine::TITLE,
        };
        Ok(Self {
            number,
            side: match kept.side {
                1 => Side::Own,
                2 => Side::Theirs,
                _ => return Err(broken()),
            },
            standing: match kept.standing {
                WAITING => Standing::Waiting,
                SENT => Standing::Sent,
                DELIVERED => Standing::Delivered,
                _ => return Err(broken()),
            },
            written: Time::from_ms(kept.written_ms),
            known: Time::from_ms(kept.known_ms),
            text: kept.text.clone(),
        })
    }
}

pub(super) const OWN: u32 = 1;
pub(super) const THEIRS: u32 = 2;
pub(super) const WAITING: u32 = 1;
pub(super) const SENT: u32 = 2;
pub(super) const DELIVERED: u32 = 3;
