use chacha20::XChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use poly1305::universal_hash::{KeyInit, UniversalHash};
use poly1305::{Block, Poly1305};
use subtle::{Choice, ConstantTimeEq};

use super::{NONCE_LEN, TAG_LEN};
use crate::Secret;

/// Whether [`open_in_place`](super::open_in_place) would succeed, by the same work in both cases and
/// without a branch on the answer. Nothing is decrypted.
///
/// For trying one key on many boxes: time tells neither which one opens, nor whether any does.
#[must_use]
pub fn opens(
    key: &Secret<32>,
    nonce: &[u8; NONCE_LEN],
    body: &[u8],
    tag: &[u8; TAG_LEN],
    data: &[u8],
) -> Choice {
    let mut once = Secret::new([0; 32]);
    XChaCha20::new(key.expose().into(), nonce.into()).apply_keystream(once.expose_mut());
    verifies(&once, body, tag, data)
}

/// Whether `tag` is the one over `body` and `data` under `once`, the first bytes of the stream.
pub(super) fn verifies(once: &Secret<32>, body: &[u8], tag: &[u8; TAG_LEN], data: &[u8]) -> Choice {
    let mut mac = Poly1305::new(once.expose().into());
    mac.update_padded(data);
    mac.update_padded(body);
    mac.update(&[lengths(data, body)]);
    let expected: [u8; TAG_LEN] = mac.finalize().into();
    expected.ct_eq(tag)
}

/// Both lengths, little-endian, eight bytes each.
fn lengths(data: &[u8], body: &[u8]) -> Block {
    let both = [data, body].map(|part| u64::try_from(part.len()).unwrap_or(u64::MAX));
    let both = u128::from(both[1]) << 64 | u128::from(both[0]);
    Block::from(both.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::seal_in_place;

    #[test]
    fn says_what_opening_would() {
        let (key, nonce) = (Secret::new([7; 32]), [9; NONCE_LEN]);
        for (length, data) in [
            (0, &b""[..]),
            (1, b"d"),
            (16, b"data"),
            (216, b""),
            (5, &[1; 17]),
        ] {
            let mut body = vec![3; length];
            let tag = seal_in_place(&key, &nonce, &mut body, data);
            let opens = |key: &Secret<32>, nonce, body: &[u8], tag, data| {
                bool::from(opens(key, nonce, body, tag, data))
            };
            assert!(opens(&key, &nonce, &body, &tag, data), "{length}");
            let mut wrong = tag;
            wrong[15] ^= 128;
            assert!(!opens(&key, &nonce, &body, &wrong, data));
            assert!(!opens(&Secret::new([8; 32]), &nonce, &body, &tag, data));
            assert!(!opens(&key, &[8; NONCE_LEN], &body, &tag, data));
            assert!(!opens(&key, &nonce, &body, &tag, b"other"));
            body.push(0);
            assert!(!opens(&key, &nonce, &body, &tag, data));
        }
    }
}
