use core::fmt;

use kernel::Label;
use primitives::{Secret, SigningKey, VerifyingKey, hkdf_sha256};

use crate::agreement::{is_low_order, public_of};
use crate::codec::{DecodeError, Reader, Writer};

/// The secret keys of one device: it signs with one and agrees on secrets with the other. Erased on
/// drop.
///
/// # Spec
///
/// `spec/15-identity.md` 2.3.
pub struct DeviceKey {
    signing: SigningKey,
    agreement: Secret<32>,
    public: DevicePublic,
}

impl DeviceKey {
    /// The keys of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &Secret<32>) -> Self {
        let derive = |label: Label| hkdf_sha256::<32>(seed.expose(), b"", &[label.bytes()]);
        let signing = SigningKey::from_seed(&derive(Label::DeviceEd25519));
        let agreement = derive(Label::DeviceX25519);
        let public = DevicePublic {
            signing: signing.verifying_key(),
            agreement: public_of(&agreement),
        };
        Self {
            signing,
            agreement,
            public,
        }
    }

    /// The public halves.
    #[must_use]
    pub const fn public(&self) -> &DevicePublic {
        &self.public
    }

    /// The key it signs with.
    #[must_use]
    pub const fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The X25519 scalar, unclamped, for [`primitives::x25519`].
    #[must_use]
    pub const fn agreement(&self) -> &Secret<32> {
        &self.agreement
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey")
    }
}

/// The public halves of a [`DeviceKey`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DevicePublic {
    signing: VerifyingKey,
    agreement: [u8; 32],
}

impl DevicePublic {
    /// What its signatures verify under.
    #[must_use]
    pub const fn signing(&self) -> &VerifyingKey {
        &self.signing
    }

    /// Its X25519 public key, not of low order.
    #[must_use]
    pub const fn agreement(&self) -> &[u8; 32] {
        &self.agreement
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.signing.to_bytes());
        writer.bytes(&self.agreement);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let signing = reader.key()?;
        let agreement = *reader.array()?;
        if is_low_order(&agreement) {
            return Err(DecodeError::Key);
        }
        Ok(Self { signing, agreement })
    }
}

#[cfg(test)]
mod tests {
    use primitives::x25519;

    use super::*;

    #[test]
    fn two_devices_agree() {
        let [a, b] = [1, 2].map(|seed| DeviceKey::from_seed(&Secret::new([seed; 32])));
        assert_eq!(
            x25519(a.agreement(), b.public().agreement()),
            x25519(b.agreement(), a.public().agreement())
        );
    }

    #[test]
    fn an_agreement_key_of_low_order_is_refused() {
        let device = DeviceKey::from_seed(&Secret::new([1; 32]));
        let mut writer = Writer::new();
        device.public().write(&mut writer);
        let mut bytes = writer.finish();
        let read = |bytes: &[u8]| DevicePublic::read(&mut Reader::new(bytes));
        assert_eq!(read(&bytes), Ok(*device.public()));
        for low in [0, 1] {
            bytes[32..].fill(0);
            bytes[32] = low;
            assert_eq!(read(&bytes), Err(DecodeError::Key));
        }
    }
}
