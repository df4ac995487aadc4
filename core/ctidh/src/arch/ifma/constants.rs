//! The constants of the field in digits of 51 bits, computed by the compiler from the modulus.

use super::{DIGIT, Vectors};

/// A factor, moved up by 0, 1, 2 and 3 digits.
pub(super) type Shifted<const Z: usize> = [Vectors<Z>; 4];

/// `2^exponent mod p`, for any exponent.
///
/// `N` limbs must hold `2p`.
pub(super) const fn power_of_two<const N: usize>(modulus: &[u64; N], exponent: i32) -> [u64; N] {
    let mut power = [0; N];
    power[0] = 1;
    let mut step = 0;
    while step < exponent {
        power = reduce_once(&add(&power, &power), modulus);
        step += 1;
    }
    while step > exponent {
        if power[0] & 1 == 1 {
            power = add(&power, modulus);
        }
        let mut i = 0;
        while i < N {
            let above = if i + 1 < N { power[i + 1] } else { 0 };
            power[i] = power[i] >> 1 | above << 63;
            i += 1;
        }
        step -= 1;
    }
    power
}

/// The digits of `limbs`, moved up by `shift` digits.
pub(super) const fn digits<const N: usize, const Z: usize>(
    limbs: &[u64; N],
    shift: usize,
) -> Vectors<Z> {
    let mut out = Vectors([[0; 8]; Z]);
    let mut i = 0;
    while i * DIGIT < 64 * N {
        let (at, from) = (i * DIGIT / 64, i * DIGIT % 64);
        let mut word = limbs[at] >> from;
        if from > 64 - DIGIT && at + 1 < N {
            word |= limbs[at + 1] << (64 - from);
        }
        let digit = word & MASK;
        if digit != 0 {
            out.0[(i + shift) / 8][(i + shift) % 8] = digit;
        }
        i += 1;
    }
    out
}

/// The four positions of a factor.
pub(super) const fn shifted<const N: usize, const Z: usize>(limbs: &[u64; N]) -> Shifted<Z> {
    [
        digits(limbs, 0),
        digits(limbs, 1),
        digits(limbs, 2),
        digits(limbs, 3),
    ]
}

/// A multiple of p of which every digit is larger than that of any reduced element: `floor` in
/// all `count` digits but the last, which is `top`, plus what is missing to a multiple of p.
pub(super) const fn multiple<const N: usize, const Z: usize>(
    modulus: &[u64; N],
    count: usize,
    floor: u64,
    top: u64,
) -> Vectors<Z> {
    // floor·(1 + 2^51 + ...) mod p, one digit after the other from the top
    let mut sum = [0; N];
    let mut i = count;
    while i > 0 {
        i -= 1;
        let mut bit = 0;
        while bit < DIGIT {
            sum = reduce_once(&add(&sum, &sum), modulus);
            bit += 1;
        }
        let mut digit = [0; N];
        digit[0] = if i + 1 == count { top } else { floor };
        sum = reduce_once(&add(&sum, &digit), modulus);
    }
    let mut out: Vectors<Z> = digits(&subtract(modulus, &sum).0, 0);
    let mut i = 0;
    while i < count {
        out.0[i / 8][i % 8] += if i + 1 == count { top } else { floor };
        i += 1;
    }
    out
}

const fn reduce_once<const N: usize>(a: &[u64; N], modulus: &[u64; N]) -> [u64; N] {
    let (less, borrow) = subtract(a, modulus);
    if borrow { *a } else { less }
}

const fn add<const N: usize>(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
    let mut out = [0; N];
    let mut carry = false;
    let mut i = 0;
    while i < N {
        let (partial, first) = a[i].overflowing_add(b[i]);
        let (limb, second) = partial.overflowing_add(carry as u64);
        out[i] = limb;
        carry = first | second;
        i += 1;
    }
    out
}

pub(super) const fn subtract<const N: usize>(a: &[u64; N], b: &[u64; N]) -> ([u64; N], bool) {
    let mut out = [0; N];
    let mut borrow = false;
    let mut i = 0;
    while i < N {
        let (partial, first) = a[i].overflowing_sub(b[i]);
        let (limb, second) = partial.overflowing_sub(borrow as u64);
        out[i] = limb;
        borrow = first | second;
        i += 1;
    }
    (out, borrow)
}

/// The lowest 51 bits.
pub(super) const MASK: u64 = (1 << DIGIT) - 1;
