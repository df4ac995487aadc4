use alloc::vec::Vec;

use kernel::{Kind, Label};
use primitives::Secret;

use crate::agreement::{is_low_order, public_of};
use crate::card::{Card, CardError, Standing};
use crate::chain::{ChainError, IdentityChain};
use crate::codec::{DecodeError, Object, Reader, Writer};
use crate::key::Signature;

pub use sealed::{AnswerSeed, Link, OfferHash, OpenError, SealError};

mod sealed;
#[cfg(test)]
mod tests;

/// What two people who share a link key hand each other: a card, and the chain that shows whose it is.
///
/// That one was opened means that whoever sealed it holds the key in the card. [`check`](Self::check) says
/// whether that key is the account's.
///
/// # Spec
///
/// `spec/12-introductions.md` 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Introduction {
    card: Card,
    chain: Vec<u8>,
    extras: Vec<Extra>,
}

/// The inviter's introduction, with the key that answers are sealed to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// Who invites.
    pub(crate) introduction: Introduction,
    /// For answers to this invitation.
    pub(crate) agreement: [u8; 32],
}

/// The other half of an offer's agreement key: 32 random bytes, kept by the inviter until the
/// invitation is over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AgreementSecret(Secret<32>);

/// Something that a later chapter puts beside a card: a tag, and 1 to 8,192 bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Extra {
    tag: u8,
    bytes: Vec<u8>,
}

impl Introduction {
    /// Longest introduction in bytes.
    pub const MAX: usize = 16_310;

    /// The introduction of `card`, with the identity chain of its account.
    #[must_use]
    pub fn new(card: Card, chain: &IdentityChain) -> Self {
        Self {
            card,
            chain: chain.to_bytes(),
            extras: Vec::new(),
        }
    }

    /// The card.
    #[must_use]
    pub const fn card(&self) -> &Card {
        &self.card
    }

    /// Whether the identity chain came along. If not, [`check`](Self::check) needs the one that the
    /// server has.
    #[must_use]
    pub const fn has_chain(&self) -> bool {
        !self.chain.is_empty()
    }

    /// What later chapters put beside the card, in ascending order of tags.
    #[must_use]
    pub fn extras(&self) -> &[Extra] {
        &self.extras
    }

    /// The account's chain, if it shows that the card is the account's at present. `fetched` is the chain
    /// that the server of the link answered, of that server's choice, where none came along; it is not
    /// looked at otherwise.
    ///
    /// # Errors
    ///
    /// See [`CheckError`]: nothing of the introduction may be believed then.
    ///
    /// # Spec
    ///
    /// `spec/12-introductions.md` 1, rules 2 and 3.
    pub fn check(&self, fetched: Option<&[u8]>) -> Result<IdentityChain, CheckError> {
        let bytes = match (self.chain.as_slice(), fetched) {
            ([], None) => return Err(CheckError::NoChain),
            ([], Some(fetched)) => fetched,
            (chain, _) => chain,
        };
        let chain = IdentityChain::replay(bytes)?;
        match self.card.standing(&chain) {
            Standing::Current => Ok(chain),
            Standing::Old => Err(CheckError::Old),
            Standing::Ahead | Standing::Foreign => Err(CheckError::Foreign),
        }
    }

    /// Decodes `bytes` as what is inside a sealed offer or answer, apart from its signature. What decodes
    /// must encode to the same bytes.
    #[cfg(fuzzing)]
    pub fn fuzz(bytes: &[u8]) {
        for role in [OFFER, ANSWER] {
            if let Ok(read) = Read::decode(bytes, role) {
                let body = read.introduction.body(read.agreement.as_ref());
                let signature = read.signature.to_bytes();
                assert_eq!([body, signature].concat(), bytes);
                let _ = read.introduction.check(None);
            }
        }
    }

    /// What is signed, but for its context. `agreement` makes it an offer.
    fn body(&self, agreement: Option<&[u8; 32]>) -> Vec<u8> {
        let mut writer = Writer::object(Object::Introduction);
        writer.byte(if agreement.is_some() { OFFER } else { ANSWER });
        writer.bytes16(self.card.as_bytes());
        writer.bytes16(&self.chain);
        writer.bytes(agreement.map_or(&[], |key| key.as_slice()));
        writer.byte(u8::try_from(self.extras.len()).unwrap_or(u8::MAX));
        for extra in &self.extras {
            writer.byte(extra.tag);
            writer.bytes16(&extra.bytes);
        }
        writer.finish()
    }
}

