//! The part of Vélu's products that is a resultant (Bernstein, De Feo, Leroux and Smith, "Faster
//! computation of isogenies of large prime degree", 2020).
//!
//! For points P and Q and any α, `(α - x(P+Q))·(α - x(P-Q))` is, up to a factor without α, a
//! biquadratic polynomial in α, x(P) and x(Q). So the product of `α - x` over all sums and
//! differences of babies and giants is a product over the giants, which is a polynomial in the x
//! of a baby, evaluated at all babies.

use primitives::Zeroize;

use crate::{
    curve::{Curve, Point, add},
    field::Field,
    isogeny::{
        poly::{Poly, Shape},
        steps::Steps,
    },
};

const BABIES: usize = Steps::MOST_BABIES;
const GIANTS: usize = Steps::MOST_GIANTS;

/// What the babies and the giants of one kernel contribute, for any α.
pub(super) struct Resultant<F> {
    steps: Steps,
    /// For each baby, the powers 1 to `giants` of `w·y`, one row after the other.
    powers: [F; BABIES * GIANTS],
    /// For each baby, `w·δ`.
    deltas: [F; BABIES],
    /// The powers 0 to `giants` of w, the common denominator of all y and δ.
    scale: [F; GIANTS + 1],
    giants: [Giant<F>; GIANTS],
}

/// What a giant `(x : z)` contributes: with `s = x² + z²`, `d = x² - z²`, `m = x·z`.
#[derive(Clone, Copy)]
struct Giant<F> {
    /// `4C·s` and `4C·m`
    linear: [F; 2],
    /// `4C·m` and `4C·s + 8A·m`
    constant: [F; 2],
    /// `4C·d`
    delta: F,
}

impl<F: Field> Resultant<F> {
    /// Prepares the tables of a kernel point; `twice` is its double.
    pub(super) fn new(curve: &Curve<F>, kernel: &Point<F>, twice: &Point<F>, steps: Steps) -> Self {
        let mut tables = Self {
            steps,
            powers: [F::ZERO; BABIES * GIANTS],
            deltas: [F::ZERO; BABIES],
            scale: [F::ONE; GIANTS + 1],
            giants: [Giant {
                linear: [F::ZERO; 2],
                constant: [F::ZERO; 2],
                delta: F::ZERO,
            }; GIANTS],
        };
        let mut babies = [Point::NOTHING; BABIES];
        let babies = &mut babies[..steps.babies];
        odd_multiples(babies, kernel, twice);
        tables.fill_babies(babies);

        // 2·babies is twice the middle baby, or the sum of the two around the middle
        let middle = steps.babies / 2;
        let [first] = if steps.babies % 2 == 1 {
            curve.double([&babies[middle]])
        } else {
            add([[&babies[middle], &babies[middle - 1], twice]])
        };
        let mut giants = [Point::NOTHING; GIANTS];
        let giants = &mut giants[..steps.giants];
        let [stride] = curve.double([&first]);
        odd_multiples(giants, &first, &stride);
        tables.fill_giants(curve, giants);
        babies.iter_mut().chain(giants).for_each(Zeroize::zeroize);
        tables
    }

    fn fill_babies(&mut self, babies: &[Point<F>]) {
        let (n, count) = (self.steps.giants, babies.len());
        let parts = |i: usize| parts(&babies[i]);
        // deltas hold the products of all denominators before, then of all others
        let mut w = F::ONE;
        for i in 0..count {
            self.deltas[i] = w;
            w = w.mul(&parts(i).m);
        }
        let mut after = F::ONE;
        for i in (0..count).rev() {
            let Parts { s, d, m } = parts(i);
            let others = self.deltas[i].mul(&after);
            [after, self.powers[i * n], self.deltas[i]] =
                F::muls([(&after, &m), (&s, &others), (&d, &others)]);
        }
        for k in 1..n {
            for i in 0..count {
                let row = &mut self.powers[i * n..(i + 1) * n];
                row[k] = row[k - 1].mul(&row[0]);
            }
        }
        self.scale[0] = F::ONE;
        for k in 1..=n {
            self.scale[k] = self.scale[k - 1].mul(&w);
        }
    }

    fn fill_giants(&mut self, curve: &Curve<F>, giants: &[Point<F>]) {
        let two_a = curve.plus.add(&curve.minus);
        let four_a = two_a.add(&two_a);
        for (giant, point) in self.giants.iter_mut().zip(giants) {
            let Parts { s, d, m } = parts(point);
            let c = &curve.four_c;
            let [cs, cm, cd, am] = F::muls([(c, &s), (c, &m), (c, &d), (&four_a, &m)]);
            *giant = Giant {
                linear: [cs, cm],
                constant: [cm, cs.add(&am).add(&am)],
                delta: cd,
            };
        }
    }

