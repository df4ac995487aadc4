use identity::{Card, ContactToken, Fingerprint, IdentityChain, Name, UserId};
use kernel::Time;
use wire::v1::KeptContact;

use crate::keep::KeepError;
use crate::records::Kept;

/// A person whose card is held.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Contact {
    /// What the owner of the profile calls them; no two alike.
    pub name: Name,
    /// Their latest card.
    pub card: Card,
    /// Their identity chain, as far as it is known. `None`: nothing but the card says whose it is.
    pub chain: Option<IdentityChain>,
    /// How the card came.
    pub origin: Origin,
    /// When they became a contact.
    pub since: Time,
    /// When fingerprints were compared, if they were.
    pub compared: Option<Time>,
    /// The token on the card that they have of us; [`ContactToken::NONE`] if they have none.
    pub token: ContactToken,
}

/// How a card came: what stands behind it as long as fingerprints were not compared.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Origin {
    /// As text: as good as the way it took.
    Given,
    /// In a meeting: from someone who knew the passphrase.
    Met,
    /// By an invitation: from someone who knew the line and the words.
    Link,
}

impl Origin {
    /// The name used in `--json` output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Met => "met",
            Self::Link => "link",
        }
    }
}

impl Contact {
    /// The account.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        self.card.user_id()
    }

    /// What the two compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.card.key())
    }

    pub(crate) fn read(kept: &KeptContact) -> Result<Self, KeepError> {
        let broken = || KeepError::Record {
            title: KeptContact::TITLE,
        };
        let chain = match kept.chain.as_slice() {
            [] => None,
            bytes => Some(IdentityChain::replay(bytes).map_err(|_| broken())?),
        };
        let token = match kept.token.as_slice() {
            [] => ContactToken::NONE,
            bytes => ContactToken::new(bytes.try_into().map_err(|_| broken())?),
        };
        Ok(Self {
            name: kept.name.parse().map_err(|_| broken())?,
            card: Card::decode(&kept.card).map_err(|_| broken())?,
            chain,
            origin: match kept.origin {
                1 => Origin::Given,
                2 => Origin::Met,
                3 => Origin::Link,
                _ => return Err(broken()),
            },
            since: Time::from_ms(kept.since_ms),
            compared: (kept.compared_ms != 0).then(|| Time::from_ms(kept.compared_ms)),
            token,
        })
    }

    pub(crate) fn write(&self) -> KeptContact {
        KeptContact {
            name: self.name.to_string(),
            card: self.card.as_bytes().to_vec(),
            chain: self
                .chain
                .as_ref()
                .map_or_else(Vec::new, IdentityChain::to_bytes),
            origin: match self.origin {
                Origin::Given => 1,
                Origin::Met => 2,
                Origin::Link => 3,
            },
            since_ms: self.since.as_ms(),
            compared_ms: self.compared.map_or(0, Time::as_ms),
            token: match self.token {
                ContactToken::NONE => Vec::new(),
                token => token.as_bytes().to_vec(),
            },
        }
    }
}
