use std::path::PathBuf;

use kernel::Kind;

use crate::{dir::LockError, error::StoreError, unlock::UnlockError};

/// Why a store was not opened. Its files are then as they were.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is none.
    #[error("no store in {}", path.display())]
    NoStore {
        /// The directory that was looked into.
        path: PathBuf,
    },
    /// The directory is in use, or its modes are wrong.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Another program holds the database itself: an inspector, a copy tool.
    #[error("another program has store.db open: close it first")]
    Busy,
    /// The key does not open it.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// It is older than what the caller knows of.
    #[error(
        "the store ends at revision {revision}, but had come to {least}: an old copy was put back"
    )]
    Older {
        /// The store's revision.
        revision: u64,
        /// The revision it must have.
        least: u64,
    },
    /// It is damaged or of a later program, or the disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoStore { .. } | Self::Older { .. } => Kind::BadInput,
            Self::Busy => Kind::Unavailable,
            Self::Lock(error) => error.kind(),
            Self::Unlock(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}
