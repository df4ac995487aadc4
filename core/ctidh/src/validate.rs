//! Validation of public keys. They are public, so this takes whatever time it takes.

use primitives::Shake256;

use crate::{
    arch::declassify,
    backend::{Backend, Task},
    curve::{Curve, Point},
    field::Field,
    public::PublicKeyError,
    set::{Array, Chain, Set},
};

/// Whether the encoding is a coefficient of a supersingular curve, other than 0.
pub(crate) fn validate<S: Set>(
    backend: Backend,
    encoding: &S::Encoding,
) -> Result<(), PublicKeyError> {
    let limbs = S::limbs(encoding);
    let zero = encoding.as_ref().iter().all(|byte| *byte == 0);
    if zero || !declassify(S::is_canonical(&limbs)) {
        return Err(PublicKeyError::NotCanonical);
    }
    if is_supersingular::<S>(backend, encoding) {
        Ok(())
    } else {
        Err(PublicKeyError::NotACurve)
    }
}

/// Whether a canonical encoding is a coefficient of a supersingular curve. 0 is one.
pub(crate) fn is_supersingular<S: Set>(backend: Backend, encoding: &S::Encoding) -> bool {
    let limbs = &S::limbs(encoding);
    backend.run(Supersingular::<S> { limbs, encoding })
}

/// Whether a curve has p + 1 points.
struct Supersingular<'a, S: Set> {
    limbs: &'a S::Limbs,
    encoding: &'a S::Encoding,
}

impl<S: Set> Task for Supersingular<'_, S> {
    type Set = S;
    type Output = bool;

    /// Tries points until one decides. They come from a hash of the curve, so that the verdict
    /// needs no other randomness; whatever they are, it is right.
    fn run<F: Field<Set = S>>(self) -> bool {
        let curve = Curve::from_coefficient(&F::from_limbs(self.limbs));
        if declassify(curve.plus.is_zero() | curve.minus.is_zero()) {
            return false;
        }
        let mut stream = Shake256::new(&[self.encoding.as_ref()]);
        loop {
            let mut bytes = S::Encoding::filled(0);
            stream.fill(bytes.as_mut());
            // not quite uniform: any point will do
            bytes.as_mut()[S::BITS / 8..].fill(0);
            let point = Point {
                x: F::from_limbs(&S::limbs(&bytes)),
                z: F::ONE,
            };
            if let Some(verdict) = Order::of(&curve, point) {
                return verdict;
            }
        }
    }
}

/// What is known of the order of a point.
///
/// By Hasse's theorem a curve has `p + 1 - t` points and its twist `p + 1 + t`, with `|t|` at most
/// `2√p`. If a point's order has a divisor of `p + 1` above `4√p`, then that also divides `t`, so
/// `t` is 0.
struct Order<S: Set> {
    /// A divisor of the order and of p + 1.
    known: S::Limbs,
}

impl<S: Set> Order<S> {
    /// Whether the order proves the curve supersingular, or not supersingular, or neither.
    fn of<F: Field<Set = S>>(curve: &Curve<F>, point: Point<F>) -> Option<bool> {
        let mut order = Self {
            known: S::Limbs::filled(0),
        };
        order.known.as_mut()[0] = 1;
        let [point] = curve.quadruple([point]);
        order.descend(curve, point, S::PRIMES, S::CHAINS)
    }

    /// Looks for prime divisors of the order of `point` among `primes`; all others have been
    /// cleared from it.
    fn descend<F: Field<Set = S>>(
        &mut self,
        curve: &Curve<F>,
        point: Point<F>,
        primes: &[u16],
        chains: &[Chain],
    ) -> Option<bool> {
        if declassify(point.is_infinity()) {
            return None;
        }
        if let ([prime], [chain]) = (primes, chains) {
            let [end] = curve.multiply([point], *chain);
            if !declassify(end.is_infinity()) {
                return Some(false); // (p + 1)·point is not infinity
            }
            return self.learn(*prime).then_some(true);
        }
        let (low_primes, high_primes) = primes.split_at(primes.len() / 2);
        let (low_chains, high_chains) = chains.split_at(chains.len() / 2);
        let clear = |chains: &[Chain]| {
            chains.iter().fold(point, |point, chain| {
                let [point] = curve.multiply([point], *chain);
                point
            })
        };
        // the large primes first: fewer of them make the proof
        self.descend(curve, clear(low_chains), high_primes, high_chains)
            .or_else(|| self.descend(curve, clear(high_chains), low_primes, low_chains))
    }

    /// Notes that `prime` divides the order. Whether that proves the curve supersingular.
    fn learn(&mut self, prime: u16) -> bool {
        let mut carry = 0;
        let mut bits = 0;
        for (i, limb) in self.known.as_mut().iter_mut().enumerate() {
            let wide = u128::from(*limb) * u128::from(prime) + u128::from(carry);
            *limb = wide as u64;
            carry = (wide >> 64) as u64;
            if *limb != 0 {
                bits = 64 * (i + 1) - limb.leading_zeros() as usize;
            }
        }
        // known >= 2^(bits - 1), and 4√p < 2^(2 + BITS/2)
        bits > S::BITS.div_ceil(2) + 2
    }
}
