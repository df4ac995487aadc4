use core::fmt;

use alloc::boxed::Box;
use alloc::vec::Vec;

use kernel::{Kind, Label};
use primitives::{MlDsaSigningKey, MlDsaVerifyingKey, Secret, SigningKey, VerifyingKey};

use crate::codec::{DecodeError, Reader, Writer};

/// The secret identity of a person: Ed25519, and ML-DSA-65 beside it if it was asked for. Erased on
/// drop.
///
/// # Spec
///
/// `spec/15-identity.md` 2.2.
pub struct IdentityKey {
    ed25519: SigningKey,
    ml_dsa: Option<MlDsaSigningKey>,
    public: IdentityPublic,
}

impl IdentityKey {
    /// The key of its seeds, each 32 random bytes, independent of each other.
    #[must_use]
    pub fn from_seeds(ed25519: &Secret<32>, ml_dsa: Option<&Secret<32>>) -> Self {
        let ed25519 = SigningKey::from_seed(ed25519);
        let ml_dsa = ml_dsa.map(MlDsaSigningKey::from_seed);
        let public = IdentityPublic {
            ed25519: ed25519.verifying_key(),
            ml_dsa: ml_dsa.as_ref().map(|key| key.verifying_key().clone()),
        };
        Self {
            ed25519,
            ml_dsa,
            public,
        }
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &IdentityPublic {
        &self.public
    }

    /// The Ed25519 half by itself, for protocols that know no other (Kamune).
    #[must_use]
    pub const fn ed25519(&self) -> &SigningKey {
        &self.ed25519
    }

    /// Signs `body` for one purpose, with every half. The same bytes for the same body.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 1.2.
    #[must_use]
    pub fn sign(&self, label: Label, body: &[u8]) -> Signature {
        let input = input(label, body);
        Signature {
            ed25519: self.ed25519.sign(&input),
            // `None` would take an event of 2^-256; a signature of zeros then verifies nowhere.
            ml_dsa: self.ml_dsa.as_ref().map(|key| {
                key.sign(&input, b"", &Secret::new([0; 32]))
                    .unwrap_or_else(|| Box::new([0; MlDsaVerifyingKey::SIGNATURE_LEN]))
            }),
        }
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey")
    }
}

/// The public half of an [`IdentityKey`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdentityPublic {
    ed25519: VerifyingKey,
    ml_dsa: Option<MlDsaVerifyingKey>,
}

impl IdentityPublic {
    /// Bytes of a key without an ML-DSA-65 half.
    pub const LEN: usize = 33;
    /// Bytes of a key with one.
    pub const LEN_WITH_ML_DSA: usize = 1985;

    /// The Ed25519 half.
    #[must_use]
    pub const fn ed25519(&self) -> &VerifyingKey {
        &self.ed25519
    }

    /// The ML-DSA-65 half, if there is one.
    #[must_use]
    pub const fn ml_dsa(&self) -> Option<&MlDsaVerifyingKey> {
        self.ml_dsa.as_ref()
    }

    /// The same key with an ML-DSA-65 half beside it, of anyone's choice.
    #[must_use]
    pub fn with_ml_dsa(self, key: MlDsaVerifyingKey) -> Self {
        let ml_dsa = Some(key);
        Self { ml_dsa, ..self }
    }

    /// Checks that `signature` is this key's over `body` for this purpose: every half of the key has
    /// signed, and every signature is good.
    ///
    /// # Errors
    ///
    /// [`SignatureError`], also when a half is missing or one too many.
    pub fn verify(
        &self,
        label: Label,
        body: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let input = input(label, body);
        let ed25519 = self.ed25519.verify(&input, &signature.ed25519);
        let ml_dsa = match (&self.ml_dsa, &signature.ml_dsa) {
            (None, None) => Ok(()),
            (Some(key), Some(signature)) => key.verify(&input, b"", signature),
            _ => return Err(SignatureError),
        };
        ed25519.and(ml_dsa).map_err(|_| SignatureError)
    }

