use core::{fmt, marker::PhantomData};

use primitives::Zeroize;

use crate::{field::Field, mask::Mask, set::Set};

/// The field on any processor: Montgomery form in `N` limbs of 64 bits, products by `u128`.
///
/// Products are computed column by column, with the reduction of each column folded in. The loops
/// stay loops: unrolled, this code would be larger than a first-level instruction cache.
///
/// With four or more spare bits in the top limb (1024), reduced means below 2p, and lazy below 4p:
/// a product of operands below 4p is below `16p²/R + p < 2p`. Without them (511), everything is
/// always below p.
#[derive(Clone, Copy)]
pub struct Fp<S, const N: usize>([u64; N], PhantomData<S>);

impl<S: Set<Limbs = [u64; N]>, const N: usize> Fp<S, N> {
    /// Whether there is room for lazy sums: `R > 16p`.
    const ROOMY: bool = 64 * N - S::BITS >= 4;
    /// What a reduced element is below.
    const LIMIT: [u64; N] = if Self::ROOMY {
        twice(&S::MODULUS)
    } else {
        S::MODULUS
    };

    const fn new(limbs: [u64; N]) -> Self {
        Self(limbs, PhantomData)
    }

    /// Subtracts `limit` if the result is not negative.
    #[inline]
    fn reduce_once(self, limit: &[u64; N]) -> Self {
        let (less, borrow) = subtract(&self.0, limit);
        let keep = Mask::from_bit(borrow);
        let mut out = Self::new(less);
        out.cmov(&self, keep);
        out
    }

    /// The result of a reduction, which is below 2p, as a reduced element.
    #[inline]
    fn finish(self) -> Self {
        if Self::ROOMY {
            self
        } else {
            self.reduce_once(&S::MODULUS)
        }
    }
}

impl<S: Set<Limbs = [u64; N]>, const N: usize> Field for Fp<S, N> {
    type Set = S;

    const ZERO: Self = Self::new([0; N]);
    const ONE: Self = Self::new(S::ONE);

    fn from_limbs(limbs: &[u64; N]) -> Self {
        Self::new(*limbs)
    }

    fn to_limbs(&self) -> [u64; N] {
        self.reduce_once(&S::MODULUS).0
    }

    #[inline]
    fn add(&self, other: &Self) -> Self {
        Self::new(add(&self.0, &other.0)).reduce_once(&Self::LIMIT)
    }

    #[inline]
    fn sub(&self, other: &Self) -> Self {
        let (difference, borrow) = subtract(&self.0, &other.0);
        let mask = Mask::from_bit(borrow).word();
        let correction = Self::LIMIT.map(|limb| limb & mask);
        Self::new(add(&difference, &correction))
    }

    #[inline]
    fn sum(&self, other: &Self) -> Self {
        if Self::ROOMY {
            Self::new(add(&self.0, &other.0))
        } else {
            self.add(other)
        }
    }

    #[inline]
    fn diff(&self, other: &Self) -> Self {
        if Self::ROOMY {
            let (difference, _) = subtract(&add(&self.0, &Self::LIMIT), &other.0);
            Self::new(difference)
        } else {
            self.sub(other)
        }
    }

    fn mul(&self, other: &Self) -> Self {
        let (a, b, p) = (&self.0, &other.0, &S::MODULUS);
        let mut factors = [0; N];
        let mut out = [0; N];
        let mut column = Column::default();
        for i in 0..N {
            for j in 0..i {
                column.add(a[j], b[i - j]);
                column.add(factors[j], p[i - j]);
            }
            column.add(a[i], b[0]);
            factors[i] = column.low().wrapping_mul(S::MINUS_INVERSE);
            column.add(factors[i], p[0]);
            column.next();
        }
        for i in N..2 * N {
            for j in i - N + 1..N {
                column.add(a[j], b[i - j]);
                column.add(factors[j], p[i - j]);
            }
            out[i - N] = column.low();
            column.next();
        }
        Self::new(out).finish()
    }

    fn sqr(&self) -> Self {
        let (a, p) = (&self.0, &S::MODULUS);
        let mut factors = [0; N];
        let mut out = [0; N];
        let mut column = Column::default();
        for i in 0..2 * N {
            let first = (i + 1).saturating_sub(N);
            let mut cross = Column::default();
            for j in first..i.div_ceil(2) {
                cross.add(a[j], a[i - j]);
            }
            column.add_twice(&cross);
            if i % 2 == 0 {
                column.add(a[i / 2], a[i / 2]);
            }
            for j in first..i.min(N) {
                column.add(factors[j], p[i - j]);
            }
            if i < N {
                factors[i] = column.low().wrapping_mul(S::MINUS_INVERSE);
                column.add(factors[i], p[0]);
            } else {
                out[i - N] = column.low();
            }
            column.next();
        }
        Self::new(out).finish()
    }

    #[inline]
    fn cmov(&mut self, other: &Self, mask: Mask) {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = mask.select(*b, *a);
        }
    }

    #[inline]
    fn cswap(a: &mut Self, b: &mut Self, mask: Mask) {
        for (a, b) in a.0.iter_mut().zip(&mut b.0) {
            let change = mask.word() & (*a ^ *b);
            *a ^= change;
            *b ^= change;
        }
    }
}

/// The sum of one column of products: 192 bits, of which at most 140 are used.
#[derive(Clone, Copy, Default)]
struct Column {
    low: u128,
    high: u64,
}

impl Column {
    #[inline(always)]
    fn add(&mut self, a: u64, b: u64) {
        let (low, carry) = self.low.overflowing_add(u128::from(a) * u128::from(b));
        self.low = low;
        self.high += u64::from(carry);
    }

    #[inline(always)]
    fn add_twice(&mut self, other: &Self) {
        for _ in 0..2 {
            let (low, carry) = self.low.overflowing_add(other.low);
            self.low = low;
            self.high += other.high + u64::from(carry);
        }
    }

    #[inline(always)]
    const fn low(&self) -> u64 {
        self.low as u64
    }

    /// Moves on to the next column.
    #[inline(always)]
    fn next(&mut self) {
        self.low = self.low >> 64 | u128::from(self.high) << 64;
        self.high = 0;
    }
}

/// `a + b`, which has no carry out.
#[inline]
fn add<const N: usize>(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
    let mut out = [0; N];
    let mut carry = false;
    for i in 0..N {
        let (partial, first) = a[i].overflowing_add(b[i]);
        let (limb, second) = partial.overflowing_add(u64::from(carry));
        out[i] = limb;
        carry = first | second;
    }
    out
}

/// `a - b` modulo R, and the borrow.
#[inline]
fn subtract<const N: usize>(a: &[u64; N], b: &[u64; N]) -> ([u64; N], u64) {
    let mut out = [0; N];
    let mut borrow = false;
    for i in 0..N {
        let (partial, first) = a[i].overflowing_sub(b[i]);
        let (limb, second) = partial.overflowing_sub(u64::from(borrow));
        out[i] = limb;
        borrow = first | second;
    }
    (out, u64::from(borrow))
}

const fn twice<const N: usize>(a: &[u64; N]) -> [u64; N] {
    let mut out = [0; N];
    let mut carry = 0;
    let mut i = 0;
    while i < N {
        out[i] = a[i] << 1 | carry;
        carry = a[i] >> 63;
        i += 1;
    }
    out
}

impl<S, const N: usize> Zeroize for Fp<S, N> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<S, const N: usize> fmt::Debug for Fp<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fp")
    }
}
