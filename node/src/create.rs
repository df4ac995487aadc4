use std::path::Path;

use identity::{DeviceChain, DeviceKey, IdentityChain, IdentityKey, Name, RecoveryKey};
use kernel::Kind;
use primitives::{Secret, Zeroizing};
use tokio::task::spawn_blocking;
use vault::{Argon2Cost, Batch, Vault};
use wire::v1::KeptProfile;

use crate::keep::{Keep, KeepError};
use crate::network::Network;
use crate::node::Node;
use crate::now::{now, secret};
use crate::profile::Profile;
use crate::records::put;
use crate::unlock::Unlock;

/// What a new profile is made with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup {
    /// What the owner is called on cards.
    pub name: Name,
    /// Of what the identity key is made.
    pub identity: Identity,
    /// What a guess at the passphrase costs.
    pub cost: Argon2Cost,
}

/// Of what an identity key is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Identity {
    /// Ed25519: cards are short, and fit everywhere.
    Classic,
    /// Ed25519 and ML-DSA-65, which both must verify: nobody forges it with a quantum computer. Cards have
    /// more than 5,000 bytes, too many for a meeting or a QR code.
    Hybrid,
}

impl Setup {
    /// The profile of somebody of this name, with the defaults of the spec.
    #[must_use]
    pub const fn new(name: Name) -> Self {
        Self {
            name,
            identity: Identity::Classic,
            cost: vault::DEFAULT_COST,
        }
    }
}

impl Node {
    /// Makes a profile in the directory `path`, which is created if need be, and opens it: an account with a
    /// recovery key, an identity key and this device. Nothing is sent to anyone.
    ///
    /// Returned are also the 24 words of the recovery key, which are kept nowhere: the owner writes them
    /// down, or they are lost. A crash on the way leaves no profile, or one without an owner that
    /// [`open`](Self::open) refuses by name.
    ///
    /// # Errors
    ///
    /// See [`CreateError`].
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 2 to 4.
    pub async fn create(
        path: &Path,
        keys: Vec<Unlock>,
        setup: Setup,
        network: Network,
    ) -> Result<(Self, Zeroizing<String>), CreateError> {
        let paper = RecoveryKey::from_secret(secret().map_err(KeepError::from)?);
        let kept = found(&setup, &paper)?;
        let profile = Profile::read(kept)?;
        let cost = setup.cost;
        let path = path.to_owned();
        let created = spawn_blocking(move || {
            let keys: Vec<_> = keys.iter().map(Unlock::as_key).collect();
            Vault::create(&path, &vault::Setup::new(&keys).with_cost(cost))
        });
        let vault = created
            .await
            .map_err(|_| KeepError::Bug("a creation ends"))??;
        let keep = Keep::new(vault);
        let mut batch = Batch::new();
        put(&mut batch, Profile::RECORD, &profile.write());
        keep.commit(batch).await?;
        Ok((Self::new(keep, profile, network), paper.to_words()))
    }
}

/// A new account with one device.
fn found(setup: &Setup, paper: &RecoveryKey) -> Result<KeptProfile, KeepError> {
    let now = now();
    let seed: Secret<32> = secret()?;
    let ml_dsa: Option<Secret<32>> = match setup.identity {
        Identity::Classic => None,
        Identity::Hybrid => Some(secret()?),
    };
    let device_seed: Secret<32> = secret()?;
    let key = IdentityKey::from_seeds(&seed, ml_dsa.as_ref());
    let device = DeviceKey::from_seed(&device_seed);
    let identity = IdentityChain::found(&key, Some(paper), None, now);
    let mut devices = DeviceChain::new(identity.user_id());
    let bug = KeepError::Bug("a new account takes its first device");
    let add = devices.propose_add(&identity, device.public(), APP, b"", now);
    let add = add.map_err(|_| bug.clone())?.sign(&key).accept(&device);
    devices.append(add, &identity).map_err(|_| bug)?;
    Ok(KeptProfile {
        identity_seed: seed.expose().to_vec(),
        ml_dsa_seed: ml_dsa.map_or_else(Vec::new, |seed| seed.expose().to_vec()),
        device_seed: device_seed.expose().to_vec(),
        name: setup.name.to_string(),
        identity: identity.to_bytes(),
        devices: devices.to_bytes(),
        home: None,
    })
}

/// Why no profile was made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The vault could not be made.
    #[error(transparent)]
    Vault(#[from] vault::CreateError),
    /// The owner could not be put into it.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl CreateError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Vault(error) => error.kind(),
            Self::Keep(error) => error.kind(),
        }
    }
}

const APP: &str = "entrenous";
