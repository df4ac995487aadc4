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

/// [`x25519`] with a `u` that everybody may know, in two thirds of the time: whether it is on the curve or
/// on its twist shows in the time, the scalar does not.
pub(crate) fn x25519_of_known(scalar: &Secret<32>, u: &[u8; 32]) -> Secret<32> {
    // Either of the two points over `u` will do: their multiples have one u.
    let Some(point) = MontgomeryPoint(*u).to_edwards(0) else {
        return x25519(scalar, u);
    };
    let mut point = point.mul_clamped(*scalar.expose());
    let mut shared = point.to_montgomery();
    let secret = Secret::new(shared.to_bytes());
    point.zeroize();
    shared.zeroize();
    secret
}

/// The public half of an X25519 key pair: `x25519(scalar, 9)`, in a third of the time.
#[must_use]
pub fn x25519_public(scalar: &Secret<32>) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*scalar.expose()).to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_that_is_known_gives_the_same() {
        // On the curve and on its twist, of low order, beyond p, and with the top bit set.
        let low = curve25519_dalek::constants::EIGHT_TORSION.map(|point| point.to_montgomery().0);
        let mut points = low.to_vec();
        for byte in 0..=255 {
            let mut point = [byte; 32];
            points.push(point);
            point[1..31].fill(0xff);
            points.push(point);
        }
        for (number, point) in (0..=255).cycle().zip(&points) {
            let scalar = Secret::new([number; 32]);
            let known = x25519_of_known(&scalar, point);
            assert_eq!(known, x25519(&scalar, point), "{point:?}");
        }
    }

    #[test]
    fn a_public_half_is_the_function_of_nine() {
        let mut nine = [0; 32];
        nine[0] = 9;
        for byte in [0, 1, 77, 0x7f, 0xff] {
            let scalar = Secret::new([byte; 32]);
            assert_eq!(
                Secret::new(x25519_public(&scalar)),
                x25519(&scalar, &nine),
                "{byte}"
            );
        }
    }
}
