use alloc::boxed::Box;
use core::fmt;

use libcrux_ml_dsa::ml_dsa_65::{
    self, MLDSA65Signature, MLDSA65SigningKey, MLDSA65VerificationKey,
};
use zeroize::Zeroize;

use crate::Secret;
use crate::signature::VerifyError;

/// The secret half of an ML-DSA-65 key pair (FIPS 204). Erased on drop.
pub struct MlDsaSigningKey {
    secret: Box<MLDSA65SigningKey>,
    public: MlDsaVerifyingKey,
}

impl MlDsaSigningKey {
    /// The pair of a 32-byte seed, the ξ of FIPS 204 `KeyGen_internal`.
    #[must_use]
    pub fn from_seed(seed: &Secret<32>) -> Self {
        let mut pair = ml_dsa_65::generate_key_pair(*seed.expose());
        let secret = Box::new(pair.signing_key.clone());
        pair.signing_key.as_mut_slice().zeroize();
        Self {
            secret,
            public: MlDsaVerifyingKey(Box::new(*pair.verification_key.as_ref())),
        }
    }

    /// The public half.
    #[must_use]
    pub const fn verifying_key(&self) -> &MlDsaVerifyingKey {
        &self.public
    }

    /// Signs `message` under `context` (at most 255 bytes). `seed` is the rnd of FIPS 204: fresh random
    /// bytes, or zeros for the deterministic variant. About 0.2 ms.
    ///
    /// `None`: the context is too long, or the 814 tries that FIPS 204 allows were not enough, which
    /// does not happen.
    #[must_use]
    pub fn sign(
        &self,
        message: &[u8],
        context: &[u8],
        seed: &Secret<32>,
    ) -> Option<Box<[u8; MlDsaVerifyingKey::SIGNATURE_LEN]>> {
        let signature = ml_dsa_65::sign(&self.secret, message, context, *seed.expose()).ok()?;
        Some(Box::new(*signature.as_ref()))
    }
}

impl Drop for MlDsaSigningKey {
    fn drop(&mut self) {
        self.secret.as_mut_slice().zeroize();
    }
}

impl fmt::Debug for MlDsaSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MlDsaSigningKey")
    }
}

/// The public half of an ML-DSA-65 key pair. Every 1,952 bytes are one.
#[derive(Clone, Eq, PartialEq)]
pub struct MlDsaVerifyingKey(Box<[u8; Self::LEN]>);

impl MlDsaVerifyingKey {
    /// Length of the key.
    pub const LEN: usize = 1952;
    /// Length of a signature.
    pub const SIGNATURE_LEN: usize = 3309;

    /// Takes 1,952 bytes of anyone's.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Self {
        Self(Box::new(*bytes))
    }

    /// The bytes of FIPS 204 `pkEncode`.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Checks `signature` over `message` under `context`, at most 255 bytes. About 0.1 ms.
    ///
    /// # Errors
    ///
    /// [`VerifyError`].
    pub fn verify(
        &self,
        message: &[u8],
        context: &[u8],
        signature: &[u8; Self::SIGNATURE_LEN],
    ) -> Result<(), VerifyError> {
        let key = MLDSA65VerificationKey::new(*self.0);
        let signature = MLDSA65Signature::new(*signature);
        ml_dsa_65::verify(&key, message, context, &signature).map_err(|_| VerifyError)
    }
}

impl fmt::Debug for MlDsaVerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MlDsaVerifyingKey")
    }
}