/// An introduction as it was read: whether it is signed is still to be seen.
struct Read<'a> {
    introduction: Introduction,
    /// Of an offer.
    agreement: Option<[u8; 32]>,
    body: &'a [u8],
    signature: Signature,
}

impl<'a> Read<'a> {
    /// An introduction in the role `role`.
    fn decode(bytes: &'a [u8], role: u8) -> Result<Self, CardError> {
        let mut reader = Reader::object(bytes, Object::Introduction)?;
        if reader.byte()? != role {
            return Err(DecodeError::Meaning.into());
        }
        let card = Card::decode(reader.bytes16(1..=Card::MAX_ML_DSA)?)?;
        let chain = reader.bytes16(0..=Introduction::MAX)?.to_vec();
        let agreement = match role {
            OFFER => Some(*reader.array()?),
            _ => None,
        };
        if agreement.is_some_and(|key| is_low_order(&key)) {
            return Err(DecodeError::Key.into());
        }
        let extras = Extra::read(&mut reader)?;
        let signed = bytes.len().saturating_sub(reader.left());
        let signature = Signature::read(&mut reader)?;
        reader.end()?;
        Ok(Self {
            introduction: Introduction {
                card,
                chain,
                extras,
            },
            agreement,
            body: bytes.get(..signed).unwrap_or_default(),
            signature,
        })
    }

    /// The introduction, if the card's key signed it in this context.
    fn verified(self, label: Label, context: &[&[u8]]) -> Result<Introduction, CardError> {
        let signed = [&[self.body], context].concat().concat();
        let key = self.introduction.card.key();
        key.verify(label, &signed, &self.signature)?;
        Ok(self.introduction)
    }
}

impl Offer {
    /// The offer of whoever is introduced, to be answered with the public half of `secret`.
    #[must_use]
    pub fn new(introduction: Introduction, secret: &AgreementSecret) -> Self {
        Self {
            introduction,
            agreement: secret.public(),
        }
    }

    /// Who invites.
    #[must_use]
    pub const fn introduction(&self) -> &Introduction {
        &self.introduction
    }
}

impl AgreementSecret {
    /// `secret` must be uniform, and for one invitation only.
    #[must_use]
    pub const fn new(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// The bytes, for keeping them.
    #[must_use]
    pub const fn secret(&self) -> &Secret<32> {
        &self.0
    }

    fn public(&self) -> [u8; 32] {
        public_of(&self.0)
    }
}

impl Extra {
    /// Most bytes.
    pub const MAX: usize = 8_192;

    fn read(reader: &mut Reader<'_>) -> Result<Vec<Self>, DecodeError> {
        let mut extras: Vec<Self> = Vec::new();
        for _ in 0..reader.byte()? {
            let tag = reader.byte()?;
            if extras.last().is_some_and(|last| last.tag >= tag) {
                return Err(DecodeError::Order);
            }
            let bytes = reader.bytes16(1..=Self::MAX)?.to_vec();
            extras.push(Self { tag, bytes });
        }
        Ok(extras)
    }

    /// What it is.
    #[must_use]
    pub const fn tag(&self) -> u8 {
        self.tag
    }

    /// What it holds, of the other side's choice.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why an introduction is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// No identity chain came along, and none was fetched.
    #[error("nothing shows whose the contact card is")]
    NoChain,
    /// The chain is not valid.
    #[error("identity chain is not valid: {0}")]
    Chain(#[from] ChainError),
    /// The card's key is no longer the account's, or the account is closed.
    #[error("contact card is out of date")]
    Old,
    /// The chain belongs to another account, or the card's key was never that account's.
    #[error("contact card is not of the account that it names")]
    Foreign,
}

impl CheckError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::PeerMisbehaved
    }
}

const OFFER: u8 = 1;
const ANSWER: u8 = 2;
