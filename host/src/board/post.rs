use std::time::Duration;

use bytes::Bytes;
use journal::Fault;
use kernel::Kind;
use rendezvous::board::{Board, Phase};

use super::limits::Full;

/// Where a post came from, for quotas: a keyed hash of an address prefix, never the address.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Source(pub(crate) u64);

impl Source {
    /// Whoever posted at another process, or before this one began: it is not stored who.
    pub(crate) const ELSEWHERE: Self = Self(u64::MAX);

    /// The source with this number; the last number stands for everyone who is not known.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

/// Records someone wants on a board; all chosen by a peer.
#[expect(clippy::exhaustive_structs, reason = "the arguments of one call")]
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// Where.
    pub board: &'a Board,
    /// What they are.
    pub phase: Phase,
    /// Zero or more records, back to back.
    pub body: &'a [u8],
    /// Who.
    pub source: Source,
}

/// What is to become of a post.
#[derive(Debug)]
pub(super) enum Admission {
    /// Nothing of it is new.
    Known,
    /// Some of it is being stored by somebody else; ask again when that is settled.
    UnderWay,
    /// It may be stored, and is counted already.
    Granted(Grant),
}

/// A post that may be stored.
#[derive(Debug)]
pub(super) struct Grant {
    /// The name by which it is released.
    pub(super) name: u64,
    /// How many records are new.
    pub(super) records: usize,
    /// What to append.
    pub(super) payload: Bytes,
    /// How long it lives.
    pub(super) lifetime: Duration,
}

/// Why a post was not taken. Nothing of it was stored, unless the fault says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// The body is not whole records.
    #[error("body is not a multiple of the record size")]
    Malformed,
    /// The body is longer than the store takes at once.
    #[error("body is too long")]
    TooLarge,
    /// A bound is reached.
    #[error(transparent)]
    Full(Full),
    /// The store could not. After [`Fault::Unknown`] the records may be there; posting them again is
    /// harmless.
    #[error(transparent)]
    Store(#[from] Fault),
}

impl PostError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Malformed | Self::TooLarge => Kind::BadInput,
            Self::Full(_) => Kind::Exhausted,
            Self::Store(fault) => fault.kind(),
        }
    }
}

/// Why a board could not be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store could not.
    #[error(transparent)]
    Store(#[from] Fault),
}

impl ReadError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Store(fault) => fault.kind(),
        }
    }
}
