use alloc::string::{String, ToString};

use kernel::Kind;
use primitives::VerifyingKey;

use crate::codec::{DecodeError, Reader, Writer, is_text};

/// The server that keeps an account: where it is, and the key it countersigns with.
///
/// # Spec
///
/// `spec/15-identity.md` 2.4.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Home {
    address: String,
    key: VerifyingKey,
}

impl Home {
    /// Longest address in bytes.
    pub const ADDRESS_MAX: usize = 128;

    /// The home at `address`, `host` or `host:port`, 1 to 128 lower-case ASCII letters, digits and
    /// `-.:[]`.
    ///
    /// # Errors
    ///
    /// See [`TextError`].
    pub fn new(address: &str, key: VerifyingKey) -> Result<Self, TextError> {
        if !(1..=Self::ADDRESS_MAX).contains(&address.len()) {
            return Err(TextError::Length);
        }
        if !is_address(address) {
            return Err(TextError::Character);
        }
        Ok(Self {
            address: address.to_string(),
            key,
        })
    }

    /// `host` or `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The key it countersigns with.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes8(self.address.as_bytes());
        writer.bytes(&self.key.to_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let address = reader.text8(1..=Self::ADDRESS_MAX)?;
        if !is_address(&address) {
            return Err(DecodeError::Text);
        }
        let key = reader.key()?;
        Ok(Self { address, key })
    }
}

/// What a person is called on a card: a text of 1 to 64 bytes.
///
/// # Spec
///
/// `spec/15-identity.md` 1.1 and 5.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Name(String);

impl Name {
    /// Longest name in bytes.
    pub const MAX: usize = 64;

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.text8(1..=Self::MAX).map(Self)
    }
}

impl core::str::FromStr for Name {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        if !(1..=Self::MAX).contains(&text.len()) {
            return Err(TextError::Length);
        }
        if !is_text(text) {
            return Err(TextError::Character);
        }
        Ok(Self(text.to_string()))
    }
}

impl core::fmt::Display for Name {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text cannot be a name, a note or an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Empty, or too many bytes.
    #[error("empty or too long")]
    Length,
    /// A character that it may not hold, or a space at an end.
    #[error("holds a character that is not allowed, or a space at an end")]
    Character,
}

impl TextError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

fn is_address(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b);
    text.bytes().all(allowed)
}
