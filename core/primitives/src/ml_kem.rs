use alloc::boxed::Box;
use core::fmt;

use ml_kem::array::Array;
use ml_kem::ml_kem_768::{DecapsulationKey, EncapsulationKey};
use ml_kem::{Decapsulate, KeyExport};
use zeroize::Zeroize;

use crate::signature::KeyError;
use crate::{Secret, array};

/// The secret half of an ML-KEM-768 key pair (FIPS 203). Erased on drop.
pub struct MlKemKey(Box<DecapsulationKey>);

impl MlKemKey {
    /// The pair of a 64-byte seed, d and z of FIPS 203 `KeyGen_internal`.
    #[must_use]
    pub fn from_seed(seed: &Secret<64>) -> Self {
        let mut bytes = Array(*seed.expose());
        let key = Box::new(DecapsulationKey::from_seed(bytes));
        bytes.zeroize();
        Self(key)
    }

    /// The public half, as it is sent.
    #[must_use]
    pub fn public(&self) -> Box<[u8; MlKemPublicKey::LEN]> {
        array(&self.0.encapsulation_key().to_bytes())
    }

    /// The secret in `ciphertext`, which anyone may have chosen. A ciphertext that this key did not
    /// make gives a secret that nobody knows, in the same time (FIPS 203 section 6.3).
    #[must_use]
    pub fn decapsulate(&self, ciphertext: &[u8; MlKemPublicKey::CIPHERTEXT_LEN]) -> Secret<32> {
        let mut shared = self.0.decapsulate(&Array(*ciphertext));
        let secret = Secret::new(shared.into());
        shared.zeroize();
        secret
    }
}

impl fmt::Debug for MlKemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MlKemKey")
    }
}

/// The public half of an ML-KEM-768 key pair.
pub struct MlKemPublicKey(Box<EncapsulationKey>);

impl MlKemPublicKey {
    /// Bytes of the key.
    pub const LEN: usize = 1184;
    /// Bytes of what carries a secret to it.
    pub const CIPHERTEXT_LEN: usize = 1088;

    /// Takes a key of anyone's.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: a coefficient is not reduced (the modulus check of FIPS 203 section 7.2).
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, KeyError> {
        let key = EncapsulationKey::new(&Array(*bytes)).map_err(|_| KeyError)?;
        Ok(Self(Box::new(key)))
    }

    /// A secret, and the ciphertext that carries it. `seed` is m of FIPS 203 `Encaps_internal`: fresh
    /// random bytes.
    #[must_use]
    pub fn encapsulate(&self, seed: &Secret<32>) -> (Box<[u8; Self::CIPHERTEXT_LEN]>, Secret<32>) {
        let mut m = Array(*seed.expose());
        let (ciphertext, mut shared) = self.0.encapsulate_deterministic(&m);
        let secret = Secret::new(shared.into());
        m.zeroize();
        shared.zeroize();
        (array(&ciphertext), secret)
    }
}

impl fmt::Debug for MlKemPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MlKemPublicKey")
    }
}
