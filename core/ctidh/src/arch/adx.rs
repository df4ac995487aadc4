use core::{array::from_fn, fmt, iter::once};

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
    /// The sum of the products divided by R, below itself plus p. It must be below `R²` and, once
    /// divided, below `R - p`.
    fn divided_sum<'a>(pairs: impl Iterator<Item = (&'a Self, &'a Self)>) -> [u64; N] {
        const { assert!(N == 8 || N == 16) };
        assert!(runs_adx());
        let mut bench = Bench([0; _]);
        bench.0[P..P + N].copy_from_slice(&S::MODULUS);
        bench.0[K] = S::MINUS_INVERSE;
        for (i, (a, b)) in pairs.enumerate() {
            bench.0[A..A + N].copy_from_slice(a.0.limbs());
            bench.0[B..B + N].copy_from_slice(b.0.limbs());
            let before: [_; 4] = from_fn(|quarter| window(&bench, T + 8 * quarter));
            if N == 8 {
                multiply_short(&mut bench);
            } else {
                multiply_long(&mut bench);
            }
            if i > 0 {
                let mut carry = 0;
                for (quarter, before) in before.into_iter().take(N / 4).enumerate() {
                    let sum;
                    (sum, carry) = add(window(&bench, T + 8 * quarter), before, carry);
                    set(&mut bench, T + 8 * quarter, sum);
                }
            }
        }
        if N == 8 {
            divide_short(&mut bench);
        } else {
            divide_long(&mut bench);
        }
        from_fn(|i| bench.0[T + N + i])
    }
}

/// Puts the product of eight limbs at T.
#[expect(unsafe_code, reason = "the kernel needs ADX")]
fn multiply_short(bench: &mut Bench) {
    // SAFETY: `divided_sum` has seen that the processor has ADX.
    let high = unsafe { kernel::multiply::<A, B, T>(bench, [0; 8]) };
    set(bench, T + 8, high);
}

/// Puts the product of sixteen limbs at T.
#[expect(unsafe_code, reason = "the kernel needs ADX")]
fn multiply_long(bench: &mut Bench) {
    // SAFETY: `divided_sum` has seen that the processor has ADX.
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
    set(bench, T + 24, fourth);
}

/// Divides the sixteen limbs at T by R; the quotient is the upper half.
#[expect(unsafe_code, reason = "the kernel needs ADX")]
fn divide_short(bench: &mut Bench) {
    let low = window(bench, T);
    // SAFETY: `divided_sum` has seen that the processor has ADX.
    let high = unsafe { kernel::clear(bench, low) };
    let (high, _) = add(high, window(bench, T + 8), 0);
    set(bench, T + 8, high);
}

/// Divides the 32 limbs at T by R; the quotient is the upper half.
#[expect(unsafe_code, reason = "the kernel needs ADX")]
fn divide_long(bench: &mut Bench) {
    // by the low half of R
    let first = window(bench, T);
    // SAFETY: `divided_sum` has seen that the processor has ADX.
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
    let (fourth, _) = add(window(bench, T + 24), [0; 8], more);
    let (fourth, _) = add(fourth, high, over);
    set(bench, T + 24, fourth);
}

#[inline]
fn set(bench: &mut Bench, at: usize, limbs: Window) {
    bench.0[at..at + 8].copy_from_slice(&limbs);
}

/// Eight limbs of the bench.
#[inline]
fn window(bench: &Bench, at: usize) -> Window {
    from_fn(|i| bench.0[at + i])
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
        Self(Fp::reduced(Self::divided_sum(once((self, other)))))
    }

    fn sqr(&self) -> Self {
        self.mul(self)
    }

    fn dot(a: &[Self], b: &[Self]) -> Self {
        let mut sum = Self::ZERO;
        for (a, b) in a.chunks(Fp::<S, N>::TERMS).zip(b.chunks(Fp::<S, N>::TERMS)) {
            let part = Fp::reduced_sum(Self::divided_sum(a.iter().zip(b)));
            sum = sum.add(&Self(part));
        }
        sum
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
