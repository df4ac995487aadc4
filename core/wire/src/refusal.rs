use alloc::borrow::{Cow, ToOwned};
use core::time::Duration;

use kernel::Kind;

use crate::DecodeError;
use crate::v1;

/// What a server refuses for. Spec `40-server` section 1.4.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Code {
    /// The bytes are no request, or a bound is passed.
    Malformed = 1,
    /// The server does not know or does not offer the operation.
    Unsupported = 2,
    /// The operation needs a proof.
    Unproven = 3,
    /// The proof is not accepted.
    Refused = 4,
    /// No such thing, or no longer, or not the account's.
    NotFound = 5,
    /// Something else is there already, or the chain has moved on.
    Conflict = 6,
    /// The pin is not one, or used, expired, or tried too often.
    Pin = 7,
    /// A signed object does not verify.
    Invalid = 8,
    /// Too many requests of a source or account.
    Rate = 10,
    /// A share of an account or of the server is full.
    Quota = 11,
    /// Longer than a bound.
    TooLarge = 12,
    /// Too many requests in hand.
    Busy = 20,
    /// The client's time is over; it may have happened.
    Deadline = 21,
    /// The server is stopping.
    Draining = 22,
    /// The store did not say; it may have happened.
    Unknown = 23,
    /// The store refused; it did not happen.
    Store = 24,
    /// An invariant of the server is broken.
    Bug = 30,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 17] = [
        Self::Malformed,
        Self::Unsupported,
        Self::Unproven,
        Self::Refused,
        Self::NotFound,
        Self::Conflict,
        Self::Pin,
        Self::Invalid,
        Self::Rate,
        Self::Quota,
        Self::TooLarge,
        Self::Busy,
        Self::Deadline,
        Self::Draining,
        Self::Unknown,
        Self::Store,
        Self::Bug,
    ];

    /// What the client can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Malformed
            | Self::Unsupported
            | Self::Unproven
            | Self::Refused
            | Self::NotFound
            | Self::Conflict
            | Self::Pin
            | Self::Invalid => Kind::BadInput,
            Self::Rate | Self::Quota | Self::TooLarge => Kind::Exhausted,
            Self::Busy | Self::Deadline | Self::Draining | Self::Unknown | Self::Store => {
                Kind::Unavailable
            }
            Self::Bug => Kind::Bug,
        }
    }

    /// Its name in metrics and `--json` output: lower case with underscores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::Unproven => "unproven",
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Pin => "pin",
            Self::Invalid => "invalid",
            Self::Rate => "rate",
            Self::Quota => "quota",
            Self::TooLarge => "too_large",
            Self::Busy => "busy",
            Self::Deadline => "deadline",
            Self::Draining => "draining",
            Self::Unknown => "unknown",
            Self::Store => "store",
            Self::Bug => "bug",
        }
    }
}

/// Why a server does not do what it was asked for.
#[expect(clippy::exhaustive_structs, reason = "the fields of the message")]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// What for; `Err` is a kind alone, for a code that this program does not know.
    pub code: Result<Code, Kind>,
    /// For people: lower case, no period, at most 200 bytes.
    pub text: Cow<'static, str>,
    /// When to try again; zero: no use, or at once.
    pub retry_after: Duration,
}

impl Refusal {
    /// A refusal with no time to try again.
    #[must_use]
    pub const fn new(code: Code, text: &'static str) -> Self {
        Self {
            code: Ok(code),
            text: Cow::Borrowed(text),
            retry_after: Duration::ZERO,
        }
    }

    /// The same with a time to try again.
    #[must_use]
    pub const fn after(code: Code, text: &'static str, retry_after: Duration) -> Self {
        Self {
            code: Ok(code),
            text: Cow::Borrowed(text),
            retry_after,
        }
    }

    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.code {
            Ok(code) => code.kind(),
            Err(kind) => kind,
        }
    }

    /// Whether it is certain that nothing happened.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(
            self.code,
            Ok(Code::Deadline | Code::Unknown | Code::Bug) | Err(_)
        )
    }

    /// As a message.
    #[must_use]
    pub fn to_message(&self) -> v1::Error {
        let code = self.code.map_or(0, |code| code as u8);
        v1::Error {
            kind: number(self.kind()),
            code: code.into(),
            text: self.text.as_ref().to_owned(),
            retry_after_ms: u32::try_from(self.retry_after.as_millis()).unwrap_or(u32::MAX),
        }
    }

    /// From a message of a server; control characters in its text are dropped, since it is shown.
    #[must_use]
    pub fn from_message(message: &v1::Error) -> Self {
        let known = Code::ALL.into_iter();
        let known = known
            .into_iter()
            .find(|code| u32::from(*code as u8) == message.code);
        let text = message.text.chars().filter(|c| !c.is_control()).collect();
        Self {
            code: known.ok_or_else(|| kind(message.kind)),
            text: Cow::Owned(text),
            retry_after: Duration::from_millis(message.retry_after_ms.into()),
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooLong { .. } => Self::new(Code::TooLarge, "too long"),
            DecodeError::Malformed(_) => Self::new(Code::Malformed, "malformed"),
        }
    }
}

const fn number(kind: Kind) -> u32 {
    match kind {
        Kind::BadInput => 1,
        Kind::Unavailable => 2,
        Kind::PeerMisbehaved => 3,
        Kind::Exhausted => 4,
        Kind::Bug => 5,
    }
}

/// The kind of a number; a number we do not know is a server that misbehaves.
const fn kind(number: u32) -> Kind {
    match number {
        1 => Kind::BadInput,
        2 => Kind::Unavailable,
        4 => Kind::Exhausted,
        5 => Kind::Bug,
        _ => Kind::PeerMisbehaved,
    }
}
