use primitives::{Secret, x25519};

/// The X25519 public key of a scalar.
pub(crate) fn public_of(scalar: &Secret<32>) -> [u8; 32] {
    *x25519(scalar, &BASE_POINT).expose()
}

/// Whether every agreement with `key` gives the same secret, zero.
pub(crate) fn is_low_order(key: &[u8; 32]) -> bool {
    // Any clamped scalar shows a low order: it is a multiple of 8.
    x25519(&Secret::new([0; 32]), key) == Secret::new([0; 32])
}

const BASE_POINT: [u8; 32] = {
    let mut u = [0; 32];
    u[0] = 9;
    u
};
