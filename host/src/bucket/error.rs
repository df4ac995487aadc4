use std::time::Duration;

use journal::Fault;
use kernel::Kind;

/// Why an entry was not left.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaveError {
    /// A limit is reached: of this source, of the server, or of this second.
    #[error("too many entries now")]
    Busy {
        /// When to try again.
        retry: Duration,
    },
    /// The store could not. After [`Fault::Unknown`] the entry may be there; leaving it again is
    /// harmless.
    #[error(transparent)]
    Store(#[from] Fault),
    /// The store holds something that we never wrote.
    #[error("the record of the newest bucket is not one of ours")]
    Foreign,
}

impl LeaveError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Busy { .. } => Kind::Exhausted,
            Self::Store(fault) => fault.kind(),
            Self::Foreign => Kind::Bug,
        }
    }
}

/// Why a bucket was not looked for. That there is none is no error, but an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The store could not.
    #[error(transparent)]
    Store(#[from] Fault),
}

impl FetchError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Store(fault) => fault.kind(),
        }
    }
}

/// Why the buckets of a store cannot be served.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The store could not.
    #[error(transparent)]
    Store(#[from] Fault),
    /// The store holds something that we never wrote.
    #[error("the store has a record of buckets that is not one of ours")]
    Foreign,
}

impl OpenError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Store(fault) => fault.kind(),
            Self::Foreign => Kind::Bug,
        }
    }
}
