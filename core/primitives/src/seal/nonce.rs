use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, Tag, XNonce};
use zeroize::Zeroize;

use super::{OpenError, TAG_LEN, cipher};
use crate::Secret;

/// Bytes of the nonce of [`seal_in_place`].
pub const NONCE_LEN: usize = 24;

/// Encrypts `body` where it stands and returns the tag over it, `nonce` and `data`.
///
/// XChaCha20-Poly1305. A nonce must not come twice under one key; 24 random bytes never do. The tag is
/// not part of `body`: the caller's format says where it goes (RFC 8439 puts it behind).
///
/// A body over 256 GiB cannot be sealed: it is erased, and nothing opens with the tag.
#[must_use]
pub fn seal_in_place(
    key: &Secret<32>,
    nonce: &[u8; NONCE_LEN],
    body: &mut [u8],
    data: &[u8],
) -> [u8; TAG_LEN] {
    let nonce = XNonce::from(*nonce);
    let sealed = cipher(key).encrypt_inout_detached(&nonce, data, InOutBuf::from(&mut *body));
    match sealed {
        Ok(tag) => tag.into(),
        Err(_) => {
            body.zeroize();
            [0; TAG_LEN]
        }
    }
}

/// The inverse of [`seal_in_place`]: verifies first, then decrypts `body` where it stands.
///
/// `body`, `tag` and `data` may come from anyone.
///
/// # Errors
///
/// [`OpenError`]; `body` is then as it was.
pub fn open_in_place(
    key: &Secret<32>,
    nonce: &[u8; NONCE_LEN],
    body: &mut [u8],
    tag: &[u8; TAG_LEN],
    data: &[u8],
) -> Result<(), OpenError> {
    let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
    cipher(key)
        .decrypt_inout_detached(&nonce, data, InOutBuf::from(body), &tag)
        .map_err(|_| OpenError)
}
