use std::path::{Path, PathBuf};

use kernel::Kind;
use tokio::task::spawn_blocking;
use vault::{BackupKey, Summary, Vault};

use crate::keep::KeepError;
use crate::network::Network;
use crate::node::{Node, OpenError};
use crate::unlock::Unlock;

impl Node {
    /// Writes the whole profile into one sealed file at `path`, which must not be there yet; it opens with
    /// whatever opens the profile now.
    ///
    /// # Errors
    ///
    /// See [`BackupError`]. There is then no file at `path`.
    ///
    /// # Spec
    ///
    /// `spec/16-vault.md` 6.
    pub async fn backup(&self, path: &Path) -> Result<Summary, BackupError> {
        let path = path.to_owned();
        let made = self
            .keep
            .with(move |vault| vault.backup(&path, &BackupKey::Same));
        Ok(made.await??)
    }

    /// Makes a profile in the directory `to` out of the backup at `from`, which opens with `key`, and so does
    /// the profile. It is opened.
    ///
    /// # Errors
    ///
    /// See [`RestoreError`]. There is then no profile at `to`, unless there was one.
    ///
    /// # Spec
    ///
    /// `spec/16-vault.md` 6.
    pub async fn restore(
        from: &Path,
        to: &Path,
        key: Unlock,
        network: Network,
    ) -> Result<Self, RestoreError> {
        let (from, place): (PathBuf, PathBuf) = (from.to_owned(), to.to_owned());
        let restored = spawn_blocking(move || {
            let keys = [key.as_key()];
            Vault::restore(&from, &key.as_key(), &place, &vault::Setup::new(&keys))
        });
        let restored = restored.await;
        let vault = restored.map_err(|_| KeepError::Bug("a restoring ends"))??;
        Ok(Self::of(vault, network).await?)
    }
}

/// Why there is no backup.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// It could not be written.
    #[error(transparent)]
    Vault(#[from] vault::BackupError),
    /// The profile did not answer.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl BackupError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Vault(error) => error.kind(),
            Self::Keep(error) => error.kind(),
        }
    }
}

/// Why nothing was restored.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The backup could not be read, or no store be made of it.
    #[error(transparent)]
    Vault(#[from] vault::RestoreError),
    /// What was restored is no profile.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store did not answer.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl RestoreError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Vault(error) => error.kind(),
            Self::Open(error) => error.kind(),
            Self::Keep(error) => error.kind(),
        }
    }
}
