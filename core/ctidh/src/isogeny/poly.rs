use primitives::Zeroize;

use crate::{field::Field, set::Steps};

/// The most giants, which is the largest degree.
const MOST: usize = Steps::MOST_GIANTS;

/// `G(y) + δ·H(y)` with `y = x + 1/x` and `δ = x - 1/x`, hence `δ² = y² - 4`; of degree n in y,
/// H of degree n - 1.
///
/// Every polynomial of degree 2n in x, divided by xⁿ, is of this form up to a factor 2. Turning x
/// into 1/x changes the sign of δ, so that one evaluation of G and H gives both values. A
/// symmetric polynomial has no H.
#[derive(Clone, Copy, Debug)]
pub(super) struct Poly<F> {
    pub(super) g: [F; MOST + 1],
    pub(super) h: [F; MOST],
    pub(super) degree: usize,
}

/// Whether a polynomial has a part H.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    Symmetric,
    General,
}

impl<F: Field> Poly<F> {
    pub(super) const ZERO: Self = Self {
        g: [F::ZERO; MOST + 1],
        h: [F::ZERO; MOST],
        degree: 0,
    };

    /// Becomes `g0 + g1·y + δ·h0`.
    pub(super) fn set(&mut self, [g0, g1]: [F; 2], h0: F) {
        [self.g[0], self.g[1], self.h[0]] = [g0, g1, h0];
        self.degree = 1;
    }

    /// The product of all, by a balanced tree in their place.
    pub(super) fn product(polys: &mut [Self], shape: Shape) -> &mut Self {
        let mut count = polys.len();
        while count > 1 {
            for i in 0..count / 2 {
                polys[i] = polys[2 * i].mul(&polys[2 * i + 1], shape);
            }
            if count % 2 == 1 {
                polys[count / 2] = polys[count - 1];
            }
            count = count.div_ceil(2);
        }
        &mut polys[0]
    }

    fn mul(&self, other: &Self, shape: Shape) -> Self {
        let (n, m) = (self.degree, other.degree);
        let mut out = Self {
            degree: n + m,
            ..Self::ZERO
        };
        convolve(&mut out.g, &self.g[..=n], &other.g[..=m]);
        if shape == Shape::Symmetric {
            return out;
        }
        // as Karatsuba: G·H' + H·G' = (G + H)·(G' + H') - G·G' - H·H'
        let mut both = [F::ZERO; MOST + 1];
        let mut high = [F::ZERO; MOST];
        convolve(&mut high, &self.h[..n], &other.h[..m]);
        convolve(&mut both, &self.joined()[..=n], &other.joined()[..=m]);
        for k in 0..n + m {
            out.h[k] = both[k].sub(&out.g[k]).sub(&high[k]);
        }
        for (k, high) in high[..n + m - 1].iter().enumerate() {
            let twice = high.add(high);
            out.g[k] = out.g[k].sub(&twice.add(&twice));
            out.g[k + 2] = out.g[k + 2].add(high);
        }
        out
    }

    /// `G + H`
    fn joined(&self) -> [F; MOST + 1] {
        let mut joined = self.g;
        for (g, h) in joined.iter_mut().zip(&self.h[..self.degree]) {
            *g = g.add(h);
        }
        joined
    }
}

impl<F: Field> Zeroize for Poly<F> {
    fn zeroize(&mut self) {
        self.g.zeroize();
        self.h.zeroize();
    }
}

/// The product of two polynomials.
fn convolve<F: Field>(out: &mut [F], a: &[F], b: &[F]) {
    let mut reversed = [F::ZERO; MOST + 1];
    for (reversed, b) in reversed.iter_mut().zip(b.iter().rev()) {
        *reversed = *b;
    }
    let reversed = &reversed[..b.len()];
    for (k, out) in out.iter_mut().take(a.len() + b.len() - 1).enumerate() {
        let low = (k + 1).saturating_sub(b.len());
        let high = k.min(a.len() - 1);
        *out = F::dot(&a[low..=high], &reversed[b.len() - 1 + low - k..]);
    }
}
