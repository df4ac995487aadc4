use blake2::Blake2b512;
use hkdf::{Hkdf, SimpleHkdf};
use sha2::{Sha256, Sha512};
use zeroize::Zeroize;

use crate::Secret;

/// The pseudo-random key between the two steps of HKDF with HMAC-BLAKE2b-512.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 1, `Extract` and `Expand`; RFC 5869.
#[derive(Clone, Debug)]
pub struct Prk(Secret<64>);

impl Prk {
    /// `Extract(ikm, salt)`. Both may have any length; an empty salt counts as 64 zero bytes.
    #[must_use]
    pub fn extract(ikm: &[u8], salt: &[u8]) -> Self {
        let (mut prk, _) = SimpleHkdf::<Blake2b512>::extract(Some(salt), ikm);
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(&prk) {
            *to = *from;
        }
        prk.zeroize();
        Self(Secret::new(bytes))
    }

    /// `Expand(self, info, N)`, `info` being the concatenation of its parts. `N` is at most
    /// 16,320, checked when compiling.
    #[must_use]
    pub fn expand<const N: usize>(&self, info: &[&[u8]]) -> Secret<N> {
        const { assert!(N <= 255 * 64, "RFC 5869 allows 255 blocks") };
        let mut okm = [0; N];
        // Neither step can fail: the key is one digest long, and the length is checked above.
        if let Ok(hkdf) = SimpleHkdf::<Blake2b512>::from_prk(self.0.expose()) {
            let _ = hkdf.expand_multi_info(info, &mut okm);
        }
        Secret::new(okm)
    }
}

/// HKDF-SHA-256 (RFC 5869), both steps. `ikm` and `salt` may have any length, an empty salt counts
/// as 32 zero bytes, `info` is the concatenation of its parts. `N` is at most 8,160, checked when
/// compiling.
#[must_use]
pub fn hkdf_sha256<const N: usize>(ikm: &[u8], salt: &[u8], info: &[&[u8]]) -> Secret<N> {
    const { assert!(N <= 255 * 32, "RFC 5869 allows 255 blocks") };
    let mut okm = [0; N];
    // Cannot fail: the length is checked above.
    let _ = Hkdf::<Sha256>::new(Some(salt), ikm).expand_multi_info(info, &mut okm);
    Secret::new(okm)
}

/// The pseudo-random key between the two steps of HKDF-SHA-512, for whoever takes the second one
/// several times. Erased on drop.
pub struct Prk512(Hkdf<Sha512>);

impl Prk512 {
    /// The first step; an empty salt counts as 64 zero bytes.
    #[must_use]
    pub fn extract(ikm: &[u8], salt: &[u8]) -> Self {
        Self(Hkdf::new(Some(salt), ikm))
    }

    /// What the first step gave.
    pub(crate) fn of(prk: &Secret<64>) -> Option<Self> {
        Hkdf::from_prk(prk.expose()).ok().map(Self)
    }

    /// The second step; `info` is the concatenation of its parts. `N` is at most 16,320, checked when
    /// compiling.
    #[must_use]
    pub fn expand<const N: usize>(&self, info: &[&[u8]]) -> Secret<N> {
        const { assert!(N <= 255 * 64, "RFC 5869 allows 255 blocks") };
        let mut okm = Secret::new([0; N]);
        // Cannot fail: the length is checked above.
        let _ = self.0.expand_multi_info(info, okm.expose_mut());
        okm
    }
}

impl core::fmt::Debug for Prk512 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Prk512")
    }
}

/// HKDF-SHA-512; the rest as [`hkdf_sha256`], but an empty salt counts as 64 zero bytes and `N` is
/// at most 16,320.
#[must_use]
pub fn hkdf_sha512<const N: usize>(ikm: &[u8], salt: &[u8], info: &[&[u8]]) -> Secret<N> {
    Prk512::extract(ikm, salt).expand(info)
}
