use std::sync::Arc;

use identity::{
    Card, ContactToken, Contents, DeviceChain, DeviceKey, Fingerprint, Home, IdentityChain,
    IdentityKey, Name, UserId,
};
use kernel::Time;
use net::server::Prover;
use primitives::{Secret, VerifyingKey};
use rendezvous::bucket::Host;
use wire::v1::{KeptHome, KeptProfile};

use crate::keep::KeepError;
use crate::records::Kept;

/// The owner of a profile: keys, chains, home.
#[derive(Debug)]
pub(crate) struct Profile {
    kept: KeptProfile,
    pub(crate) name: Name,
    pub(crate) key: Arc<IdentityKey>,
    pub(crate) device: Arc<DeviceKey>,
    pub(crate) identity: IdentityChain,
    pub(crate) devices: DeviceChain,
    pub(crate) home: Option<AtHome>,
}

/// The server that keeps the account, or is asked to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct AtHome {
    pub(crate) host: Host,
    pub(crate) key: VerifyingKey,
    /// The chain that it is asked to keep, until it has said that it does.
    pub(crate) asked: Option<IdentityChain>,
    /// Whether it has said that it keeps the account.
    pub(crate) is_registered: bool,
    /// The last event that was heard.
    pub(crate) event: u64,
}

impl Profile {
    /// Under which name the record of the profile is kept.
    pub(crate) const RECORD: &'static [u8] = b"";

    pub(crate) fn read(kept: KeptProfile) -> Result<Self, KeepError> {
        let broken = || KeepError::Record {
            title: KeptProfile::TITLE,
        };
        let seed = |bytes: &[u8]| bytes.try_into().map(Secret::new).map_err(|_| broken());
        let ml_dsa = match kept.ml_dsa_seed.as_slice() {
            [] => None,
            bytes => Some(seed(bytes)?),
        };
        let key = Arc::new(IdentityKey::from_seeds(
            &seed(&kept.identity_seed)?,
            ml_dsa.as_ref(),
        ));
        let device = Arc::new(DeviceKey::from_seed(&seed(&kept.device_seed)?));
        let identity = IdentityChain::replay(&kept.identity).map_err(|_| broken())?;
        let devices = DeviceChain::replay(&kept.devices, &identity).map_err(|_| broken())?;
        let home = kept.home.as_ref().map(AtHome::read);
        Ok(Self {
            name: kept.name.parse().map_err(|_| broken())?,
            home: home.transpose()?,
            key,
            device,
            identity,
            devices,
            kept,
        })
    }

    /// The record as it is to be kept.
    pub(crate) fn write(&self) -> KeptProfile {
        let mut kept = self.kept.clone();
        self.name.as_str().clone_into(&mut kept.name);
        kept.identity = self.identity.to_bytes();
        kept.devices = self.devices.to_bytes();
        kept.home = self.home.as_ref().map(AtHome::write);
        kept
    }

    pub(crate) fn user_id(&self) -> UserId {
        self.identity.user_id()
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.key.public())
    }

    /// The server that the identity chain names.
    pub(crate) fn home(&self) -> Option<&Home> {
        self.identity.state().home.as_ref()
    }

    /// Who asks servers: the account, and its key on this device.
    pub(crate) fn asker(&self) -> Asker {
        Asker {
            account: self.user_id(),
            device: Arc::clone(&self.device),
        }
    }

    /// A card of the owner, with a token for whoever gets it.
    pub(crate) fn card(&self, token: ContactToken, now: Time) -> Result<Card, KeepError> {
        let mut contents = Contents::new(self.name.clone());
        contents.home = self.home().cloned();
        contents.token = token;
        let generation = self.identity.generation();
        let card = Card::issue(&self.key, self.user_id(), generation, contents, now);
        // Name and home have their bounds, so it fits.
        card.map_err(|_| KeepError::Bug("a card of a name and a home fits"))
    }
}

/// Who asks servers, apart from the profile: so that nobody waits for a network who wants to read it.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    account: UserId,
    device: Arc<DeviceKey>,
}

impl Asker {
    pub(crate) fn prover(&self) -> Prover<'_> {
        Prover::new(self.account, &self.device)
    }
}

impl AtHome {
    fn read(kept: &KeptHome) -> Result<Self, KeepError> {
        let broken = || KeepError::Record {
            title: KeptProfile::TITLE,
        };
        let key = kept.key.as_slice().try_into().map_err(|_| broken())?;
        let asked = match kept.asked.as_slice() {
            [] => None,
            bytes => Some(IdentityChain::replay(bytes).map_err(|_| broken())?),
        };
        Ok(Self {
            asked,
            host: kept.host.parse().map_err(|_| broken())?,
            key: VerifyingKey::from_bytes(key).map_err(|_| broken())?,
            is_registered: kept.state == REGISTERED,
            event: kept.event,
        })
    }

    fn write(&self) -> KeptHome {
        KeptHome {
            host: self.host.to_string(),
            key: self.key.to_bytes().to_vec(),
            state: match self.is_registered {
                true => REGISTERED,
                false => ASKED,
            },
            event: self.event,
            asked: self
                .asked
                .as_ref()
                .map_or_else(Vec::new, IdentityChain::to_bytes),
        }
    }
}

const ASKED: u32 = 1;
const REGISTERED: u32 = 2;
