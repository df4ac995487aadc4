//! Montgomery curves `y² = x³ + (A/C)·x² + x` and points on them or their twists, by x only.

use core::array::from_fn;

use primitives::Zeroize;

use crate::{field::Field, mask::Mask};

/// The x-coordinate `x/z` of a point; infinity has `z = 0`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point<F> {
    pub(crate) x: F,
    pub(crate) z: F,
}

impl<F: Field> Point<F> {
    /// Infinity, in the degenerate form that an undefined addition gives.
    pub(crate) const NOTHING: Self = Self {
        x: F::ZERO,
        z: F::ZERO,
    };

    pub(crate) fn is_infinity(&self) -> Mask {
        self.z.is_zero()
    }

    pub(crate) fn cmov(&mut self, other: &Self, mask: Mask) {
        self.x.cmov(&other.x, mask);
        self.z.cmov(&other.z, mask);
    }

    pub(crate) fn cswap(a: &mut Self, b: &mut Self, mask: Mask) {
        F::cswap(&mut a.x, &mut b.x, mask);
        F::cswap(&mut a.z, &mut b.z, mask);
    }
}

impl<F: Field> Zeroize for Point<F> {
    fn zeroize(&mut self) {
        self.x.zeroize();
        self.z.zeroize();
    }
}

/// A curve as `(A + 2C : A - 2C)`, the form in which isogenies compute it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curve<F> {
    /// `A + 2C`
    pub(crate) plus: F,
    /// `A - 2C`
    pub(crate) minus: F,
    /// `4C`
    pub(crate) four_c: F,
}

impl<F: Field> Curve<F> {
    /// From `A + 2C` and `A - 2C`, both times the same factor.
    pub(crate) fn new(plus: F, minus: F) -> Self {
        Self {
            plus,
            minus,
            four_c: plus.sub(&minus),
        }
    }

    /// From `A`, with `C = 1`.
    pub(crate) fn from_coefficient(a: &F) -> Self {
        let two = F::ONE.add(&F::ONE);
        Self::new(a.add(&two), a.sub(&two))
    }

    /// `A/C`, by one inversion.
    pub(crate) fn coefficient(&self) -> F {
        let two_a = self.plus.add(&self.minus);
        two_a.add(&two_a).mul(&self.four_c.invert())
    }

    pub(crate) fn cmov(&mut self, other: &Self, mask: Mask) {
        self.plus.cmov(&other.plus, mask);
        self.minus.cmov(&other.minus, mask);
        self.four_c.cmov(&other.four_c, mask);
    }

    /// Doubles several points at once.
    pub(crate) fn double<const K: usize>(&self, points: [&Point<F>; K]) -> [Point<F>; K] {
        let ends = points.map(|p| [p.x.sum(&p.z), p.x.diff(&p.z)]);
        let squares = F::sqr_rows(ends.each_ref().map(|[sum, diff]| [sum, diff]));
        let gaps = squares.map(|[s, d]| s.diff(&d));
        let scaled: [_; K] = F::mul_rows(from_fn(|k| {
            [(&self.four_c, &squares[k][1]), (&self.plus, &gaps[k])]
        }));
        let sums = scaled.map(|[v, w]| v.sum(&w));
        let products: [_; K] = F::mul_rows(from_fn(|k| {
            [(&squares[k][0], &scaled[k][0]), (&gaps[k], &sums[k])]
        }));
        products.map(|[x, z]| Point { x, z })
    }
}

/// The sum of two points whose difference is known, for several at once: `[first, second,
/// difference]` each.
///
/// If the difference is infinity or the point `(0, 0)`, the sum is not defined by it, and the
/// result is [`Point::NOTHING`]; so it is if an operand is that.
pub(crate) fn add<F: Field, const K: usize>(triples: [[&Point<F>; 3]; K]) -> [Point<F>; K] {
    let ends =
        triples.map(|[p, q, _]| [p.x.diff(&p.z), q.x.sum(&q.z), p.x.sum(&p.z), q.x.diff(&q.z)]);
    let cross = F::mul_rows(ends.each_ref().map(|[a, b, c, d]| [(a, b), (c, d)]));
    let both = cross.map(|[ab, cd]| [ab.sum(&cd), ab.diff(&cd)]);
    let squares = F::sqr_rows(both.each_ref().map(|[sum, diff]| [sum, diff]));
    let products: [_; K] = F::mul_rows(from_fn(|k| {
        let difference = triples[k][2];
        [
            (&squares[k][0], &difference.z),
            (&squares[k][1], &difference.x),
        ]
    }));
    products.map(|[x, z]| Point { x, z })
}

impl<F: Field> Zeroize for Curve<F> {
    fn zeroize(&mut self) {
        self.plus.zeroize();
        self.minus.zeroize();
        self.four_c.zeroize();
    }
}
