use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, Nonce, Tag};

use crate::signature::KeyError;
use crate::{OpenError, Prk512, Secret, TAG_LEN, hmac_sha512, x_wing};

/// The secret half of an X-Wing key pair, which HPKE seals to. Erased on drop.
///
/// HPKE here is base mode of RFC 9180 with MLKEM768-X25519 (`0x647a`, draft-ietf-hpke-pq),
/// HKDF-SHA-512 (`0x0003`) and ChaCha20-Poly1305 (`0x0003`), with empty `info` and `aad`.
pub struct HpkeKey(x_wing::Key);

impl HpkeKey {
    /// The pair of a 32-byte seed, which is the X-Wing decapsulation key.
    #[must_use]
    pub fn from_seed(seed: &Secret<32>) -> Self {
        Self(x_wing::Key::from_seed(seed))
    }

    /// The public half, as it is sent.
    #[must_use]
    pub fn public(&self) -> Box<[u8; HpkePublicKey::LEN]> {
        self.0.public()
    }
}

impl fmt::Debug for HpkeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkeKey")
    }
}

/// The public half of an X-Wing key pair: an ML-KEM-768 key, then an X25519 key.
pub struct HpkePublicKey(x_wing::PublicKey);

impl HpkePublicKey {
    /// Bytes of the key.
    pub const LEN: usize = x_wing::PUBLIC_LEN;
    /// Bytes of what carries a secret to it.
    pub const ENCAPSULATED_LEN: usize = x_wing::ENCAPSULATED_LEN;

    /// Takes a key of anyone's.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: the ML-KEM part is not canonical.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, KeyError> {
        x_wing::PublicKey::from_bytes(bytes).map(Self)
    }
}

impl fmt::Debug for HpkePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkePublicKey")
    }
}

/// The sending end of an HPKE context: the n-th message can be opened as the n-th only.
pub struct HpkeSender(Context);

impl HpkeSender {
    /// A context to `to`, and the encapsulated key that its owner needs. `seed` is fresh random bytes:
    /// 32 for ML-KEM, 32 for X25519.
    #[must_use]
    pub fn new(
        to: &HpkePublicKey,
        seed: &Secret<64>,
    ) -> (Self, Box<[u8; HpkePublicKey::ENCAPSULATED_LEN]>) {
        let (encapsulated, secret) = to.0.encapsulate(seed);
        (Self(Context::of(&secret)), encapsulated)
    }

    /// Seals the next message: as many bytes as it has, then a tag of 16. `None` after 2^64 messages;
    /// whoever may not send what comes out must not ask, for the receiver would wait for it.
    #[must_use]
    pub fn seal(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let nonce = self.0.nonce()?;
        let mut sealed = Vec::with_capacity(message.len().saturating_add(TAG_LEN));
        sealed.extend_from_slice(message);
        let body = InOutBuf::from(&mut sealed[..]);
        let tag = self.0.cipher().encrypt_inout_detached(&nonce, &[], body);
        sealed.extend_from_slice(&tag.ok()?);
        self.0.advance();
        Some(sealed)
    }

    /// A secret of both ends of this context, for `context` (RFC 9180 section 5.3), at most 16,320
    /// bytes of it.
    #[must_use]
    pub fn export<const N: usize>(&self, context: &[u8]) -> Secret<N> {
        self.0.export(context)
    }
}

impl fmt::Debug for HpkeSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkeSender")
    }
}

/// The receiving end of an HPKE context.
pub struct HpkeRecipient(Context);

impl HpkeRecipient {
    /// The context whose sender made `encapsulated`, 1,120 bytes of anyone's. What was not made for
    /// this key gives a context in which nothing opens.
    #[must_use]
    pub fn new(key: &HpkeKey, encapsulated: &[u8; HpkePublicKey::ENCAPSULATED_LEN]) -> Self {
        Self(Context::of(&key.0.decapsulate(encapsulated)))
    }

    /// Opens the next message.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: it is not the next one, or not as it was sent. The next one still opens.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let nonce = self.0.nonce().ok_or(OpenError)?;
        let (body, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(OpenError)?;
        let mut message = body.to_vec();
        let body = InOutBuf::from(&mut message[..]);
        let opened = self.0.cipher();
        let opened = opened.decrypt_inout_detached(&nonce, &[], body, &Tag::from(*tag));
        opened.map_err(|_| OpenError)?;
        self.0.advance();
        Ok(message)
    }

    /// As [`HpkeSender::export`]: the same secret at both ends.
    #[must_use]
    pub fn export<const N: usize>(&self, context: &[u8]) -> Secret<N> {
        self.0.export(context)
    }
}

impl fmt::Debug for HpkeRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkeRecipient")
    }
}

