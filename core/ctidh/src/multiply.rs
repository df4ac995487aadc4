//! Multiplication of points by the primes, with differential addition chains.

use core::mem::swap;

use crate::{
    curve::{Curve, Point, add},
    field::Field,
    mask::Mask,
    set::Chain,
};

/// The chain of a secret prime of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecretChain {
    /// As [`Chain::bits`].
    pub(crate) bits: u64,
    /// As [`Chain::len`].
    pub(crate) len: u64,
    /// The length of the longest chain of the batch, which is public.
    pub(crate) longest: u8,
}

impl<F: Field> Curve<F> {
    /// Multiplies the points by the prime of `chain`.
    ///
    /// A point of an order below the prime may come back unchanged instead. For whoever asks only
    /// for orders that is as good: the prime is not in it.
    pub(crate) fn multiply<const K: usize>(
        &self,
        points: [Point<F>; K],
        chain: Chain,
    ) -> [Point<F>; K] {
        let mut steps = Steps::start(self, &points);
        for step in 0..chain.len {
            if chain.bits >> step & 1 == 0 {
                swap(&mut steps.first, &mut steps.second);
            }
            steps.advance();
        }
        defined_or(steps.third, &points)
    }

    /// [`multiply`](Self::multiply) by a secret prime: as many steps as for any prime of its batch.
    pub(crate) fn multiply_secret<const K: usize>(
        &self,
        points: [Point<F>; K],
        chain: SecretChain,
    ) -> [Point<F>; K] {
        let mut steps = Steps::start(self, &points);
        let mut result = steps.third;
        for step in 0..u64::from(chain.longest) {
            let stay = Mask::from_bit(chain.bits >> step);
            for (first, second) in steps.first.iter_mut().zip(&mut steps.second) {
                Point::cswap(first, second, !stay);
            }
            steps.advance();
            let arrived = Mask::equal(chain.len, step + 1);
            for (result, third) in result.iter_mut().zip(&steps.third) {
                result.cmov(third, arrived);
            }
        }
        defined_or(result, &points)
    }

    /// Multiplies the points by 4.
    pub(crate) fn quadruple<const K: usize>(&self, points: [Point<F>; K]) -> [Point<F>; K] {
        let doubled = self.double(points.each_ref());
        self.double(doubled.each_ref())
    }
}

/// `result`, but the operand where an addition on the way was not defined.
fn defined_or<F: Field, const K: usize>(
    mut result: [Point<F>; K],
    operands: &[Point<F>; K],
) -> [Point<F>; K] {
    for (result, operand) in result.iter_mut().zip(operands) {
        let nothing = result.x.is_zero() & result.z.is_zero();
        result.cmov(operand, nothing);
    }
    result
}

/// The state of a chain: three multiples, of which the third is the sum of the others.
struct Steps<F, const K: usize> {
    first: [Point<F>; K],
    second: [Point<F>; K],
    third: [Point<F>; K],
}

impl<F: Field, const K: usize> Steps<F, K> {
    /// P, 2P and 3P.
    fn start(curve: &Curve<F>, points: &[Point<F>; K]) -> Self {
        let second = curve.double(points.each_ref());
        let third = add(core::array::from_fn(|k| {
            [&second[k], &points[k], &points[k]]
        }));
        Self {
            first: *points,
            second,
            third,
        }
    }

    /// `(P1, P2, P3)` becomes `(P1, P3, P1 + P3)`.
    fn advance(&mut self) {
        let sum = add(core::array::from_fn(|k| {
            [&self.first[k], &self.third[k], &self.second[k]]
        }));
        self.second = self.third;
        self.third = sum;
    }
}
