use core::fmt;

use ed25519_dalek::{Signature, Signer};

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
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .map_err(|_| VerifyError)
    }
}

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
