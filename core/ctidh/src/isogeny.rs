//! Isogenies whose degree stays hidden among the primes of a batch.

use crate::{
    curve::{Curve, Point, add},
    field::Field,
    mask::Mask,
    set::Steps,
};

mod poly;
mod resultant;

pub(crate) use resultant::Resultant;

/// The degree of an isogeny: a secret prime among consecutive public ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Degree {
    /// The degree; secret.
    pub(crate) prime: u64,
    /// The smallest prime of the batch.
    pub(crate) smallest: u64,
    /// The largest prime of the batch.
    pub(crate) largest: u64,
    /// The steps of the batch.
    pub(crate) steps: Steps,
}

/// The isogeny with kernel `<kernel>`: the curve it leads to; `points` are replaced by their
/// images. The kernel point has order `degree.prime`.
///
/// Vélu's formulas are products over half of the multiples of the kernel point. Those that every
/// prime of the batch needs are mostly sums and differences of a few [`Steps`], and come in through
/// the `resultant`, which is only a place to work in. The others, up to what the largest prime needs, are computed one by one, and
/// multiplied in or masked out (the "Matryoshka" property).
pub(crate) fn isogeny<F: Field, const K: usize>(
    curve: &Curve<F>,
    kernel: &Point<F>,
    degree: Degree,
    points: &mut [Point<F>; K],
    resultant: &mut Resultant<F>,
) -> Curve<F> {
    let covered = degree.steps.covered();
    let [twice] = curve.double([kernel]);
    let mut product = Products::new(points);

    // the even multiples, which are the odd ones from the other end
    let (mut previous, mut multiple) = (twice, twice);
    for i in 1..=degree.largest / 2 - covered {
        if i == 2 {
            [multiple] = curve.double([&twice]);
        } else if i > 2 {
            let [next] = add([[&multiple, &twice, &previous]]);
            previous = multiple;
            multiple = next;
        }
        let wanted = if i <= degree.smallest / 2 - covered {
            Mask::YES
        } else {
            !Mask::less(degree.prime / 2 - covered, i)
        };
        product.absorb(&multiple, wanted);
    }
    if covered > 0 {
        resultant.prepare(curve, kernel, &twice, degree.steps);
        product.absorb_all(resultant, points);
    }
    product.image(points);
    codomain(curve, degree, &product.plus, &product.minus)
}

/// The products of Vélu's formulas over multiples of the kernel point.
struct Products<F, const K: usize> {
    /// `∏ (x + z)`
    plus: F,
    /// `∏ (x - z)`
    minus: F,
    /// For each point `X - Z` and `X + Z`.
    ends: [[F; 2]; K],
    /// For each point `∏ [(X - Z)(x + z) ± (X + Z)(x - z)]`.
    points: [[F; 2]; K],
}

impl<F: Field, const K: usize> Products<F, K> {
    fn new(points: &[Point<F>; K]) -> Self {
        Self {
            plus: F::ONE,
            minus: F::ONE,
            ends: points.each_ref().map(|p| [p.x.sub(&p.z), p.x.add(&p.z)]),
            points: [[F::ONE; 2]; K],
        }
    }

    /// Multiplies the factors of `multiple` in, if `wanted`.
    fn absorb(&mut self, multiple: &Point<F>, wanted: Mask) {
        let (mut plus, mut minus) = (multiple.x.add(&multiple.z), multiple.x.sub(&multiple.z));
        plus.cmov(&F::ONE, !wanted);
        minus.cmov(&F::ONE, !wanted);
        let cross = F::mul_rows(self.ends.each_ref().map(|[d, s]| [(d, &plus), (s, &minus)]));
        let mut factors = cross.map(|[a, b]| [a.add(&b), a.sub(&b)]);
        for factor in factors.as_flattened_mut() {
            factor.cmov(&F::ONE, !wanted);
        }
        self.points = F::mul_rows(core::array::from_fn(|k| {
            [
                (&self.points[k][0], &factors[k][0]),
                (&self.points[k][1], &factors[k][1]),
            ]
        }));
        [self.plus, self.minus] = F::muls([(&self.plus, &plus), (&self.minus, &minus)]);
    }

    /// Multiplies the factors of all sums and differences of the steps in.
    fn absorb_all(&mut self, resultant: &mut Resultant<F>, points: &[Point<F>; K]) {
        let [one, minus_one] = resultant.at_ends();
        [self.plus, self.minus] = F::muls([(&self.plus, &minus_one), (&self.minus, &one)]);
        for (products, point) in self.points.iter_mut().zip(points) {
            let [inverse, straight] = resultant.at_point(point);
            *products = F::muls([(&products[0], &inverse), (&products[1], &straight)]);
        }
    }

    /// Replaces the points by their images.
    fn image(&self, points: &mut [Point<F>; K]) {
        let squares = F::sqr_rows(self.points.each_ref().map(|[sum, diff]| [sum, diff]));
        let images = F::mul_rows(core::array::from_fn(|k| {
            [
                (&points[k].x, &squares[k][0]),
                (&points[k].z, &squares[k][1]),
            ]
        }));
        *points = images.map(|[x, z]| Point { x, z });
    }
}

/// `(a^l·plus^8 : b^l·minus^8)` from `(a : b)`, with the secret exponent `l` in windows of two
/// bits, as many as the largest prime needs.
fn codomain<F: Field>(curve: &Curve<F>, degree: Degree, plus: &F, minus: &F) -> Curve<F> {
    let [a, b] = [&curve.plus, &curve.minus];
    let [a2, b2] = F::sqrs([a, b]);
    let [a3, b3] = F::muls([(&a2, a), (&b2, b)]);
    let windows = (u64::BITS - degree.largest.leading_zeros()).div_ceil(2);
    let (mut x, mut y) = (F::ONE, F::ONE);
    for window in (0..windows).rev() {
        [x, y] = F::sqrs([&x, &y]);
        if window == 1 {
            // three squarings are left for the products
            [x, y] = F::muls([(&x, plus), (&y, minus)]);
        }
        [x, y] = F::sqrs([&x, &y]);
        let digit = degree.prime >> (2 * window) & 3;
        let (mut u, mut v) = (F::ONE, F::ONE);
        for (power, (pa, pb)) in (1..).zip([(a, b), (&a2, &b2), (&a3, &b3)]) {
            let hit = Mask::equal(digit, power);
            u.cmov(pa, hit);
            v.cmov(pb, hit);
        }
        [x, y] = F::muls([(&x, &u), (&y, &v)]);
    }
    Curve::new(x, y)
}
