use alloc::sync::Arc;
use core::fmt;

use kernel::Kind;
use primitives::{PasswordError, Prk, Secret, argon2i};

/// What two people must have in common besides the passphrase: 8 to 64 bytes, public.
///
/// The reference programs always use [`Salt::ZERO`].
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Salt {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Salt {
    /// 32 zero bytes.
    pub const ZERO: Self = Self {
        bytes: [0; Self::MAX],
        len: 32,
    };

    /// Fewest bytes of a salt.
    pub const MIN: usize = 8;

    /// Most bytes of a salt.
    pub const MAX: usize = 64;

    /// A salt of `bytes`, [`MIN`](Self::MIN) to [`MAX`](Self::MAX) of them.
    ///
    /// # Errors
    ///
    /// [`SaltError`].
    pub fn new(bytes: &[u8]) -> Result<Self, SaltError> {
        if bytes.len() < Self::MIN {
            return Err(SaltError::Short);
        }
        let mut salt = Self {
            bytes: [0; Self::MAX],
            len: bytes.len(),
        };
        salt.bytes
            .get_mut(..bytes.len())
            .ok_or(SaltError::Long)?
            .copy_from_slice(bytes);
        Ok(salt)
    }

    /// The bytes given.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt")
    }
}

/// Why some bytes are no salt.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SaltError {
    /// Fewer than 8 bytes.
    #[error("salt is shorter than 8 bytes")]
    Short,
    /// More than 64 bytes.
    #[error("salt is longer than 64 bytes")]
    Long,
}

impl SaltError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

/// A stretched passphrase with its salt. Serves any number of sessions; clones share one secret.
#[derive(Clone)]
pub struct Passkey(Arc<Inner>);

struct Inner {
    pdk: Secret<32>,
    salt: Salt,
}

impl Passkey {
    /// Stretches `passphrase`: any bytes, may be empty.
    ///
    /// Costs about a quarter of a second and 98 MiB, so call it where waiting is harmless.
    ///
    /// # Errors
    ///
    /// See [`PasskeyError`].
    ///
    /// # Spec
    ///
    /// `spec/10-rendezvous.md` 2, `pdk`.
    pub fn derive(passphrase: &[u8], salt: Salt) -> Result<Self, PasskeyError> {
        let stretched = argon2i(passphrase, salt.as_bytes()).map_err(|error| match error {
            PasswordError::Memory => PasskeyError::Memory,
            _ => PasskeyError::Long,
        })?;
        let pdk = Prk::extract(stretched.expose(), salt.as_bytes()).expand(&[]);
        Ok(Self(Arc::new(Inner { pdk, salt })))
    }

    /// The salt it was derived with.
    #[must_use]
    pub fn salt(&self) -> &Salt {
        &self.0.salt
    }

    pub(crate) fn pdk(&self) -> &Secret<32> {
        &self.0.pdk
    }
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passkey")
    }
}

/// Why a passphrase could not be stretched.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasskeyError {
    /// The passphrase has 4 GiB or more.
    #[error("passphrase is too long")]
    Long,
    /// There is no room for 98 MiB of working memory.
    #[error("not enough memory to stretch the passphrase: 98 MiB are needed")]
    Memory,
}

impl PasskeyError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Long => Kind::BadInput,
            Self::Memory => Kind::Exhausted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_have_eight_to_sixty_four_bytes() {
        assert_eq!(Salt::new(&[1; 7]), Err(SaltError::Short));
        assert_eq!(Salt::new(&[1; 65]), Err(SaltError::Long));
        for length in [8, 64] {
            let bytes = alloc::vec![1; length];
            assert_eq!(Salt::new(&bytes).unwrap().as_bytes(), bytes);
        }
        assert_eq!(Salt::ZERO.as_bytes(), [0; 32]);
        assert_eq!(Salt::new(&[0; 32]), Ok(Salt::ZERO));
        assert_ne!(Salt::new(&[0; 31]), Ok(Salt::ZERO));
    }
}
