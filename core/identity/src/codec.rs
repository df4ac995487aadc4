//! Fields in a fixed order, each value with one encoding. Spec: `spec/15-identity.md` 1.1.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use kernel::{Kind, Time};
use primitives::VerifyingKey;

/// Why bytes are not an object of this chapter.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first byte names another kind of object.
    #[error("not an object of this kind")]
    OtherKind,
    /// The second byte names a version that this program does not know.
    #[error("version {version} is not known")]
    Version {
        /// The version.
        version: u8,
    },
    /// The bytes end within a field.
    #[error("cut short")]
    Cut,
    /// Bytes follow after the last field.
    #[error("{len} bytes too many")]
    Trailing {
        /// How many.
        len: usize,
    },
    /// A field or the whole is longer or shorter than allowed.
    #[error("a field of {len} bytes is outside its limits")]
    Length {
        /// Its length.
        len: usize,
    },
    /// A text is not UTF-8, or holds a character that hides or reorders what is shown.
    #[error("a text holds what a text may not")]
    Text,
    /// A flag is set that has no meaning, or a number names nothing.
    #[error("a flag or number without a meaning")]
    Meaning,
    /// A public key is none, or one under which anything would verify.
    #[error("not a public key")]
    Key,
    /// Fields that must ascend do not.
    #[error("fields out of order")]
    Order,
}

impl DecodeError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::PeerMisbehaved
    }
}

/// What is left to read of untrusted bytes.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// After the two bytes that every object begins with.
    pub(crate) fn object(bytes: &'a [u8], object: Object) -> Result<Self, DecodeError> {
        let mut reader = Self(bytes);
        if reader.byte()? != object.byte() {
            return Err(DecodeError::OtherKind);
        }
        match reader.byte()? {
            VERSION => Ok(reader),
            version => Err(DecodeError::Version { version }),
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], DecodeError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(DecodeError::Cut)?;
        self.0 = rest;
        Ok(array)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| *byte)
    }

    /// A byte of which only the bits of `known` may be set.
    pub(crate) fn flags(&mut self, known: u8) -> Result<u8, DecodeError> {
        let flags = self.byte()?;
        if flags & !known == 0 {
            Ok(flags)
        } else {
            Err(DecodeError::Meaning)
        }
    }

    pub(crate) fn le16(&mut self) -> Result<u16, DecodeError> {
        self.array().copied().map(u16::from_le_bytes)
    }

    pub(crate) fn le32(&mut self) -> Result<u32, DecodeError> {
        self.array().copied().map(u32::from_le_bytes)
    }

    pub(crate) fn time(&mut self) -> Result<Time, DecodeError> {
        let ms = self.array().copied().map(u64::from_le_bytes)?;
        Ok(Time::from_ms(ms))
    }

    pub(crate) fn bytes8(&mut self, lens: RangeInclusive<usize>) -> Result<&'a [u8], DecodeError> {
        let len = usize::from(self.byte()?);
        self.take(len, lens)
    }

    pub(crate) fn bytes16(&mut self, lens: RangeInclusive<usize>) -> Result<&'a [u8], DecodeError> {
        let len = usize::from(self.le16()?);
        self.take(len, lens)
    }

    pub(crate) fn text8(&mut self, lens: RangeInclusive<usize>) -> Result<String, DecodeError> {
        let text = str::from_utf8(self.bytes8(lens)?).map_err(|_| DecodeError::Text)?;
        if is_text(text) {
            Ok(text.to_string())
        } else {
            Err(DecodeError::Text)
        }
    }

    pub(crate) fn key(&mut self) -> Result<VerifyingKey, DecodeError> {
        VerifyingKey::from_bytes(self.array()?).map_err(|_| DecodeError::Key)
    }

    /// The bytes that are left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// How many bytes are left.
    pub(crate) const fn left(&self) -> usize {
        self.0.len()
    }

    pub(crate) const fn end(self) -> Result<(), DecodeError> {
        match self.0.len() {
            0 => Ok(()),
            len => Err(DecodeError::Trailing { len }),
        }
    }

    fn take(&mut self, len: usize, lens: RangeInclusive<usize>) -> Result<&'a [u8], DecodeError> {
        if !lens.contains(&len) {
            return Err(DecodeError::Length { len });
        }
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(DecodeError::Cut)?;
        self.0 = rest;
        Ok(bytes)
    }
}

/// The inverse of [`Reader`]. Values are within their limits when they come here.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn object(object: Object) -> Self {
        let mut writer = Self::new();
        writer.byte(object.byte());
        writer.byte(VERSION);
        writer
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn le16(&mut self, number: u16) {
        self.bytes(&number.to_le_bytes());
    }

    pub(crate) fn le32(&mut self, number: u32) {
        self.bytes(&number.to_le_bytes());
    }

    pub(crate) fn time(&mut self, time: Time) {
        self.bytes(&time.as_ms().to_le_bytes());
    }

    pub(crate) fn bytes8(&mut self, bytes: &[u8]) {
        self.byte(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
        self.bytes(bytes);
    }

    pub(crate) fn bytes16(&mut self, bytes: &[u8]) {
        self.le16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        self.bytes(bytes);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// The kinds of objects, told apart by their first byte.
#[derive(Clone, Copy)]
pub(crate) enum Object {
    Genesis,
    Statement,
    DeviceStatement,
    Card,
    Chain,
    DeviceChain,
    Introduction,
    Succession,
}

impl Object {
    const fn byte(self) -> u8 {
        match self {
            Self::Genesis => 1,
            Self::Statement => 2,
            Self::DeviceStatement => 3,
            Self::Card => 4,
            Self::Chain => 5,
            Self::DeviceChain => 6,
            Self::Introduction => 7,
            Self::Succession => 8,
        }
    }
}

/// Whether `text` may be shown: no control characters, none that hide or reorder others, no space at
/// an end.
pub(crate) fn is_text(text: &str) -> bool {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    !text.starts_with(' ') && !text.ends_with(' ') && !text.contains(hides)
}

const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_hides_nothing() {
        for text in ["Åsa", "a b", "👩‍🚀".split('\u{200d}').next().unwrap(), ""] {
            assert!(is_text(text), "{text}");
        }
        for text in [
            " a",
            "a ",
            "a\n",
            "a\u{202e}b",
            "a\u{200b}",
            "\u{feff}a",
            "\u{7f}",
            "\u{85}",
        ] {
            assert!(!is_text(text), "{text:?}");
        }
    }

    #[test]
    fn a_length_is_checked_before_the_bytes_are_there() {
        let mut reader = Reader::new(&[200]);
        assert_eq!(reader.bytes8(0..=8), Err(DecodeError::Length { len: 200 }));
        let mut reader = Reader::new(&[8, 1]);
        assert_eq!(reader.bytes8(0..=8), Err(DecodeError::Cut));
    }

    #[test]
    fn an_object_says_its_kind_and_version() {
        let card = |bytes| Reader::object(bytes, Object::Card).map(|reader| reader.left());
        assert_eq!(card(&[4, 1, 9]), Ok(1));
        assert_eq!(card(&[5, 1]), Err(DecodeError::OtherKind));
        assert_eq!(card(&[4, 2]), Err(DecodeError::Version { version: 2 }));
        assert_eq!(card(&[4]), Err(DecodeError::Cut));
    }
}
