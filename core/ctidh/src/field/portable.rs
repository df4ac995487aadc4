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

    /// How many products [`dot`](Field::dot) reduces at once: 16 of operands below 2p give less
    /// than `64p²/R + p < 5p`, and 3 of operands below p less than `3p²/R + p < R`.
    pub(crate) const TERMS: usize = if Self::ROOMY { 16 } else { 3 };

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

    /// The limbs, for another way to multiply.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(crate) const fn limbs(&self) -> &[u64; N] {
        &self.0
    }

    /// The limbs of a product, which is below 2p, as a reduced element.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(crate) fn reduced(limbs: [u64; N]) -> Self {
        Self::new(limbs).finish()
    }

    /// The limbs of a sum of at most [`TERMS`](Self::TERMS) products as a reduced element.
    #[inline]
    pub(crate) fn reduced_sum(limbs: [u64; N]) -> Self {
        // at most twice the limit too large
        let sum = Self::new(limbs);
        let sum = if Self::ROOMY {
            sum.reduce_once(&twice(&Self::LIMIT))
        } else {
            sum
        };
        sum.reduce_once(&Self::LIMIT).reduce_once(&Self::LIMIT)
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
        // the products of different limbs, in two halves because no array has 2N limbs; row i ends
        // in limb i + N, which no row before has reached
        let a = &self.0;
        let (mut low, mut high) = ([0; N], [0; N]);
        for i in 0..N {
            let mut carry = 0;
            for j in i + 1..N - i {
                (low[i + j], carry) = multiply_add(a[i], a[j], low[i + j], carry);
            }
            for j in (N - i).max(i + 1)..N {
                (high[i + j - N], carry) = multiply_add(a[i], a[j], high[i + j - N], carry);
            }
            high[i] = carry;
        }
        // twice that, and the squares of the limbs
        let (mut carry, mut shifted) = (0, 0);
        for (i, a) in a.iter().enumerate() {
            let half = if 2 * i < N { &mut low } else { &mut high };
            let pair = &mut half[2 * i % N..2 * i % N + 2];
            let doubled = [pair[0] << 1 | shifted, pair[1] << 1 | pair[0] >> 63];
            shifted = pair[1] >> 63;
            let (limb, above) = multiply_add(*a, *a, doubled[0], carry);
            pair[0] = limb;
            let above = u128::from(above) + u128::from(doubled[1]);
            pair[1] = above as u64;
            carry = (above >> 64) as u64;
        }
        Self::new(divide::<S, N>(low, high)).finish()
    }

    fn dot(a: &[Self], b: &[Self]) -> Self {
        let p = &S::MODULUS;
        let mut sum = Self::ZERO;
        for (a, b) in a.chunks(Self::TERMS).zip(b.chunks(Self::TERMS)) {
            let mut factors = [0; N];
            let mut out = [0; N];
            let mut column = Column::default();
            for i in 0..2 * N {
                let first = (i + 1).saturating_sub(N);
                for (a, b) in a.iter().zip(b) {
                    for j in first..=i.min(N - 1) {
                        column.add(a.0[j], b.0[i - j]);
                    }
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
            sum = sum.add(&Self::reduced_sum(out));
        }
        sum
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

/// `a·b + c + d`, low and high limb; it never overflows.
#[inline(always)]
fn multiply_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let wide = u128::from(a) * u128::from(b) + u128::from(c) + u128::from(d);
    (wide as u64, (wide >> 64) as u64)
}

/// `(low + R·high)/R` modulo p, row by row.
#[inline]
fn divide<S: Set<Limbs = [u64; N]>, const N: usize>(
    mut low: [u64; N],
    mut high: [u64; N],
) -> [u64; N] {
    let p = &S::MODULUS;
    let mut top = false;
    for i in 0..N {
        let factor = low[i].wrapping_mul(S::MINUS_INVERSE);
        let mut carry = 0;
        for j in 0..N - i {
            (low[i + j], carry) = multiply_add(factor, p[j], low[i + j], carry);
        }
        for j in N - i..N {
            (high[i + j - N], carry) = multiply_add(factor, p[j], high[i + j - N], carry);
        }
        let (partial, first) = high[i].overflowing_add(carry);
        let (limb, second) = partial.overflowing_add(u64::from(top));
        high[i] = limb;
        top = first | second;
    }
    high
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
