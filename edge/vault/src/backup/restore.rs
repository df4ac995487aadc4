use std::path::Path;

use kernel::Kind;

use super::open;
use crate::{
    build::{Builder, Setup, SetupError},
    dir::{Directory, LockError},
    error::StoreError,
    key::Key,
    unlock::{UnlockError, unlock},
    vault::{OpenError, Unlock, Vault},
};

impl Vault {
    /// Makes a store in the profile directory `to` out of the backup at `from`, which opens with `key`, and
    /// opens it. The new store opens with the keys of `setup`, and has a data key of its own.
    ///
    /// The backup is read to its end and the new store verified before it gets its place; until then the
    /// profile is empty.
    ///
    /// # Errors
    ///
    /// See [`RestoreError`]. The profile is then as it was.
    ///
    /// # Spec
    ///
    /// `spec/16-vault.md` 6.
    pub fn restore(
        from: &Path,
        key: &Key<'_>,
        to: &Path,
        setup: &Setup<'_>,
    ) -> Result<Self, RestoreError> {
        let backup = open(from)?;
        let backup_key = unlock(&backup.header, key)?.1;
        let dir = Directory::make(to)?;
        if !dir.is_empty() {
            return Err(RestoreError::Exists);
        }
        let (header, data_key) = setup.header()?;
        Builder::build(&dir, &header, &data_key, |builder| {
            let mut items = backup.with_key(&backup_key)?;
            Ok(items.finish(|plain| builder.add(&plain))?.revision)
        })?;
        Ok(Self::open_locked(dir, Unlock::Known(data_key), 0)?)
    }
}

/// Why nothing was restored. The profile is as it was.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The profile has a store already.
    #[error("there is a store already: restore into another profile")]
    Exists,
    /// The key does not open the backup.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// The keys of the new store do not do.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The directory cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What was made could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup is damaged, or the disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RestoreError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Exists => Kind::BadInput,
            Self::Unlock(error) => error.kind(),
            Self::Setup(error) => error.kind(),
            Self::Lock(error) => error.kind(),
            Self::Open(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}
