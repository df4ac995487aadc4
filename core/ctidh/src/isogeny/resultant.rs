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
    isogeny::poly::{Poly, Shape},
    set::Steps,
};

const BABIES: usize = Steps::MOST_BABIES;
const GIANTS: usize = Steps::MOST_GIANTS;

/// What the babies and the giants of one kernel contribute, for any α, and space to work in.
pub(crate) struct Resultant<F> {
    tables: Tables<F>,
    space: Space<F>,
}

struct Tables<F> {
    steps: Steps,
    /// For each baby, the powers 1 to `giants` of `w·y`, one row after the other.
    powers: [F; BABIES * GIANTS],
    /// For each baby, `w·δ`.
    deltas: [F; BABIES],
    /// The powers 0 to `giants` of w, the common denominator of all y and δ.
    scale: [F; GIANTS + 1],
    giants: [Giant<F>; GIANTS],
}

struct Space<F> {
    babies: [Point<F>; BABIES],
    giants: [Point<F>; GIANTS],
    leaves: [Poly<F>; GIANTS],
    values: [[F; BABIES]; 2],
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
    /// Before any kernel.
    pub(crate) const EMPTY: Self = Self {
        tables: Tables {
            steps: Steps::NONE,
            powers: [F::ZERO; BABIES * GIANTS],
            deltas: [F::ZERO; BABIES],
            scale: [F::ONE; GIANTS + 1],
            giants: [Giant {
                linear: [F::ZERO; 2],
                constant: [F::ZERO; 2],
                delta: F::ZERO,
            }; GIANTS],
        },
        space: Space {
            babies: [Point::NOTHING; BABIES],
            giants: [Point::NOTHING; GIANTS],
            leaves: [Poly::ZERO; GIANTS],
            values: [[F::ZERO; BABIES]; 2],
        },
    };

    /// Prepares the tables of a kernel point; `twice` is its double.
    pub(super) fn prepare(
        &mut self,
        curve: &Curve<F>,
        kernel: &Point<F>,
        twice: &Point<F>,
        steps: Steps,
    ) {
        let Self { tables, space } = self;
        tables.steps = steps;
        let babies = &mut space.babies[..steps.babies];
        odd_multiples(babies, kernel, twice);
        tables.fill_babies(babies, &mut space.values);

        // 2·babies is twice the middle baby, or the sum of the two around the middle
        let middle = steps.babies / 2;
        let [first] = if steps.babies % 2 == 1 {
            curve.double([&babies[middle]])
        } else {
            add([[&babies[middle], &babies[middle - 1], twice]])
        };
        let giants = &mut space.giants[..steps.giants];
        let [stride] = curve.double([&first]);
        odd_multiples(giants, &first, &stride);
        tables.fill_giants(curve, giants);
    }

    /// The products at `α = 1` and `α = -1`, up to a common factor.
    pub(super) fn at_ends(&mut self) -> [F; 2] {
        [End::One, End::MinusOne].map(|end| {
            let Self { tables, space } = self;
            let leaves = &mut space.leaves[..tables.steps.giants];
            for (leaf, giant) in leaves.iter_mut().zip(&tables.giants) {
                // y·4C·(s ∓ 2m) ∓ 2·(4C·s + 8A·m ± 8C·m)
                let [cs, cm] = &giant.linear;
                let twice = cm.add(cm);
                let (constant, linear) = match end {
                    End::One => (giant.constant[1].add(&twice).neg(), cs.sub(&twice)),
                    End::MinusOne => (giant.constant[1].sub(&twice), cs.add(&twice)),
                };
                leaf.set([constant.add(&constant), linear], F::ZERO);
            }
            let product = Poly::product(leaves, Shape::Symmetric);
            let [values, _] = &mut space.values;
            tables.evaluate(&mut product.g[..=tables.steps.giants], values);
            fold(&values[..tables.steps.babies])
        })
    }

    /// The products at `α = z/x` and `α = x/z` of a point, up to a common factor.
    pub(super) fn at_point(&mut self, point: &Point<F>) -> [F; 2] {
        let Self { tables, space } = self;
        let Steps { babies, giants, .. } = tables.steps;
        let Parts { s, d, m } = parts(point);
        let minus_four = |x: &F| {
            let two = x.add(x);
            two.add(&two).neg()
        };
        let (s4, m4, d) = (minus_four(&s), minus_four(&m), d.neg());
        let leaves = &mut space.leaves[..giants];
        for (leaf, giant) in leaves.iter_mut().zip(&tables.giants) {
            let constant = F::dot(&[s4, m4], &giant.constant);
            let linear = F::dot(&[s, m4], &giant.linear);
            leaf.set([constant, linear], d.mul(&giant.delta));
        }
        let product = Poly::product(leaves, Shape::General);
        let [even, odd] = &mut space.values;
        tables.evaluate(&mut product.g[..=giants], even);
        tables.evaluate(&mut product.h[..giants], odd);
        for ((even, odd), delta) in even.iter_mut().zip(odd).zip(&tables.deltas[..babies]) {
            let part = odd.mul(delta);
            *odd = even.sub(&part);
            *even = even.add(&part);
        }
        let [sums, differences] = &space.values;
        [fold(&differences[..babies]), fold(&sums[..babies])]
    }
}

/// Where the products for the curve are taken.
#[derive(Clone, Copy)]
enum End {
    One,
    MinusOne,
}

impl<F: Field> Tables<F> {
    fn fill_babies(&mut self, babies: &[Point<F>], space: &mut [[F; BABIES]; 2]) {
        let (n, count) = (self.steps.giants, babies.len());
        let [denominators, before] = space;
        let mut w = F::ONE;
        for (i, baby) in babies.iter().enumerate() {
            let Parts { s, d, m } = parts(baby);
            (self.powers[i * n], self.deltas[i]) = (s, d);
            (denominators[i], before[i]) = (m, w);
            w = if i == 0 { m } else { w.mul(&m) };
        }
        // each times the denominators of all others
        let mut after = F::ONE;
        for i in (0..count).rev() {
            let others = before[i].mul(&after);
            [after, self.powers[i * n], self.deltas[i]] = F::muls([
                (&after, &denominators[i]),
                (&self.powers[i * n], &others),
                (&self.deltas[i], &others),
            ]);
        }
        for row in self.powers.chunks_mut(n).take(count) {
            for k in 1..n {
                // as squares where possible, from powers that are long done
                row[k] = if k % 2 == 1 {
                    row[k / 2].sqr()
                } else {
                    row[k - 1].mul(&row[0])
                };
            }
        }
        self.scale[1] = w;
        for k in 2..=n {
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
    let product = factors
        .iter()
        .copied()
        .reduce(|product, factor| product.mul(&factor));
    product.unwrap_or(F::ONE)
}

impl<F: Field> Zeroize for Resultant<F> {
    fn zeroize(&mut self) {
        let Self { tables, space } = self;
        tables.powers.zeroize();
        tables.deltas.zeroize();
        tables.scale.zeroize();
        for giant in &mut tables.giants {
            giant.linear.zeroize();
            giant.constant.zeroize();
            giant.delta.zeroize();
        }
        space.babies.zeroize();
        space.giants.zeroize();
        space.leaves.zeroize();
        space.values.zeroize();
    }
}