/// What both ends have: `Context` of RFC 9180 section 5.
struct Context {
    key: Secret<32>,
    nonce: Secret<12>,
    exporter: Secret<64>,
    /// The number of the next message; `None` after the last one.
    next: Option<u64>,
}

impl Context {
    /// `KeySchedule` of RFC 9180 section 5.1, with an empty `info` and no `psk`.
    fn of(shared: &Secret<32>) -> Self {
        let secret = Prk512::of(&extract(shared.expose(), b"secret"));
        let context = [&[MODE_BASE][..], &PSK_ID_HASH, &INFO_HASH];
        Self {
            key: expand(secret.as_ref(), b"key", context),
            nonce: expand(secret.as_ref(), b"base_nonce", context),
            exporter: expand(secret.as_ref(), b"exp", context),
            next: Some(0),
        }
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(self.key.expose().into())
    }

    /// `ComputeNonce` of RFC 9180 section 5.2.
    fn nonce(&self) -> Option<Nonce> {
        let mut nonce = *self.nonce.expose();
        let number = self.next?.to_le_bytes();
        for (byte, number) in nonce.iter_mut().rev().zip(number) {
            *byte ^= number;
        }
        Some(nonce.into())
    }

    fn advance(&mut self) {
        self.next = self.next.and_then(|number| number.checked_add(1));
    }

    fn export<const N: usize>(&self, context: &[u8]) -> Secret<N> {
        let exporter = Prk512::of(&self.exporter);
        expand(exporter.as_ref(), b"sec", [context, &[], &[]])
    }
}

/// `LabeledExtract` of nothing.
fn extract(salt: &[u8], label: &[u8]) -> Secret<64> {
    hmac_sha512(salt, &[VERSION, SUITE, label])
}

/// `LabeledExpand`. There is a key: it is one digest long.
fn expand<const N: usize>(key: Option<&Prk512>, label: &[u8], info: [&[u8]; 3]) -> Secret<N> {
    let length = u16::try_from(N).unwrap_or(u16::MAX).to_be_bytes();
    let [one, two, three] = info;
    let info = [&length, VERSION, SUITE, label, one, two, three];
    key.map_or_else(|| Secret::new([0; N]), |key| key.expand(&info))
}

/// `LabeledExtract` of nothing for `psk_id_hash` and `info_hash`: always the same.
const PSK_ID_HASH: [u8; 64] = [
    0x4e, 0x62, 0xe1, 0x99, 0xd0, 0x82, 0x73, 0xf1, 0x6f, 0x5f, 0x29, 0xa7, 0x03, 0xb6, 0x61, 0x59,
    0x58, 0x71, 0x9e, 0x21, 0xf1, 0xce, 0xc2, 0x99, 0x6b, 0x01, 0xc0, 0xbf, 0xa1, 0x6b, 0x56, 0x92,
    0x45, 0x97, 0x33, 0xce, 0xb1, 0x42, 0x8d, 0x6e, 0xd8, 0x13, 0x05, 0x78, 0xbe, 0xb7, 0x82, 0x64,
    0xd0, 0xa4, 0x01, 0xb6, 0xa8, 0x17, 0x7b, 0xae, 0x0e, 0xa9, 0x5c, 0x91, 0x2c, 0x78, 0x39, 0x65,
];
const INFO_HASH: [u8; 64] = [
    0x5c, 0x27, 0xd8, 0x29, 0x2f, 0x7a, 0xc0, 0xf1, 0x28, 0xbf, 0xbf, 0xea, 0x1c, 0x18, 0x2c, 0x9a,
    0xca, 0x07, 0x25, 0x57, 0xc7, 0x9d, 0x6d, 0xd5, 0x12, 0x0d, 0xf8, 0x16, 0xa7, 0xab, 0x74, 0xa7,
    0xb6, 0x3a, 0xca, 0x26, 0x34, 0x1b, 0x0a, 0x6c, 0x32, 0x37, 0x97, 0xa7, 0xf7, 0x90, 0x2d, 0x0d,
    0x99, 0xec, 0xe9, 0xe0, 0xd5, 0x72, 0xf6, 0xee, 0x8c, 0xcf, 0x99, 0x53, 0x59, 0x8d, 0xe9, 0xef,
];
const MODE_BASE: u8 = 0;
const VERSION: &[u8] = b"HPKE-v1";
/// The KEM, the KDF, the AEAD.
const SUITE: &[u8] = b"HPKE\x64\x7a\x00\x03\x00\x03";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_always_the_same_is_what_rfc_9180_says() {
        assert_eq!(*extract(&[], b"psk_id_hash").expose(), PSK_ID_HASH);
        assert_eq!(*extract(&[], b"info_hash").expose(), INFO_HASH);
    }
}
