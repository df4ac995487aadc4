use std::path::Path;
use std::sync::Arc;

use identity::{Card, ContactToken, Fingerprint, Name, UserId};
use kernel::Kind;
use tokio::sync::{Mutex, RwLock, RwLockReadGuard};
use tokio::task::spawn_blocking;
use vault::{Batch, Vault};
use wire::v1::KeptProfile;

use crate::call::Leases;
use crate::conversation::Beside;
use crate::keep::{Keep, KeepError};
use crate::network::Network;
use crate::now::now;
use crate::profile::Profile;
use crate::records::{Kept, put, read};
use crate::unlock::Unlock;

/// An open profile: who its owner is, whom they know, what is under way.
///
/// One process has a profile at a time. Dropping a node closes it; [`close`](Self::close) says when
/// that fails.
#[derive(Debug)]
pub struct Node {
    pub(crate) keep: Keep,
    profile: RwLock<Profile>,
    pub(crate) network: Network,
    /// Which talk hands over files of whom.
    pub(crate) leases: Leases,
    pub(crate) beside: Beside,
    /// Who changes what others read and change waits here.
    pub(crate) turn: Arc<Mutex<()>>,
    /// The same for invitations, which are changed around requests. Taken before `turn`.
    pub(crate) invitations_turn: Mutex<()>,
}

impl Node {
    /// Opens the profile in the directory `path` with any of its keys.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]; nothing changed then.
    pub async fn open(path: &Path, key: Unlock, network: Network) -> Result<Self, OpenError> {
        let path = path.to_owned();
        let opened = spawn_blocking(move || Vault::open(&path, &key.as_key())).await;
        let vault = opened.map_err(|_| KeepError::Bug("an opening ends"))??;
        Self::of(vault, network).await
    }

    /// The profile in an open vault.
    pub(crate) async fn of(vault: Vault, network: Network) -> Result<Self, OpenError> {
        let keep = Keep::new(vault);
        let record = keep.get(KeptProfile::KIND, Profile::RECORD).await?;
        let record = record.ok_or(OpenError::NoProfile)?;
        let profile = Profile::read(read(&record)?)?;
        Ok(Self::new(keep, profile, network))
    }

    pub(crate) fn new(keep: Keep, profile: Profile, network: Network) -> Self {
        Self {
            keep,
            profile: RwLock::new(profile),
            network,
            leases: Leases::default(),
            beside: Beside::default(),
            turn: Arc::default(),
            invitations_turn: Mutex::new(()),
        }
    }

    /// Closes the profile and lets go of its lock.
    ///
    /// # Errors
    ///
    /// [`KeepError`]: the disk refused. What was acknowledged is kept all the same.
    pub async fn close(self) -> Result<(), KeepError> {
        self.keep.close().await
    }

    /// What the owner is called on cards.
    pub async fn name(&self) -> Name {
        self.profile().await.name.clone()
    }

    /// The name of the account.
    pub async fn user_id(&self) -> UserId {
        self.profile().await.user_id()
    }

    /// What others compare with what they have.
    pub async fn fingerprint(&self) -> Fingerprint {
        self.profile().await.fingerprint()
    }

    /// The server that the account's chain names as its home, and whether it has said that it keeps the
    /// account.
    pub async fn home(&self) -> Option<(rendezvous::bucket::Host, bool)> {
        let profile = self.profile().await;
        let home = profile.home.as_ref()?;
        Some((home.host.clone(), home.is_registered))
    }

    /// A card for anyone: without a contact token.
    ///
    /// # Errors
    ///
    /// [`KeepError::Bug`].
    pub async fn card(&self) -> Result<Card, KeepError> {
        self.profile().await.card(ContactToken::NONE, now())
    }

    /// Puts another name on future cards.
    ///
    /// # Errors
    ///
    /// [`KeepError`]; nothing changed then.
    pub async fn call_me(&self, name: Name) -> Result<(), KeepError> {
        self.update(|profile| profile.name = name).await
    }

    pub(crate) async fn profile(&self) -> RwLockReadGuard<'_, Profile> {
        self.profile.read().await
    }

    /// Changes the profile, once the change is durable.
    pub(crate) async fn update(&self, change: impl FnOnce(&mut Profile)) -> Result<(), KeepError> {
        let mut profile = self.profile.write().await;
        let mut changed = Profile::read(profile.write())?;
        change(&mut changed);
        let mut batch = Batch::new();
        put(&mut batch, Profile::RECORD, &changed.write());
        self.keep.commit(batch).await?;
        *profile = changed;
        Ok(())
    }
}

/// Why a profile does not open. Nothing changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The vault does not open.
    #[error(transparent)]
    Vault(#[from] vault::OpenError),
    /// There is a vault, but nobody's.
    #[error("the store is there, but holds no profile")]
    NoProfile,
    /// The profile cannot be read.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl OpenError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Vault(error) => error.kind(),
            Self::NoProfile => Kind::BadInput,
            Self::Keep(error) => error.kind(),
        }
    }
}
