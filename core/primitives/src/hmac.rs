use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha512};

use crate::Secret;

/// HMAC-SHA-256 (RFC 2104) of the concatenation of `parts` under `key`, which may have any length.
///
/// To check a tag, compare with [`ct_eq`](crate::ConstantTimeEq::ct_eq), never with `==`.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is taken, so there is no other arm to reach.
    let Ok(mut state) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    for part in parts {
        state.update(part);
    }
    state.finalize().into_bytes().into()
}

/// HMAC-SHA-512, as a secret; the rest as [`hmac_sha256`].
#[must_use]
pub fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Secret<64> {
    let Ok(mut state) = Hmac::<Sha512>::new_from_slice(key) else {
        return Secret::new([0; 64]);
    };
    for part in parts {
        state.update(part);
    }
    Secret::new(state.finalize().into_bytes().into())
}
