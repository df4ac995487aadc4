//! The randomness inside an action: points and coins. It shows in nothing but time and retries.

use primitives::{Shake256, Zeroize};

use crate::{
    arch::declassify,
    field::Field,
    mask::Mask,
    set::{Array, Set},
};

/// A stream of secret random values.
#[derive(Debug)]
pub(crate) struct Coins(Shake256);

impl Coins {
    /// The stream of a seed.
    pub(crate) fn new(seed: &[u8]) -> Self {
        Self(Shake256::new(&[seed]))
    }

    /// A uniform field element other than 0, 1 and -1.
    pub(crate) fn element<F: Field>(&mut self) -> F {
        let mut bytes = <F::Set as Set>::Encoding::filled(0);
        loop {
            self.0.fill(bytes.as_mut());
            let (limbs, small) = uniform_bits::<F::Set>(&bytes);
            let element = F::from_limbs(&limbs);
            let usable = !element.is_zero() & !element.sqr().sub(&F::ONE).is_zero();
            // what is refused is not used, so it may be seen that it was refused
            if declassify(small) && declassify(usable) {
                bytes.as_mut().zeroize();
                return element;
            }
        }
    }

    /// "Yes" with probability `numerator / denominator`; both are secret and below 2^32.
    ///
    /// The error is below 2^-96.
    pub(crate) fn toss(&mut self, numerator: u64, denominator: u64) -> Mask {
        let mut bytes = [0; 16];
        self.0.fill(&mut bytes);
        let random = u128::from_le_bytes(bytes);
        bytes.zeroize();
        // floor(random·denominator / 2^128) is uniform below the denominator
        let low = u128::from(random as u64) * u128::from(denominator);
        let high = (random >> 64) * u128::from(denominator) + (low >> 64);
        Mask::less((high >> 64) as u64, numerator)
    }
}

/// As many random bits as p has, and whether they are a number below p.
fn uniform_bits<S: Set>(bytes: &S::Encoding) -> (S::Limbs, Mask) {
    let mut limbs = S::limbs(bytes);
    if let Some(top) = limbs.as_mut().last_mut() {
        *top &= u64::MAX >> (u64::BITS as usize * S::MODULUS.as_ref().len() - S::BITS);
    }
    let small = S::is_canonical(&limbs);
    (limbs, small)
}
