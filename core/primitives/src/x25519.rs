use curve25519_dalek::MontgomeryPoint;
use zeroize::Zeroize;

use crate::Secret;

/// The X25519 function: `scalar` is clamped, the top bit of `u` ignored.
///
/// An all-zero result (a `u` of low order) is returned like any other: here it must not be told
/// apart from a wrong passphrase.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 1, `X25519`; RFC 7748 section 5.
#[must_use]
pub fn x25519(scalar: &Secret<32>, u: &[u8; 32]) -> Secret<32> {
    let mut shared = MontgomeryPoint(*u).mul_clamped(*scalar.expose());
    let secret = Secret::new(shared.to_bytes());
    shared.zeroize();
    secret
}
