use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use kernel::{Kind, Label, Time};
use primitives::MlDsaVerifyingKey;

use crate::codec::{DecodeError, Object, Reader, Writer};
use crate::home::{Home, Name};
use crate::ids::UserId;
use crate::key::{IdentityKey, IdentityPublic, Signature, SignatureError};

pub use field::{Field, FieldError};
pub use standing::Standing;

mod field;
mod standing;
#[cfg(test)]
mod tests;
mod text;

/// What a person hands to others: who they are, where their server is, and how to reach them there.
///
/// A card holds the signature it came with, so it can be passed on byte by byte. That it decodes
/// means that whoever made it holds the identity key in it. Whether that key is the account's is for
/// the identity chain to say, and whether the account is the person's for people.
///
/// # Spec
///
/// `spec/15-identity.md` 5.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Card {
    user_id: UserId,
    generation: u32,
    key: IdentityPublic,
    contents: Contents,
    issued: Time,
    bytes: Vec<u8>,
}

/// What a person chooses to put on a card.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Contents {
    /// What they are called.
    pub name: Name,
    /// Their server, if they have one.
    pub home: Option<Home>,
    /// What the holder of the card shows to that server.
    pub token: ContactToken,
    /// More, in ascending order of tags.
    pub fields: Vec<Field>,
}

impl Contents {
    /// A card with a name and no more.
    #[must_use]
    pub const fn new(name: Name) -> Self {
        Self {
            name,
            home: None,
            token: ContactToken::NONE,
            fields: Vec::new(),
        }
    }
}

impl Card {
    /// Longest card without ML-DSA-65, signature included.
    pub const MAX: usize = 512;
    /// Longest card with ML-DSA-65, signature included.
    pub const MAX_ML_DSA: usize =
        Self::MAX + MlDsaVerifyingKey::LEN + MlDsaVerifyingKey::SIGNATURE_LEN;

    /// Makes and signs a card of the account `user_id`, whose identity chain has `generation`
    /// statements and says `key` at present.
    ///
    /// # Errors
    ///
    /// [`CardError::Decode`] with `Length`: more than [`MAX`](Self::MAX) bytes; with `Order`: the
    /// tags do not ascend.
    pub fn issue(
        key: &IdentityKey,
        user_id: UserId,
        generation: u32,
        contents: Contents,
        now: Time,
    ) -> Result<Self, CardError> {
        field::check_order(&contents.fields)?;
        let mut writer = Writer::object(Object::Card);
        writer.byte(u8::from(contents.home.is_some()));
        writer.bytes(user_id.as_bytes());
        writer.le32(generation);
        key.public().write(&mut writer);
        writer.bytes8(contents.name.as_str().as_bytes());
        if let Some(home) = &contents.home {
            home.write(&mut writer);
        }
        writer.bytes(&contents.token.0);
        field::write(&contents.fields, &mut writer);
        writer.time(now);
        let mut bytes = writer.finish();
        let mut writer = Writer::new();
        key.sign(Label::SignCard, &bytes).write(&mut writer);
        bytes.extend_from_slice(&writer.finish());
        check_len(&bytes, key.public())?;
        Ok(Self {
            user_id,
            generation,
            key: key.public().clone(),
            contents,
            issued: now,
            bytes,
        })
    }

    /// Reads a card of anyone's and checks its signature. What it accepts has no other encoding.
    ///
    /// # Errors
    ///
    /// See [`CardError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CardError> {
        if bytes.len() > Self::MAX_ML_DSA {
            return Err(DecodeError::Length { len: bytes.len() }.into());
        }
        let mut reader = Reader::object(bytes, Object::Card)?;
        let flags = reader.flags(1)?;
        let user_id = UserId::read(&mut reader)?;
        let generation = reader.le32()?;
        let key = IdentityPublic::read(&mut reader)?;
        let contents = Contents {
            name: Name::read(&mut reader)?,
            home: match flags {
                0 => None,
                _ => Some(Home::read(&mut reader)?),
            },
            token: ContactToken(*reader.array().map_err(CardError::from)?),
            fields: field::read(&mut reader)?,
        };
        let issued = reader.time()?;
        let signed = bytes.len().saturating_sub(reader.left());
        let body = bytes.get(..signed).unwrap_or_default();
        let signature = Signature::read(&mut reader)?;
        reader.end()?;
        check_len(bytes, &key)?;
        key.verify(Label::SignCard, body, &signature)?;
        Ok(Self {
            user_id,
            generation,
            key,
            contents,
            issued,
            bytes: bytes.to_vec(),
        })
    }

    /// The card as it travels.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The card as a line of text: `entrenous:c/` and base64url.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::to_text(&self.bytes)
    }

    /// The card as the content of a QR code: `ENTRENOUS:C/` and base32, which a code holds as
    /// alphanumeric characters.
    #[must_use]
    pub fn to_qr(&self) -> String {
        text::to_qr(&self.bytes)
    }

    /// The account that the card claims.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        self.user_id
    }

    /// How many statements the account's identity chain had.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// The identity key that signed the card.
    #[must_use]
    pub const fn key(&self) -> &IdentityPublic {
        &self.key
    }

    /// What the person chose to put on it.
    #[must_use]
    pub const fn contents(&self) -> &Contents {
        &self.contents
    }

    /// When it was made, by the maker's clock.
    #[must_use]
    pub const fn issued(&self) -> Time {
        self.issued
    }
}

impl FromStr for Card {
    type Err = CardError;

    /// Reads either text form, and checks what [`decode`](Self::decode) checks.
    fn from_str(text: &str) -> Result<Self, CardError> {
        let bytes = text::from_text(text).ok_or(CardError::NotACard)?;
        Self::decode(&bytes)
    }
}

/// 16 random bytes that the holder of a card shows to the owner's server; one per contact. `Debug`
/// prints the name only.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct ContactToken([u8; 16]);

impl ContactToken {
    /// What stands on a card without one.
    pub const NONE: Self = Self([0; 16]);

    /// The token of 16 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for ContactToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactToken")
    }
}

/// Why something is no contact card.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// The text does not begin like a card, or is not base64url or base32 in its one form.
    #[error("not a contact card")]
    NotACard,
    /// The bytes are not a card.
    #[error("contact card is damaged or of a later version: {0}")]
    Decode(#[from] DecodeError),
    /// The card was altered, or its maker does not hold the key in it.
    #[error("contact card is not signed by the key in it")]
    Signature(#[from] SignatureError),
}

impl CardError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::NotACard => Kind::BadInput,
            Self::Decode(error) => error.kind(),
            Self::Signature(error) => error.kind(),
        }
    }
}

fn check_len(bytes: &[u8], key: &IdentityPublic) -> Result<(), DecodeError> {
    let max = if key.ml_dsa().is_some() {
        Card::MAX_ML_DSA
    } else {
        Card::MAX
    };
    if bytes.len() > max {
        return Err(DecodeError::Length { len: bytes.len() });
    }
    Ok(())
}