    /// The products at `α = 1` and `α = -1`, up to a common factor.
    pub(super) fn at_ends(&self) -> [F; 2] {
        let mut ones = [Poly::leaf([F::ZERO; 2], F::ZERO); GIANTS];
        let mut minus_ones = ones;
        let count = self.steps.giants;
        for (i, giant) in self.giants[..count].iter().enumerate() {
            // y·4C·(s ∓ 2m) ∓ 2·(4C·s + 8A·m ± 8C·m)
            let [cs, cm] = &giant.linear;
            let twice = cm.add(cm);
            let low = giant.constant[1].add(&twice);
            let high = giant.constant[1].sub(&twice);
            ones[i] = Poly::leaf([low.add(&low).neg(), cs.sub(&twice)], F::ZERO);
            minus_ones[i] = Poly::leaf([high.add(&high), cs.add(&twice)], F::ZERO);
        }
        [&mut ones, &mut minus_ones].map(|leaves| {
            let mut product = Poly::product(&mut leaves[..count], Shape::Symmetric);
            leaves.iter_mut().for_each(Zeroize::zeroize);
            let mut values = [F::ZERO; BABIES];
            self.evaluate(&mut product.g[..=count], &mut values);
            product.zeroize();
            fold(&values[..self.steps.babies])
        })
    }

    /// The products at `α = z/x` and `α = x/z` of a point, up to a common factor.
    pub(super) fn at_point(&self, point: &Point<F>) -> [F; 2] {
        let (count, babies) = (self.steps.giants, self.steps.babies);
        let Parts { s, d, m } = parts(point);
        let minus_four = |x: &F| {
            let two = x.add(x);
            two.add(&two).neg()
        };
        let (s4, m4, d) = (minus_four(&s), minus_four(&m), d.neg());
        let mut leaves = [Poly::leaf([F::ZERO; 2], F::ZERO); GIANTS];
        for (leaf, giant) in leaves.iter_mut().zip(&self.giants[..count]) {
            let constant = F::dot(&[s4, m4], &giant.constant);
            let linear = F::dot(&[s, m4], &giant.linear);
            *leaf = Poly::leaf([constant, linear], d.mul(&giant.delta));
        }
        let mut product = Poly::product(&mut leaves[..count], Shape::General);
        leaves.iter_mut().for_each(Zeroize::zeroize);

        let (mut even, mut odd) = ([F::ZERO; BABIES], [F::ZERO; BABIES]);
        self.evaluate(&mut product.g[..=count], &mut even);
        self.evaluate(&mut product.h[..count], &mut odd);
        product.zeroize();
        let mut values = [[F::ZERO; BABIES]; 2];
        let [sums, diffs] = &mut values;
        for i in 0..babies {
            let odd = odd[i].mul(&self.deltas[i]);
            sums[i] = even[i].add(&odd);
            diffs[i] = even[i].sub(&odd);
        }
        let ends = [fold(&diffs[..babies]), fold(&sums[..babies])];
        for used in [&mut even, &mut odd, sums, diffs] {
            used.zeroize();
        }
        ends
    }

    /// The values at `y` of all babies of a polynomial, made homogeneous with w.
    fn evaluate(&self, coefficients: &mut [F], values: &mut [F]) {
        let degree = coefficients.len() - 1;
        for (k, coefficient) in coefficients[..degree].iter_mut().enumerate() {
            *coefficient = coefficient.mul(&self.scale[degree - k]);
        }
        let n = self.steps.giants;
        for (value, row) in values
            .iter_mut()
            .zip(self.powers.chunks(n))
            .take(self.steps.babies)
        {
            *value = F::dot(&coefficients[1..], &row[..degree]).add(&coefficients[0]);
        }
    }
}

/// `x² + z²`, `x² - z²` and `x·z`.
struct Parts<F> {
    s: F,
    d: F,
    m: F,
}

fn parts<F: Field>(point: &Point<F>) -> Parts<F> {
    let [xx, zz] = F::sqrs([&point.x, &point.z]);
    Parts {
        s: xx.add(&zz),
        d: xx.sub(&zz),
        m: point.x.mul(&point.z),
    }
}

/// Fills `out` with P, 3P, 5P and so on.
fn odd_multiples<F: Field>(out: &mut [Point<F>], point: &Point<F>, twice: &Point<F>) {
    out[0] = *point;
    for i in 1..out.len() {
        let before = if i == 1 { out[0] } else { out[i - 2] };
        [out[i]] = add([[&out[i - 1], twice, &before]]);
    }
}

/// The product of all.
fn fold<F: Field>(factors: &[F]) -> F {
    factors
        .iter()
        .fold(F::ONE, |product, factor| product.mul(factor))
}

impl<F: Field> Zeroize for Resultant<F> {
    fn zeroize(&mut self) {
        self.powers.zeroize();
        self.deltas.zeroize();
        self.scale.zeroize();
        for giant in &mut self.giants {
            giant.linear.zeroize();
            giant.constant.zeroize();
            giant.delta.zeroize();
        }
    }
}
