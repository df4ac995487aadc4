use alloc::boxed::Box;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;

use hpke::aead::{AeadCtxR, AeadCtxS, ChaCha20Poly1305};
use hpke::kdf::HkdfSha512;
use hpke::kem::XWing;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, setup_receiver};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::signature::KeyError;
use crate::{OpenError, Secret, array};

/// The secret half of an X-Wing key pair, which HPKE seals to. Erased on drop.
///
/// HPKE here is base mode of RFC 9180 with MLKEM768-X25519 (`0x647a`, draft-ietf-hpke-pq),
/// HKDF-SHA-512 (`0x0003`) and ChaCha20-Poly1305 (`0x0003`), with empty `info` and `aad`.
pub struct HpkeKey(Box<<XWing as Kem>::PrivateKey>);

impl HpkeKey {
    /// The pair of a 32-byte seed, which is the X-Wing decapsulation key.
    #[must_use]
    pub fn from_seed(seed: &Secret<32>) -> Option<Self> {
        let key = Deserializable::from_bytes(seed.expose()).ok()?;
        Some(Self(Box::new(key)))
    }

    /// The public half, as it is sent.
    #[must_use]
    pub fn public(&self) -> Box<[u8; HpkePublicKey::LEN]> {
        array(&XWing::sk_to_pk(&self.0).to_bytes())
    }
}

impl fmt::Debug for HpkeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkeKey")
    }
}

/// The public half of an X-Wing key pair: an ML-KEM-768 key, then an X25519 key.
pub struct HpkePublicKey(Box<<XWing as Kem>::PublicKey>);

impl HpkePublicKey {
    /// Bytes of the key.
    pub const LEN: usize = 1216;
    /// Bytes of what carries a secret to it.
    pub const ENCAPSULATED_LEN: usize = 1120;

    /// Takes a key of anyone's.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: the ML-KEM part is not canonical.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, KeyError> {
        let key = Deserializable::from_bytes(bytes).map_err(|_| KeyError)?;
        Ok(Self(Box::new(key)))
    }
}

impl fmt::Debug for HpkePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkePublicKey")
    }
}

/// The sending end of an HPKE context: the n-th message can be opened as the n-th only.
pub struct HpkeSender(Box<AeadCtxS<ChaCha20Poly1305, HkdfSha512, XWing>>);

impl HpkeSender {
    /// A context to `to`, and the encapsulated key that its owner needs. `seed` is fresh random bytes:
    /// 32 for ML-KEM, 32 for X25519.
    ///
    /// `None` does not happen with a key that [`HpkePublicKey::from_bytes`] took.
    #[must_use]
    pub fn new(
        to: &HpkePublicKey,
        seed: &Secret<64>,
    ) -> Option<(Self, Box<[u8; HpkePublicKey::ENCAPSULATED_LEN]>)> {
        let mut seed = Seed(seed.clone(), 0);
        let (encapsulated, context) =
            hpke::setup_sender_with_rng(&OpModeS::Base, &*to.0, &[], &mut seed).ok()?;
        Some((Self(Box::new(context)), array(&encapsulated.to_bytes())))
    }

    /// Seals the next message: as many bytes as it has, then a tag of 16. `None` after 2^64 messages;
    /// whoever may not send what comes out must not ask, for the receiver would wait for it.
    #[must_use]
    pub fn seal(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        self.0.seal(message, &[]).ok()
    }

    /// A secret of both ends of this context, for `context` (RFC 9180 section 5.3), at most 16,320
    /// bytes of it.
    #[must_use]
    pub fn export<const N: usize>(&self, context: &[u8]) -> Secret<N> {
        const { assert!(N <= 255 * 64, "RFC 5869 allows 255 blocks") };
        let mut out = [0; N];
        // Cannot fail: the length is checked above.
        let _ = self.0.export(context, &mut out);
        Secret::new(out)
    }
}

impl fmt::Debug for HpkeSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkeSender")
    }
}

/// The receiving end of an HPKE context.
pub struct HpkeRecipient(Box<AeadCtxR<ChaCha20Poly1305, HkdfSha512, XWing>>);

impl HpkeRecipient {
    /// The context whose sender made `encapsulated`, 1,120 bytes of anyone's. What was not made for
    /// this key gives a context in which nothing opens.
    #[must_use]
    pub fn new(
        key: &HpkeKey,
        encapsulated: &[u8; HpkePublicKey::ENCAPSULATED_LEN],
    ) -> Option<Self> {
        let encapsulated = Deserializable::from_bytes(encapsulated).ok()?;
        let context = setup_receiver(&OpModeR::Base, &*key.0, &encapsulated, &[]).ok()?;
        Some(Self(Box::new(context)))
    }

    /// Opens the next message.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: it is not the next one, or not as it was sent. The next one still opens.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.0.open(sealed, &[]).map_err(|_| OpenError)
    }

    /// As [`HpkeSender::export`]: the same secret at both ends.
    #[must_use]
    pub fn export<const N: usize>(&self, context: &[u8]) -> Secret<N> {
        const { assert!(N <= 255 * 64, "RFC 5869 allows 255 blocks") };
        let mut out = [0; N];
        // Cannot fail: the length is checked above.
        let _ = self.0.export(context, &mut out);
        Secret::new(out)
    }
}

impl fmt::Debug for HpkeRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkeRecipient")
    }
}

/// The 64 bytes that encapsulating draws, in the clothes of a generator; zeros if it drew more, which
/// a test would see.
#[derive(ZeroizeOnDrop)]
struct Seed(Secret<64>, usize);

impl TryRng for Seed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.zeroize();
        let rest = self.0.expose().get(self.1..).unwrap_or_default();
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        self.1 = self.1.saturating_add(out.len());
        Ok(())
    }
}

impl TryCryptoRng for Seed {}
