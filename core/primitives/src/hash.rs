use blake2::{Blake2b512, Digest};
use zeroize::Zeroize;

use crate::Secret;

/// `H` of the concatenation of `parts`: BLAKE2b with a 64-byte digest, no key; its first 32 bytes.
///
/// Not BLAKE2b with a 32-byte digest, which differs. Parts are not delimited; where their lengths
/// vary, the caller sees to it that no two meanings give the same concatenation.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 1.
#[must_use]
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Blake2b512::new();
    for part in parts {
        state.update(part);
    }
    let mut digest = state.finalize();
    let mut first = [0; 32];
    for (to, from) in first.iter_mut().zip(&digest) {
        *to = *from;
    }
    digest.zeroize();
    first
}

/// [`hash`] where the result is a key.
#[must_use]
pub fn hash_secret(parts: &[&[u8]]) -> Secret<32> {
    Secret::new(hash(parts))
}
