use core::fmt;

use ed25519_dalek::{Signature, Signer, Verifier};

use crate::signature::{KeyError, VerifyError};
use crate::{ConstantTimeEq, Secret};

/// The secret half of an Ed25519 key pair (RFC 8032). Erased on drop.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The pair of a 32-byte seed, which is the private key of RFC 8032.
    #[must_use]
    pub fn from_seed(seed: &Secret<32>) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed.expose()))
    }

    /// The public half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs `message`: 64 bytes, the same for the same message.
    ///
    /// Meanings are told apart by the caller: `message` begins with a label.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// The public half of an Ed25519 key pair: a point in its one encoding, and not of low order.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Length of [`to_bytes`](Self::to_bytes).
    pub const LEN: usize = 32;

    /// Takes 32 bytes of anyone's.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: no point of the curve, a second encoding of one, or one of low order, under
    /// which a signature may fit several messages.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError)?;
        // dalek keeps the bytes it was given, so the point is encoded anew to compare.
        let encoded = key.to_edwards().compress().to_bytes();
        let one_encoding = bool::from(encoded.ct_eq(bytes));
        if key.is_weak() || !one_encoding {
            return Err(KeyError);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of RFC 8032.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        self.0.to_bytes()
    }

    /// Checks a signature as strictly as can be: no batch, no cofactor, canonical scalar, no point
    /// of low order. Two honest programs never disagree on the answer.
    ///
    /// # Errors
    ///
    /// [`VerifyError`].
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), VerifyError> {
        // dalek computes R and compares its one encoding with what came, so that a point of low order can
        // come in one of eight ways only. To decode it, as `verify_strict` does, costs a sixth more.
        let is_low = LOW_ORDER.iter().any(|low| signature.starts_with(low));
        let signature = Signature::from_bytes(signature);
        let is_right = self.0.verify(message, &signature).is_ok();
        (is_right && !is_low).then_some(()).ok_or(VerifyError)
    }
}

/// The points of low order.
const LOW_ORDER: [[u8; 32]; 8] = {
    let mut all = [[0; 32]; 8];
    all[0][0] = 1;
    all[1] = [0xff; 32];
    all[1][0] = 0xec;
    all[1][31] = 0x7f;
    all[3][31] = 0x80;
    all[4] = EIGHTH;
    all[5] = EIGHTH;
    all[5][31] |= 0x80;
    all[6] = OTHER_EIGHTH;
    all[7] = OTHER_EIGHTH;
    all[7][31] |= 0x80;
    all
};
/// Two points of order 8.
const EIGHTH: [u8; 32] = [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
    0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];
const OTHER_EIGHTH: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
    0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The field elements from p (0xed) to 2^255 - 1 (0xff): each has a shorter encoding too.
    fn near_p(low: u8) -> [u8; 32] {
        let mut bytes = [0xff; 32];
        bytes[0] = low;
        bytes[31] = 0x7f;
        bytes
    }

    #[test]
    fn a_second_encoding_of_a_point_is_refused() {
        let second = (0xed..=0xff).map(near_p);
        let taken = second.filter(|bytes| VerifyingKey::from_bytes(bytes).is_ok());
        assert_eq!(taken.count(), 0);
        // dalek itself takes some of them
        let dalek = (0xed..=0xff).map(near_p);
        assert!(
            dalek
                .map(|bytes| ed25519_dalek::VerifyingKey::from_bytes(&bytes))
                .any(|key| key.is_ok_and(|key| !key.is_weak()))
        );
    }

    #[test]
    fn keys_of_low_order_are_refused() {
        for torsion in curve25519_dalek::constants::EIGHT_TORSION {
            let bytes = torsion.compress().to_bytes();
            assert_eq!(VerifyingKey::from_bytes(&bytes), Err(KeyError));
        }
    }

    #[test]
    fn the_points_of_low_order_are_those_of_the_curve() {
        let mut known = LOW_ORDER;
        let mut all = curve25519_dalek::constants::EIGHT_TORSION.map(|point| point.compress().0);
        known.sort_unstable();
        all.sort_unstable();
        assert_eq!(known, all);
    }

    #[test]
    fn a_signature_whose_point_is_of_low_order_is_refused() {
        use curve25519_dalek::scalar::{Scalar, clamp_integer};
        use sha2::{Digest, Sha512};

        // Whoever has the secret scalar a can make one: with the neutral point for R, s = k·a.
        let seed = [7; 32];
        let key = SigningKey::from_seed(&Secret::new(seed)).verifying_key();
        let secret = *Sha512::digest(seed).first_chunk().unwrap();
        let secret = Scalar::from_bytes_mod_order(clamp_integer(secret));
        let low = curve25519_dalek::constants::EIGHT_TORSION[0].compress().0;
        let hashed = Sha512::new().chain_update(low).chain_update(key.to_bytes());
        let hashed = hashed.chain_update(b"message").finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hashed.into());
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&low);
        signature[32..].copy_from_slice((k * secret).as_bytes());
        // It does fit:
        let plain = Signature::from_bytes(&signature);
        assert!(key.0.verify(b"message", &plain).is_ok());
        assert!(key.0.verify_strict(b"message", &plain).is_err());
        assert_eq!(key.verify(b"message", &signature), Err(VerifyError));
    }

    #[test]
    fn the_scalar_plus_the_order_is_refused() {
        let key = SigningKey::from_seed(&Secret::new([7; 32]));
        let signature = key.sign(b"message");
        assert_eq!(key.verifying_key().verify(b"message", &signature), Ok(()));
        let mut other = signature;
        let mut carry = 0_u16;
        for (byte, order) in other[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        assert_ne!(other, signature);
        let answer = key.verifying_key().verify(b"message", &other);
        assert_eq!(answer, Err(VerifyError));
    }

    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
}
