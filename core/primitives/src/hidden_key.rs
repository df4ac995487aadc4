use core::ops::Add;

use chacha20::ChaCha20Legacy;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::Secret;
use field::Element;

mod field;

/// A Curve25519 key pair whose public half looks like 32 uniform bytes.
///
/// The public key is dirty: it has a component of low order. Without it, membership of the
/// prime-order subgroup would confirm a guessed passphrase. X25519 scalars are multiples of 8, so
/// agreement does not notice.
#[derive(Debug)]
pub struct HiddenKey {
    hidden: [u8; 32],
    scalar: Secret<32>,
}

impl HiddenKey {
    /// `hide(seed)`. Constant time but for the number of candidates, 2 on average.
    ///
    /// # Spec
    ///
    /// `spec/10-rendezvous.md` 1.1.
    #[must_use]
    pub fn from_seed(seed: &Secret<32>) -> Self {
        let mut candidate = Candidate::draw(seed);
        loop {
            if let Some(hidden) = candidate.hide() {
                return Self {
                    hidden,
                    scalar: candidate.scalar,
                };
            }
            candidate = Candidate::draw(&candidate.next);
        }
    }

    /// The public half, as it may be sent under a cipher. All 256 bits look random.
    #[must_use]
    pub const fn hidden(&self) -> &[u8; 32] {
        &self.hidden
    }

    /// The secret half, unclamped, for [`x25519`](crate::x25519).
    #[must_use]
    pub const fn scalar(&self) -> &Secret<32> {
        &self.scalar
    }
}

/// `reveal(hidden)`: the u-coordinate that `hidden` stands for. Every 32 bytes stand for one; the
/// top two bits do not count. Constant time.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 1.1.
#[must_use]
pub fn reveal(hidden: &[u8; 32]) -> [u8; 32] {
    let mut bytes = *hidden;
    if let Some(last) = bytes.last_mut() {
        *last &= 0x3f;
    }
    let r = Element::from_bytes(&bytes);
    let a = Element::A;
    let w = a
        .negate()
        .mul(&Element::ONE.add(&r.square().double()).invert());
    // w³ + A·w² + w
    let e = w.square().add(&a.mul(&w)).add(&Element::ONE).mul(&w);
    let u = Element::select(&w.add(&a).negate(), &w, e.is_square_or_zero());
    u.to_bytes()
}

struct Candidate {
    scalar: Secret<32>,
    next: Secret<32>,
}

impl Candidate {
    fn draw(seed: &Secret<32>) -> Self {
        let (mut scalar, mut next) = ([0; 32], [0; 32]);
        let mut stream = ChaCha20Legacy::new(seed.expose().into(), &[0; 8].into());
        stream.apply_keystream(&mut scalar);
        stream.apply_keystream(&mut next);
        Self {
            scalar: Secret::new(scalar),
            next: Secret::new(next),
        }
    }

    /// Byte that picks the representative and fills its two free bits.
    fn tweak(&self) -> u8 {
        self.next.expose().first().copied().unwrap_or_default()
    }

    /// The representative of the dirty public key, for about half of the candidates.
    fn hide(&self) -> Option<[u8; 32]> {
        let tweak = self.tweak();
        let u = Element::from_bytes(&self.dirty_public());
        let sum = u.add(&Element::A);
        let found = u.mul(&sum).double().negate().is_nonzero_square();
        if !bool::from(found) {
            return None;
        }
        // r² = -u / 2(u + A), or its inverse over 4: -(u + A) / 2u
        let odd = Choice::from(tweak & 1);
        let top = Element::select(&u, &sum, odd);
        let bottom = Element::select(&sum, &u, odd);
        let root = top.mul(&bottom.double().invert()).negate().sqrt();
        // the one in 0..(p-1)/2 is the one whose double does not wrap
        let root = Element::select(&root, &root.negate(), root.double().is_odd());
        let mut hidden = root.to_bytes();
        if let Some(last) = hidden.last_mut() {
            *last |= tweak & 0xc0;
        }
        Some(hidden)
    }

    /// `(1 + y)/(1 - y)` of `[clamp(x)]B + [x[0] mod 8]·L`.
    fn dirty_public(&self) -> [u8; 32] {
        let x = self.scalar.expose();
        let low = x.first().copied().unwrap_or_default() & 7;
        let clean = EdwardsPoint::mul_base_clamped(*x);
        Add::add(clean, low_order(low)).to_montgomery().to_bytes()
    }
}

/// `[multiple]·L` for the spec's L, the third of dalek's multiples of its own generator; all
/// eight are touched.
fn low_order(multiple: u8) -> EdwardsPoint {
    let index = multiple.wrapping_mul(L_IN_DALEK) & 7;
    let mut point = EdwardsPoint::default();
    for (number, torsion) in (0u8..).zip(&EIGHT_TORSION) {
        point.conditional_assign(torsion, number.ct_eq(&index));
    }
    point
}

const L_IN_DALEK: u8 = 3;

#[cfg(test)]
mod tests;
