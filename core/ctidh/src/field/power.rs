//! Powers with the two fixed exponents that the protocol needs.

use crate::{field::Field, mask::Mask, set::Set};

/// The power `p - 2`.
pub(super) fn invert<F: Field>(element: &F) -> F {
    // p ends in ...11 in binary, so p - 2 = 4·(p >> 2) + 1
    let quarter = power_quarter(element);
    quarter.sqr().sqr().mul(element)
}

/// Euler's criterion: the power `(p - 1)/2` is not -1.
pub(super) fn is_square<F: Field>(element: &F) -> Mask {
    // (p - 1)/2 = 2·(p >> 2) + 1
    let symbol = power_quarter(element).sqr().mul(element);
    !symbol.add(&F::ONE).is_zero()
}

/// The power `p >> 2`, with windows of four bits from the top. The exponent is public.
fn power_quarter<F: Field>(element: &F) -> F {
    let mut table = [F::ONE; 16];
    for i in 1..16 {
        table[i] = table[i - 1].mul(element);
    }
    let modulus = <F::Set as Set>::MODULUS;
    let modulus = modulus.as_ref();
    let digit = |at: usize| {
        let (limb, shift) = (at / 64, at % 64);
        let mut bits = modulus[limb] >> shift;
        if shift > 60 && limb + 1 < modulus.len() {
            bits |= modulus[limb + 1] << (64 - shift);
        }
        (bits & 15) as usize
    };
    let windows = (<F::Set as Set>::BITS - 2).div_ceil(4);
    let mut power = F::ONE;
    for window in (0..windows).rev() {
        power = power
            .sqr()
            .sqr()
            .sqr()
            .sqr()
            .mul(&table[digit(2 + 4 * window)]);
    }
    power
}
