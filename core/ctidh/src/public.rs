use kernel::Kind;

use crate::{
    backend::Backend,
    set::{Array, Set},
    validate,
};

/// A public key: a supersingular curve of the set, by its coefficient.
///
/// It exists only validated, so that an action on it reveals nothing.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PublicKey<S: Set>(S::Encoding);

/// Why bytes are not a public key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The length is not that of a field element.
    #[error("public key has {len} bytes, {expected} are needed")]
    Length {
        /// The length given.
        len: usize,
        /// The length of a key.
        expected: usize,
    },
    /// The number is not below p, or it is 0, which stands for the curve everybody starts from.
    #[error("public key is not canonical")]
    NotCanonical,
    /// The coefficient is 2 or -2, which is no elliptic curve, or the curve is not supersingular.
    #[error("public key is not a curve of this set")]
    NotACurve,
}

impl PublicKeyError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::PeerMisbehaved
    }
}

impl<S: Set> PublicKey<S> {
    /// Decodes and validates a key: the curve coefficient times R modulo p, little-endian.
    ///
    /// The verdict depends on the bytes alone, and so does the time: about a tenth of an action for
    /// a key, less for anything else.
    ///
    /// # Errors
    ///
    /// See [`PublicKeyError`].
    ///
    /// # Spec
    ///
    /// `spec/10-rendezvous.md` section 1.2.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        Self::from_bytes_with(Backend::best(), bytes)
    }

    /// [`from_bytes`](Self::from_bytes) on a chosen back end.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn from_bytes_with(backend: Backend, bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let mut encoding = S::Encoding::filled(0);
        let expected = encoding.as_ref().len();
        if bytes.len() != expected {
            return Err(PublicKeyError::Length {
                len: bytes.len(),
                expected,
            });
        }
        encoding.as_mut().copy_from_slice(bytes);
        validate::validate::<S>(backend, &encoding)?;
        Ok(Self(encoding))
    }

    /// The encoding that [`from_bytes`](Self::from_bytes) reads.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// A key that an action has led to, which is valid by construction.
    pub(crate) const fn computed(encoding: S::Encoding) -> Self {
        Self(encoding)
    }

    pub(crate) const fn encoding(&self) -> &S::Encoding {
        &self.0
    }
}
