use alloc::boxed::Box;
use core::fmt;

use libcrux_ml_kem::mlkem768::{self, MlKem768PrivateKey, MlKem768PublicKey};
use zeroize::Zeroize;

use crate::signature::KeyError;
use crate::{Secret, array};

/// The secret half of an ML-KEM-768 key pair (FIPS 203). Erased on drop.
pub struct MlKemKey(Box<Secret<SECRET_LEN>>);

impl MlKemKey {
    /// The pair of a 64-byte seed, d and z of FIPS 203 `KeyGen_internal`.
    #[must_use]
    pub fn from_seed(seed: &Secret<64>) -> Self {
        let pair = mlkem768::generate_key_pair(*seed.expose());
        let secret = Box::new(Secret::new(*pair.sk()));
        let (mut left, _) = pair.into_parts();
        left[0..].zeroize();
        Self(secret)
    }

    /// The public half, as it is sent.
    #[must_use]
    pub fn public(&self) -> Box<[u8; MlKemPublicKey::LEN]> {
        // FIPS 203, algorithm 16: it stands behind the secret vector.
        let secret = self.0.expose();
        array(secret.get(VECTOR_LEN..).unwrap_or_default())
    }

    /// The secret in `ciphertext`, which anyone may have chosen. A ciphertext that this key did not
    /// make gives a secret that nobody knows, in the same time (FIPS 203 section 6.3).
    #[must_use]
    pub fn decapsulate(&self, ciphertext: &[u8; MlKemPublicKey::CIPHERTEXT_LEN]) -> Secret<32> {
        let mut key = MlKem768PrivateKey::from(self.0.expose());
        let secret = Secret::new(mlkem768::decapsulate(&key, &ciphertext.into()));
        key[0..].zeroize();
        secret
    }
}

impl fmt::Debug for MlKemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MlKemKey")
    }
}

/// The public half of an ML-KEM-768 key pair.
pub struct MlKemPublicKey(Box<MlKem768PublicKey>);

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
        let key = Box::new(MlKem768PublicKey::from(bytes));
        let is_reduced = mlkem768::validate_public_key(&key);
        is_reduced.then_some(Self(key)).ok_or(KeyError)
    }

    /// A secret, and the ciphertext that carries it. `seed` is m of FIPS 203 `Encaps_internal`: fresh
    /// random bytes.
    #[must_use]
    pub fn encapsulate(&self, seed: &Secret<32>) -> (Box<[u8; Self::CIPHERTEXT_LEN]>, Secret<32>) {
        let (ciphertext, secret) = mlkem768::encapsulate(&self.0, *seed.expose());
        (Box::new(ciphertext.into()), Secret::new(secret))
    }
}

impl fmt::Debug for MlKemPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MlKemPublicKey")
    }
}

/// Bytes of a secret key of FIPS 203: the secret vector, the public key, its hash, z.
const SECRET_LEN: usize = 2400;
const VECTOR_LEN: usize = 1152;
