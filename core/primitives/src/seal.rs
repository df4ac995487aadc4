use alloc::vec::Vec;

use chacha20::XChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce};
use kernel::Kind;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroize;

use crate::Secret;

pub use nonce::{NONCE_LEN, open_in_place, seal_in_place};
pub use probe::opens;

mod nonce;
mod probe;

/// Bytes that [`seal`] puts before the ciphertext.
pub const TAG_LEN: usize = 16;

/// The box does not open: altered, cut, or sealed with another key or other data.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("message does not verify")]
#[non_exhaustive]
pub struct OpenError;

impl OpenError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::PeerMisbehaved
    }
}

/// Seals `message` with authenticated `data`: 16 bytes of tag, then as many bytes of ciphertext as
/// `message` has.
///
/// XChaCha20-Poly1305 with a nonce of zeros, so a key seals exactly one message, ever.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 1, `seal`.
#[must_use]
pub fn seal(key: &Secret<32>, message: &[u8], data: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(message.len().saturating_add(TAG_LEN));
    sealed.extend_from_slice(&[0; TAG_LEN]);
    sealed.extend_from_slice(message);
    let done = sealed
        .split_first_chunk_mut::<TAG_LEN>()
        .is_some_and(|(tag, body)| match encrypt(key, body, data) {
            Some(mac) => {
                *tag = mac;
                true
            }
            None => false,
        });
    if !done {
        // Over 256 GiB. Zeros are a box that nobody opens; the message does not leave.
        sealed.as_mut_slice().zeroize();
    }
    sealed
}

/// The inverse of [`seal`]; `sealed` may have any length and come from anyone.
///
/// Whether it opens shows in the result only: the message is decrypted in any case, and wiped in
/// place if it does not verify, by the same work.
///
/// # Errors
///
/// [`OpenError`].
///
/// # Spec
///
/// `spec/10-rendezvous.md` 1, `open`.
pub fn open(key: &Secret<32>, sealed: &[u8], data: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (tag, body) = sealed.split_first_chunk::<TAG_LEN>().ok_or(OpenError)?;
    let (message, opens) = decrypt(key, tag, body, data)?;
    match bool::from(opens) {
        true => Ok(message),
        false => Err(OpenError),
    }
}

/// The message and whether it verifies; zeros if it does not. An error is a body over 256 GiB.
fn decrypt(
    key: &Secret<32>,
    tag: &[u8; TAG_LEN],
    body: &[u8],
    data: &[u8],
) -> Result<(Vec<u8>, Choice), OpenError> {
    let mut stream = XChaCha20::new(key.expose().into(), (&[0; NONCE_LEN]).into());
    // the first block of the stream is the key of the tag
    let mut first = [0; 64];
    stream.apply_keystream(&mut first);
    let once = first.first_chunk().copied().unwrap_or_default();
    let opens = probe::verifies(&Secret::new(once), body, tag, data);
    first.zeroize();
    let mut message = body.to_vec();
    let done = stream.try_apply_keystream(&mut message);
    done.map_err(|_| OpenError)?;
    for byte in &mut message {
        *byte = u8::conditional_select(&0, byte, opens);
    }
    Ok((message, opens))
}

/// Whether `tag` is `seal(key, "", data)`, by the same work in both cases and without a branch on
/// the answer.
#[must_use]
pub fn opens_empty(key: &Secret<32>, tag: &[u8; TAG_LEN], data: &[u8]) -> Choice {
    match encrypt(key, &mut [], data) {
        Some(mac) => mac.ct_eq(tag),
        None => Choice::from(0),
    }
}

fn encrypt(key: &Secret<32>, body: &mut [u8], data: &[u8]) -> Option<[u8; TAG_LEN]> {
    cipher(key)
        .encrypt_inout_detached(&XNonce::default(), data, InOutBuf::from(body))
        .ok()
        .map(Into::into)
}

fn cipher(key: &Secret<32>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn what_does_not_verify_is_decrypted_and_wiped_all_the_same() {
        let key = Secret::new([7; 32]);
        for length in [0, 1, 63, 64, 65, 829] {
            let sealed = seal(&key, &vec![5; length], b"data");
            let (tag, body) = sealed.split_first_chunk().unwrap();
            let (message, opens) = decrypt(&key, tag, body, b"data").unwrap();
            assert!(bool::from(opens) && message == vec![5; length], "{length}");
            let (message, opens) = decrypt(&key, tag, body, b"other").unwrap();
            assert!(!bool::from(opens) && message == vec![0; length], "{length}");
        }
    }
}
