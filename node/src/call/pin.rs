use std::time::Duration;

use identity::{Fingerprint, IdentityPublic, Name};
use kernel::Time;
use primitives::VerifyingKey;
use vault::Record;
use wire::v1::KeptPin;

use crate::contact::Contact;
use crate::keep::KeepError;
use crate::records::{Kept, read};

/// A person who was talked to without a card.
///
/// # Spec
///
/// `spec/20-channel.md` 17.2.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Pin {
    /// Their key.
    pub key: VerifyingKey,
    /// What the owner of the profile calls them; no two people alike.
    pub name: Name,
    /// When the first session was established.
    pub since: Time,
    /// When the last was.
    pub seen: Time,
    /// When fingerprints were compared, if they were.
    pub compared: Option<Time>,
}

impl Pin {
    /// How many there are at most.
    pub const MOST: usize = 10_000;
    /// How long after the last session one is forgotten.
    pub const LASTS: Duration = Duration::from_hours(180 * 24);

    /// What the two compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint(&self.key)
    }

    pub(super) fn read(record: &Record) -> Result<Self, KeepError> {
        let broken = || KeepError::Record {
            title: KeptPin::TITLE,
        };
        let kept: KeptPin = read(record)?;
        let key = record.name.as_slice().try_into().map_err(|_| broken())?;
        Ok(Self {
            key: VerifyingKey::from_bytes(key).map_err(|_| broken())?,
            name: kept.name.parse().map_err(|_| broken())?,
            since: Time::from_ms(kept.since_ms),
            seen: Time::from_ms(kept.seen_ms),
            compared: (kept.compared_ms != 0).then(|| Time::from_ms(kept.compared_ms)),
        })
    }

    pub(super) fn write(&self) -> KeptPin {
        KeptPin {
            name: self.name.to_string(),
            since_ms: self.since.as_ms(),
            seen_ms: self.seen.as_ms(),
            compared_ms: self.compared.map_or(0, Time::as_ms),
        }
    }

    pub(super) fn is_over(&self, now: Time) -> bool {
        now.since(self.seen) > Self::LASTS
    }
}

/// Somebody whose key the owner of the profile knows.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "with a card or without one")]
pub enum Known {
    /// By their card.
    Contact(Box<Contact>),
    /// By a session.
    Pin(Box<Pin>),
}

impl From<Contact> for Known {
    fn from(contact: Contact) -> Self {
        Self::Contact(Box::new(contact))
    }
}

impl Known {
    /// What the owner calls them.
    #[must_use]
    pub const fn name(&self) -> &Name {
        match self {
            Self::Contact(contact) => &contact.name,
            Self::Pin(pin) => &pin.name,
        }
    }

    /// The key by which a channel knows them.
    #[must_use]
    pub fn key(&self) -> &VerifyingKey {
        match self {
            Self::Contact(contact) => contact.card.key().ed25519(),
            Self::Pin(pin) => &pin.key,
        }
    }

    /// Whether `identity` is all of the key that they are known by: a card with an ML-DSA-65 half takes
    /// that half.
    pub(super) fn has_shown(&self, identity: &IdentityPublic) -> bool {
        match self {
            Self::Contact(contact) if contact.card.key().ml_dsa().is_some() => {
                contact.card.key() == identity
            }
            known => known.key() == identity.ed25519(),
        }
    }

    /// What the two compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Contact(contact) => contact.fingerprint(),
            Self::Pin(pin) => pin.fingerprint(),
        }
    }

    /// When fingerprints were compared, if they were.
    #[must_use]
    pub const fn compared(&self) -> Option<Time> {
        match self {
            Self::Contact(contact) => contact.compared,
            Self::Pin(pin) => pin.compared,
        }
    }
}

/// Who somebody is who shows a key and gives a name.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever decides about people without looking at one case is wrong"
)]
pub enum Who {
    /// The key is known.
    Known(Known),
    /// The key is not; but somebody goes by this name, with **another key**. Somebody else of that name,
    /// the same person with a new key, or an impostor.
    Changed(Known),
    /// Neither is.
    Unknown,
}

/// The fingerprint of a key of which nothing else is known.
pub(super) fn fingerprint(key: &VerifyingKey) -> Fingerprint {
    Fingerprint::of(&IdentityPublic::from(*key))
}
