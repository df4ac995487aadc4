use primitives::Zeroize;

use crate::{mask::Mask, set::Set};

mod portable;
mod power;

pub use portable::Fp;

/// A field element in the representation of one back end.
///
/// Everything above (curves, isogenies, the action) is written once against this trait. A back end
/// chooses its radix and stays in it; bytes appear only at the ends, through
/// [`from_limbs`](Self::from_limbs) and [`to_limbs`](Self::to_limbs).
///
/// # Ranges
///
/// An element is **reduced** when it came out of any function but [`sum`](Self::sum) and
/// [`diff`](Self::diff). What "reduced" means is up to the back end (the portable one keeps values
/// below 2p); it need not mean canonical. `sum` and `diff` take reduced elements and return
/// **lazy** ones, which may only be multiplied, squared, copied and selected: a back end with room
/// above the modulus saves the carry and the comparison. All others take reduced elements, `mul`
/// and its relatives take both.
///
/// # Batches
///
/// Products that do not depend on each other go through [`muls`](Self::muls),
/// [`sqrs`](Self::sqrs) and [`mul_each`](Self::mul_each). Their default is one after the other; a
/// back end with lanes overrides them.
///
/// # Time
///
/// Nothing here takes a time or touches memory depending on values.
pub trait Field: Copy + core::fmt::Debug + Send + Sync + Zeroize + 'static {
    /// The parameter set of the field.
    type Set: Set;

    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// From the wire's integer `x·2^(64·limbs) mod p`, below p.
    fn from_limbs(limbs: &<Self::Set as Set>::Limbs) -> Self;
    /// The wire's integer `x·2^(64·limbs) mod p`, below p: the inverse of `from_limbs`.
    fn to_limbs(&self) -> <Self::Set as Set>::Limbs;

    /// The sum, reduced.
    #[must_use]
    fn add(&self, other: &Self) -> Self;
    /// The difference, reduced.
    #[must_use]
    fn sub(&self, other: &Self) -> Self;
    /// The product; operands may be lazy.
    #[must_use]
    fn mul(&self, other: &Self) -> Self;
    /// The square; the operand may be lazy.
    #[must_use]
    fn sqr(&self) -> Self;
    /// Replaces `self` by `other` if `mask` says so.
    fn cmov(&mut self, other: &Self, mask: Mask);
    /// Exchanges the two if `mask` says so.
    fn cswap(a: &mut Self, b: &mut Self, mask: Mask);

    /// The sum of two reduced elements, lazy.
    #[inline]
    #[must_use]
    fn sum(&self, other: &Self) -> Self {
        self.add(other)
    }

    /// The difference of two reduced elements, lazy.
    #[inline]
    #[must_use]
    fn diff(&self, other: &Self) -> Self {
        self.sub(other)
    }

    /// `-self`, reduced.
    #[inline]
    #[must_use]
    fn neg(&self) -> Self {
        Self::ZERO.sub(self)
    }

    /// Independent products, each of a pair; operands may be lazy.
    #[inline]
    #[must_use]
    fn muls<const N: usize>(pairs: [(&Self, &Self); N]) -> [Self; N] {
        pairs.map(|(a, b)| a.mul(b))
    }

    /// Independent squares; operands may be lazy.
    #[inline]
    #[must_use]
    fn sqrs<const N: usize>(elements: [&Self; N]) -> [Self; N] {
        elements.map(Self::sqr)
    }

    /// [`muls`](Self::muls) of rows of products, all of them independent.
    #[inline]
    #[must_use]
    fn mul_rows<const N: usize, const M: usize>(rows: [[(&Self, &Self); M]; N]) -> [[Self; M]; N] {
        rows.map(Self::muls)
    }

    /// [`sqrs`](Self::sqrs) of rows of squares, all of them independent.
    #[inline]
    #[must_use]
    fn sqr_rows<const N: usize, const M: usize>(rows: [[&Self; M]; N]) -> [[Self; M]; N] {
        rows.map(Self::sqrs)
    }

    /// `out[i] = a[i]·b[i]` for as many as `out` has; `a` and `b` have no fewer. Operands may be
    /// lazy.
    fn mul_each(out: &mut [Self], a: &[Self], b: &[Self]) {
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = a.mul(b);
        }
    }

    /// `∑ a[i]·b[i]`, reduced, of as many as the shorter has; all reduced.
    #[must_use]
    fn dot(a: &[Self], b: &[Self]) -> Self {
        a.iter()
            .zip(b)
            .fold(Self::ZERO, |sum, (a, b)| sum.add(&a.mul(b)))
    }

    /// Whether the element is 0.
    #[must_use]
    fn is_zero(&self) -> Mask {
        let mut all = 0;
        for limb in self.to_limbs().as_ref() {
            all |= limb;
        }
        Mask::is_zero(all)
    }

    /// `1/self`, and 0 for 0: the power `p - 2`.
    #[must_use]
    fn invert(&self) -> Self {
        power::invert(self)
    }

    /// Whether the element is a square; 0 is one.
    #[must_use]
    fn is_square(&self) -> Mask {
        power::is_square(self)
    }
}
