use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use kernel::Kind;
use primitives::Zeroizing;

/// What opens an entry: the whole secrecy of an invitation. Erased on drop, never printed; clones
/// share one copy.
#[derive(Clone, Eq, PartialEq)]
pub struct Passphrase(Arc<Zeroizing<String>>);

impl Passphrase {
    /// Most bytes.
    pub const MAX: usize = 512;

    /// `text` of 1 to [`MAX`](Self::MAX) bytes, in its normal form, which is the caller's to make; so
    /// is a judgement whether it is strong enough.
    ///
    /// # Errors
    ///
    /// [`PassphraseError`].
    ///
    /// # Spec
    ///
    /// `spec/11-buckets.md` section 2.3.
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        match text.len() {
            1..=Self::MAX => Ok(Self(Arc::new(Zeroizing::new(text.into())))),
            got => Err(PassphraseError::Length { got }),
        }
    }

    /// The text, for showing it to the person, or stretching it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

/// Why a text is no passphrase.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Empty or too long.
    #[error("passphrase has {got} bytes, not 1 to {max}", max = Passphrase::MAX)]
    Length {
        /// Its length in bytes.
        got: usize,
    },
}

impl PassphraseError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_has_1_to_512_bytes_and_is_not_printed() {
        for length in [1, 512] {
            let passphrase = Passphrase::new(&"x".repeat(length)).unwrap();
            assert_eq!(passphrase.expose().len(), length);
            assert_eq!(alloc::format!("{passphrase:?}"), "Passphrase");
        }
        for got in [0, 513] {
            let refused = Passphrase::new(&"x".repeat(got));
            assert_eq!(refused, Err(PassphraseError::Length { got }));
        }
    }
}
