use core::fmt;

use primitives::Zeroize;

use crate::{
    arch::runs_adx,
    field::{Field, Fp},
    mask::Mask,
    set::Set,
};

mod kernel;
#[cfg(test)]
mod tests;

use kernel::{A, B, Bench, K, M, P, T, Window};

/// The portable field, with products by MULX and two chains of carries.
///
/// Products are made of blocks of eight limbs by eight, which fit the registers. Everything else, and
/// the ranges of elements, are those of [`Fp`].
///
/// # Panics
///
/// Products need BMI2 and ADX, and panic where [`Backend`](crate::Backend) does not offer them.
#[derive(Clone, Copy)]
pub struct Adx<S, const N: usize>(Fp<S, N>);

impl<S: Set<Limbs = [u64; N]>, const N: usize> Adx<S, N> {
    /// The product `a·b/R` of the limbs, below `a·b/R + p`.
    fn product(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
        assert!(runs_adx());
        let mut bench = Bench([0; _]);
        bench.0[A..A + N].copy_from_slice(a);
        bench.0[B..B + N].copy_from_slice(b);
        bench.0[P..P + N].copy_from_slice(&S::MODULUS);
        bench.0[K] = S::MINUS_INVERSE;
        let mut out = [0; N];
        if N == 8 {
            let low = short(&mut bench);
            out.copy_from_slice(&low);
        } else {
            const { assert!(N == 8 || N == 16) };
            let [low, high] = long(&mut bench);
            out[..8].copy_from_slice(&low);
            out[8..].copy_from_slice(&high);
        }
        out
    }
}

/// The product of eight limbs, reduced. Nothing is carried out of it: the factors are below p, and
/// `p²/R + p` is below R.
#[expect(unsafe_code, reason = "the kernel needs ADX")]
fn short(bench: &mut Bench) -> Window {
    // SAFETY: `product` has seen that the processor has ADX.
    let high = unsafe { kernel::multiply::<A, B, T>(bench, [0; 8]) };
    let low = window(bench, T);
    // SAFETY: as above.
    let quotient = unsafe { kernel::clear(bench, low) };
    add(high, quotient, 0).0
}

/// The product of sixteen limbs, reduced, as low and high half. Nothing is carried out of it: the
/// factors are below 4p, and 16p is below R.
#[expect(unsafe_code, reason = "the kernel needs ADX")]
fn long(bench: &mut Bench) -> [Window; 2] {
    // the product, at T
    // SAFETY: `product` has seen that the processor has ADX.
    let high = unsafe { kernel::multiply::<A, B, T>(bench, [0; 8]) };
    // SAFETY: as above.
    let third = unsafe { kernel::multiply::<{ A + 8 }, B, { T + 8 }>(bench, high) };
    let second = window(bench, T + 8);
    // SAFETY: as above.
    let high = unsafe { kernel::multiply::<A, { B + 8 }, { T + 8 }>(bench, second) };
    let (third, over) = add(third, high, 0);
    // SAFETY: as above.
    let high = unsafe { kernel::multiply::<{ A + 8 }, { B + 8 }, { T + 16 }>(bench, third) };
    let (fourth, _) = add(high, [0; 8], over);

    // divided by the low half of R
    let first = window(bench, T);
    // SAFETY: as above.
    let high = unsafe { kernel::clear(bench, first) };
    let (second, over) = add(high, window(bench, T + 8), 0);
    // SAFETY: as above.
    let high = unsafe { kernel::multiply::<{ P + 8 }, M, { T + 8 }>(bench, second) };
    let (third, more) = add(high, window(bench, T + 16), over);

    // and by the high half
    let second = window(bench, T + 8);
    // SAFETY: as above.
    let high = unsafe { kernel::clear(bench, second) };
    let (third, over) = add(high, third, 0);
    // SAFETY: as above.
    let high = unsafe { kernel::multiply::<{ P + 8 }, M, { T + 16 }>(bench, third) };
    let (fourth, _) = add(fourth, [0; 8], more);
    let (fourth, _) = add(fourth, high, over);
    [window(bench, T + 16), fourth]
}

/// Eight limbs of the bench.
#[inline]
fn window(bench: &Bench, at: usize) -> Window {
    core::array::from_fn(|i| bench.0[at + i])
}

/// `a + b + carry`, and the carry out.
#[inline]
fn add(a: Window, b: Window, carry: u64) -> (Window, u64) {
    let mut out = [0; 8];
    let mut carry = carry != 0;
    for i in 0..8 {
        let (partial, first) = a[i].overflowing_add(b[i]);
        let (limb, second) = partial.overflowing_add(u64::from(carry));
        out[i] = limb;
        carry = first | second;
    }
    (out, u64::from(carry))
}

impl<S: Set<Limbs = [u64; N]>, const N: usize> Field for Adx<S, N> {
    type Set = S;

    const ZERO: Self = Self(Fp::ZERO);
    const ONE: Self = Self(Fp::ONE);

    fn from_limbs(limbs: &[u64; N]) -> Self {
        Self(Fp::from_limbs(limbs))
    }

    fn to_limbs(&self) -> [u64; N] {
        self.0.to_limbs()
    }

    #[inline]
    fn add(&self, other: &Self) -> Self {
        Self(self.0.add(&other.0))
    }

    #[inline]
    fn sub(&self, other: &Self) -> Self {
        Self(self.0.sub(&other.0))
    }

    #[inline]
    fn sum(&self, other: &Self) -> Self {
        Self(self.0.sum(&other.0))
    }

    #[inline]
    fn diff(&self, other: &Self) -> Self {
        Self(self.0.diff(&other.0))
    }

    fn mul(&self, other: &Self) -> Self {
        Self(Fp::reduced(Self::product(self.0.limbs(), other.0.limbs())))
    }

    fn sqr(&self) -> Self {
        self.mul(self)
    }

    #[inline]
    fn cmov(&mut self, other: &Self, mask: Mask) {
        self.0.cmov(&other.0, mask);
    }

    #[inline]
    fn cswap(a: &mut Self, b: &mut Self, mask: Mask) {
        Fp::cswap(&mut a.0, &mut b.0, mask);
    }
}

impl<S, const N: usize> Zeroize for Adx<S, N> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<S, const N: usize> fmt::Debug for Adx<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Adx")
    }
}