    /// `identity public` of the spec: 33 bytes, or 1,985.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.finish()
    }

    /// Reads `identity public`, from anyone.
    ///
    /// # Errors
    ///
    /// See [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let public = Self::read(&mut reader)?;
        reader.end()?;
        Ok(public)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.byte(u8::from(self.ml_dsa.is_some()));
        writer.bytes(&self.ed25519.to_bytes());
        if let Some(key) = &self.ml_dsa {
            writer.bytes(key.as_bytes());
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = reader.flags(1)?;
        let ed25519 = reader.key()?;
        let ml_dsa = match flags {
            0 => None,
            _ => Some(MlDsaVerifyingKey::from_bytes(reader.array()?)),
        };
        Ok(Self { ed25519, ml_dsa })
    }
}

impl From<VerifyingKey> for IdentityPublic {
    fn from(ed25519: VerifyingKey) -> Self {
        Self {
            ed25519,
            ml_dsa: None,
        }
    }
}

/// A signature of an identity key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    ed25519: [u8; 64],
    ml_dsa: Option<Box<[u8; MlDsaVerifyingKey::SIGNATURE_LEN]>>,
}

impl Signature {
    /// `signature` of the spec: 65 bytes, or 3,374.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.finish()
    }

    /// Reads `signature`, from anyone. Nothing is verified.
    ///
    /// # Errors
    ///
    /// See [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let signature = Self::read(&mut reader)?;
        reader.end()?;
        Ok(signature)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.byte(u8::from(self.ml_dsa.is_some()));
        writer.bytes(&self.ed25519);
        if let Some(signature) = &self.ml_dsa {
            writer.bytes(&signature[..]);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = reader.flags(1)?;
        let ed25519 = *reader.array()?;
        let ml_dsa = match flags {
            0 => None,
            _ => Some(Box::new(*reader.array()?)),
        };
        Ok(Self { ed25519, ml_dsa })
    }
}

/// A signature is not one of this object by this key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("signature does not verify")]
#[non_exhaustive]
pub struct SignatureError;

impl SignatureError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::PeerMisbehaved
    }
}

/// Signs `body` for one purpose with a key that has no ML-DSA half: a device, a home, a recovery key.
pub(crate) fn sign(key: &SigningKey, label: Label, body: &[u8]) -> [u8; 64] {
    key.sign(&input(label, body))
}

/// The inverse of [`sign`].
pub(crate) fn verify(
    key: &VerifyingKey,
    label: Label,
    body: &[u8],
    signature: &[u8; 64],
) -> Result<(), SignatureError> {
    key.verify(&input(label, body), signature)
        .map_err(|_| SignatureError)
}

fn input(label: Label, body: &[u8]) -> Vec<u8> {
    [label.bytes(), b"\0", body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(ml_dsa: Option<u8>) -> IdentityKey {
        let ml_dsa = ml_dsa.map(|seed| Secret::new([seed; 32]));
        IdentityKey::from_seeds(&Secret::new([1; 32]), ml_dsa.as_ref())
    }

    #[test]
    fn both_halves_verify_or_none_does() {
        let (plain, both, other) = (key(None), key(Some(2)), key(Some(3)));
        let label = Label::SignCard;
        let check = |key: &IdentityKey, signature| key.public().verify(label, b"body", signature);

        let (alone, pair) = (plain.sign(label, b"body"), both.sign(label, b"body"));
        assert!(check(&plain, &alone).is_ok() && check(&both, &pair).is_ok());
        assert!(check(&both, &alone).is_err(), "a half is missing");
        assert!(check(&plain, &pair).is_err(), "a half too many");
        assert!(
            check(&other, &pair).is_err(),
            "the second half is another's"
        );
        assert!(
            plain
                .public()
                .verify(Label::SignGenesis, b"body", &alone)
                .is_err()
        );
    }

    #[test]
    fn keys_and_signatures_come_back_from_their_bytes() {
        for key in [key(None), key(Some(2))] {
            let bytes = key.public().to_bytes();
            let mut reader = Reader::new(&bytes);
            let public = IdentityPublic::read(&mut reader).unwrap();
            assert_eq!((&public, reader.left()), (key.public(), 0));
            let signature = key.sign(Label::SignCard, b"body");
            let bytes = signature.to_bytes();
            let mut reader = Reader::new(&bytes);
            assert_eq!(Signature::read(&mut reader), Ok(signature));
            assert_eq!(reader.left(), 0);
        }
    }
}
