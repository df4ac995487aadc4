use alloc::vec::Vec;

use kernel::Kind;

use crate::codec::{DecodeError, Reader, Writer, is_text};

/// Something more on a card: a tag, and 1 to 255 bytes whose meaning the tag gives.
///
/// # Spec
///
/// `spec/15-identity.md` 5.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    tag: u8,
    bytes: Vec<u8>,
}

impl Field {
    /// Tag of a [`note`](Self::note).
    pub const NOTE: u8 = 1;
    /// Longest note in bytes.
    pub const NOTE_MAX: usize = 64;

    /// A text to the reader.
    ///
    /// # Errors
    ///
    /// [`FieldError`]: empty, more than 64 bytes, or with a character that a text may not hold.
    pub fn note(text: &str) -> Result<Self, FieldError> {
        Self::new(Self::NOTE, text.as_bytes())
    }

    /// A field with a tag of any meaning.
    ///
    /// # Errors
    ///
    /// [`FieldError`]: not 1 to 255 bytes, or not what this tag holds.
    pub fn new(tag: u8, bytes: &[u8]) -> Result<Self, FieldError> {
        let fits = match tag {
            Self::NOTE => bytes.len() <= Self::NOTE_MAX && str::from_utf8(bytes).is_ok_and(is_text),
            _ => bytes.len() <= usize::from(u8::MAX),
        };
        if !fits || bytes.is_empty() {
            return Err(FieldError);
        }
        let bytes = bytes.to_vec();
        Ok(Self { tag, bytes })
    }

    /// What kind of field it is.
    #[must_use]
    pub const fn tag(&self) -> u8 {
        self.tag
    }

    /// What it holds.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The bytes are not what a field with this tag holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not what a field with this tag holds")]
#[non_exhaustive]
pub struct FieldError;

impl FieldError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

/// Tags ascend strictly, so there are at most 256, and one of each.
pub(super) fn check_order(fields: &[Field]) -> Result<(), DecodeError> {
    let ascend = fields.windows(2).all(|pair| match pair {
        [a, b] => a.tag < b.tag,
        _ => true,
    });
    // 255 is what the count can say
    if ascend && fields.len() <= usize::from(u8::MAX) {
        Ok(())
    } else {
        Err(DecodeError::Order)
    }
}

pub(super) fn write(fields: &[Field], writer: &mut Writer) {
    writer.byte(u8::try_from(fields.len()).unwrap_or(u8::MAX));
    for field in fields {
        writer.byte(field.tag);
        writer.bytes8(&field.bytes);
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Vec<Field>, DecodeError> {
    let count = reader.byte()?;
    let mut fields = Vec::new();
    for _ in 0..count {
        let tag = reader.byte()?;
        let bytes = reader.bytes8(1..=usize::from(u8::MAX))?;
        fields.push(Field::new(tag, bytes).map_err(|_| DecodeError::Text)?);
    }
    check_order(&fields)?;
    Ok(fields)
}
