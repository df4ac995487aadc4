use alloc::vec::Vec;
use core::fmt;

use kernel::Kind;
use primitives::{ConstantTimeEq, Secret, Zeroizing, sha256};

/// What a relay asks of its clients before it does anything for them: 1 to 1,024 bytes.
///
/// # Spec
///
/// `spec/22-switch.md` 1.4.
#[derive(Clone)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Most bytes of a password.
    pub const MAX: usize = 1024;

    /// Takes over `bytes`.
    ///
    /// # Errors
    ///
    /// [`PasswordError`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, PasswordError> {
        let bytes = Zeroizing::new(bytes);
        match bytes.len() {
            1..=Self::MAX => Ok(Self(bytes)),
            length => Err(PasswordError { bytes: length }),
        }
    }

    /// Whether `bytes`, of anyone's, are it. Time depends on their lengths only.
    pub(crate) fn is(&self, bytes: &[u8]) -> bool {
        let [ours, theirs] = [&self.0, bytes].map(|part| Secret::new(sha256(&[part])));
        ours.ct_eq(&theirs).into()
    }

    /// The bytes, for sending them.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl Eq for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// The password has no bytes, or too many.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a password has 1 to {} bytes, not {bytes}", Password::MAX)]
#[non_exhaustive]
pub struct PasswordError {
    /// How many it has.
    pub bytes: usize,
}

impl PasswordError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn a_password_has_a_length() {
        for (length, is_one) in [(0, false), (1, true), (1024, true), (1025, false)] {
            assert_eq!(Password::new(vec![1; length]).is_ok(), is_one, "{length}");
        }
    }

    #[test]
    fn only_its_bytes_are_it() {
        let password = Password::new(b"word".to_vec()).unwrap();
        assert!(password.is(b"word"));
        for other in [&b""[..], b"wor", b"words", b"worD"] {
            assert!(!password.is(other));
        }
    }
}
