use std::sync::{Arc, Mutex, PoisonError};

use kernel::Kind;
use tokio::task::spawn_blocking;
use vault::{Batch, CommitError, ReadError, Record, RecordKind, Vault};

use crate::now::NoRandomness;

/// The vault of an open profile, for calls from async code: each runs on a thread that may wait.
#[derive(Clone, Debug)]
pub(crate) struct Keep(Arc<Mutex<Option<Vault>>>);

impl Keep {
    pub(crate) fn new(vault: Vault) -> Self {
        Self(Arc::new(Mutex::new(Some(vault))))
    }

    /// Makes all changes of `batch` or none; they are durable when this returns.
    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), KeepError> {
        self.with(move |vault| vault.commit(&batch)).await??;
        Ok(())
    }

    pub(crate) async fn get(
        &self,
        kind: RecordKind,
        name: &[u8],
    ) -> Result<Option<Record>, KeepError> {
        let name = name.to_vec();
        Ok(self.with(move |vault| vault.get(kind, &name)).await??)
    }

    pub(crate) async fn list(&self, kind: RecordKind) -> Result<Vec<Record>, KeepError> {
        Ok(self.with(move |vault| vault.list(kind)).await??)
    }

    pub(crate) async fn with<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Vault) -> R + Send + 'static,
    ) -> Result<R, KeepError> {
        let vault = Arc::clone(&self.0);
        let done = spawn_blocking(move || {
            let mut vault = vault.lock().unwrap_or_else(PoisonError::into_inner);
            vault.as_mut().map(act)
        });
        let done = done
            .await
            .map_err(|_| KeepError::Bug("a call of the vault ends"))?;
        done.ok_or(KeepError::Bug("nobody uses a profile that was closed"))
    }

    /// Closes the vault, after what is under way.
    pub(crate) async fn close(&self) -> Result<(), KeepError> {
        let vault = Arc::clone(&self.0);
        let done = spawn_blocking(move || {
            let mut vault = vault.lock().unwrap_or_else(PoisonError::into_inner);
            vault.take().map_or(Ok(()), Vault::close)
        });
        let done = done.await.map_err(|_| KeepError::Bug("a closing ends"))?;
        done.map_err(|error| KeepError::Commit(error.into()))
    }
}

/// Why something could not be kept or read. What was kept before is as it was.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// The vault took no change.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The vault gave no record.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record is not what this program writes.
    #[error("a {title} in the profile is not what this program writes")]
    Record {
        /// The kind of record.
        title: &'static str,
    },
    /// No random bytes.
    #[error("this system gives no random bytes")]
    NoRandomness,
    /// An invariant of ours is broken.
    #[error("a fault of this program: not so that {0}")]
    Bug(&'static str),
}

impl KeepError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Commit(error) => error.kind(),
            Self::Read(error) => error.kind(),
            Self::Record { .. } => Kind::BadInput,
            Self::NoRandomness => Kind::Unavailable,
            Self::Bug(_) => Kind::Bug,
        }
    }
}

impl From<NoRandomness> for KeepError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}
