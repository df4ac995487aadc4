use std::fmt;
use std::sync::Arc;

use kernel::Kind;

/// The name of a log or of a cell: 1 to 64 bytes, any values.
///
/// The first byte is its [`kind`](Self::kind), which says what it is for ([`Store::subjects`]
/// lists one kind); the rest tells it apart. Names that a peer may choose belong behind a kind
/// byte of ours. Everything a [`Store`] promises holds within one name, never across two: so
/// names can be spread over any number of machines.
///
/// Cheap to clone. `Debug` prints the kind and the length only: names join people to places.
///
/// [`Store`]: crate::Store
/// [`Store::subjects`]: crate::Store::subjects
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Subject(Arc<[u8]>);

impl Subject {
    /// The longest name, in bytes, kind included.
    pub const MAX_LEN: usize = 64;

    /// The name with exactly these bytes, kind first.
    ///
    /// # Errors
    ///
    /// There are none, or more than [`MAX_LEN`](Self::MAX_LEN).
    pub fn new(bytes: &[u8]) -> Result<Self, SubjectError> {
        if (1..=Self::MAX_LEN).contains(&bytes.len()) {
            Ok(Self(bytes.into()))
        } else {
            Err(SubjectError { len: bytes.len() })
        }
    }

    /// The name of `kind` with `parts` behind it, back to back.
    ///
    /// Nothing separates the parts: all but one must have a fixed length.
    ///
    /// # Errors
    ///
    /// Together they are longer than [`MAX_LEN`](Self::MAX_LEN).
    pub fn of(kind: u8, parts: &[&[u8]]) -> Result<Self, SubjectError> {
        let mut bytes = vec![kind];
        for part in parts {
            bytes.extend_from_slice(part);
        }
        Self::new(&bytes)
    }

    /// The name of `kind` with a hash behind it.
    #[must_use]
    pub fn hashed(kind: u8, hash: &[u8; 32]) -> Self {
        let bytes: Vec<u8> = std::iter::once(kind).chain(*hash).collect();
        Self(bytes.into())
    }

    /// The first byte.
    #[must_use]
    pub fn kind(&self) -> u8 {
        self.0.first().copied().unwrap_or_default()
    }

    /// All bytes, kind first.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = char::from(self.kind()).escape_default();
        write!(f, "Subject({kind}, {} bytes)", self.0.len())
    }
}

/// Bytes that are no [`Subject`].
#[expect(clippy::exhaustive_structs, reason = "one number")]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a subject has 1 to 64 bytes, not {len}")]
pub struct SubjectError {
    /// How many there are.
    pub len: usize,
}

impl SubjectError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_one_to_sixty_four_bytes() {
        assert_eq!(Subject::new(&[]), Err(SubjectError { len: 0 }));
        assert!(Subject::new(&[0]).is_ok());
        assert!(Subject::new(&[0; 64]).is_ok());
        assert_eq!(Subject::new(&[0; 65]), Err(SubjectError { len: 65 }));
        assert_eq!(
            Subject::of(b'm', &[&[1, 2], &[3]]).unwrap().as_bytes(),
            b"m\x01\x02\x03"
        );
        let hashed = Subject::hashed(b'm', &[7; 32]);
        assert_eq!(hashed, Subject::of(b'm', &[&[7; 32]]).unwrap());
    }

    #[test]
    fn does_not_print_what_it_names() {
        let subject = Subject::new(b"mSECRET").unwrap();
        assert_eq!(format!("{subject:?}"), "Subject(m, 7 bytes)");
    }
}
