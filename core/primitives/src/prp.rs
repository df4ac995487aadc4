use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use crate::Secret;

/// A permutation of 32 bytes: AES-256 on each half by itself.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 1, `PRP`. Equal halves give equal halves; the inputs here are
/// uniform, so that does not show.
#[derive(Debug)]
pub struct Prp(Aes256);

impl Prp {
    /// The permutation of `key`.
    #[must_use]
    pub fn new(key: &Secret<32>) -> Self {
        Self(Aes256::new(key.expose().into()))
    }

    /// `PRP(key, block)`.
    #[must_use]
    pub fn encrypt(&self, block: &[u8; 32]) -> [u8; 32] {
        each_half(block, |half| self.0.encrypt_block(half.into()))
    }

    /// `PRP⁻¹(key, block)`.
    #[must_use]
    pub fn decrypt(&self, block: &[u8; 32]) -> [u8; 32] {
        each_half(block, |half| self.0.decrypt_block(half.into()))
    }
}

fn each_half(block: &[u8; 32], permute: impl Fn(&mut [u8; 16])) -> [u8; 32] {
    let mut out = *block;
    let (halves, _) = out.as_chunks_mut::<16>();
    halves.iter_mut().for_each(permute);
    out
}
