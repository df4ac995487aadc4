//! All constants of a parameter set, computed by the compiler from its primes.

use super::{MOST_BATCHES, steps::Steps};

/// How to multiply a point by a prime `l` with differential additions.
///
/// Start with `(P, 2P, 3P)`. For each bit, least significant first: swap the first two if it is 0,
/// then replace `(P1, P2, P3)` by `(P1, P3, P1 + P3)`, whose difference is the old `P2`. After
/// `len` steps the third point is `l·P`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Chain {
    /// The bits, first step lowest.
    pub bits: u16,
    /// The number of steps.
    pub len: u8,
}

/// Consecutive primes among which it stays hidden which one an isogeny uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Batch {
    /// Index of the first prime.
    pub start: usize,
    /// Index after the last prime.
    pub stop: usize,
    /// The largest sum of absolute exponents of a key, and the number of isogenies of an action.
    pub bound: u8,
    /// The longest addition chain of the batch.
    pub chain_len: u8,
    /// The steps of its isogenies.
    pub steps: Steps,
}

/// The first `N - 1` odd primes, and then `last`.
pub(super) const fn primes<const N: usize>(last: u16) -> [u16; N] {
    let mut primes = [last; N];
    let mut found = 0;
    let mut candidate = 3;
    while found < N - 1 {
        let mut i = 0;
        while i < found && candidate % primes[i] != 0 {
            i += 1;
        }
        if i == found {
            primes[found] = candidate;
            found += 1;
        }
        candidate += 2;
    }
    primes
}

/// `4 · ∏ primes - 1`.
pub(super) const fn modulus<const N: usize>(primes: &[u16]) -> [u64; N] {
    let mut product = [0; N];
    product[0] = 4;
    let mut i = 0;
    while i < primes.len() {
        let mut carry = 0;
        let mut j = 0;
        while j < N {
            let wide = product[j] as u128 * primes[i] as u128 + carry as u128;
            product[j] = wide as u64;
            carry = (wide >> 64) as u64;
            j += 1;
        }
        i += 1;
    }
    product[0] -= 1; // the product is a multiple of 4
    product
}

/// `-1/p mod 2^64` from the lowest limb of `p`; each Newton step doubles the right bits.
pub(super) const fn minus_inverse(lowest: u64) -> u64 {
    let mut inverse = 1u64;
    let mut step = 0;
    while step < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(lowest.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg()
}

/// The bit length.
pub(super) const fn bits<const N: usize>(number: &[u64; N]) -> usize {
    64 * N - number[N - 1].leading_zeros() as usize
}

/// `2^(64·N) mod p`: 1 doubled as often as needed.
pub(super) const fn montgomery_one<const N: usize>(modulus: &[u64; N]) -> [u64; N] {
    let mut one = [0; N];
    one[0] = 1;
    let mut i = 0;
    while i < 64 * N {
        one = double(&one, modulus);
        i += 1;
    }
    one
}

/// `2·number mod p` for `number < p`; the modulus has a spare bit.
const fn double<const N: usize>(number: &[u64; N], modulus: &[u64; N]) -> [u64; N] {
    let mut doubled = [0; N];
    let mut reduced = [0; N];
    let (mut carry, mut borrow) = (0, false);
    let mut i = 0;
    while i < N {
        doubled[i] = number[i] << 1 | carry;
        carry = number[i] >> 63;
        let (partial, first) = doubled[i].overflowing_sub(modulus[i]);
        let (limb, second) = partial.overflowing_sub(borrow as u64);
        reduced[i] = limb;
        borrow = first | second;
        i += 1;
    }
    if borrow { doubled } else { reduced }
}

/// A shortest differential addition chain for each prime.
pub(super) const fn chains<const N: usize>(primes: &[u16; N]) -> [Chain; N] {
    let mut chains = [Chain { bits: 0, len: 0 }; N];
    let mut i = 0;
    while i < N {
        chains[i] = shortest_chain(primes[i]);
        i += 1;
    }
    chains
}

/// A chain that ends in `l = x + y` is fixed by `y`; the short ones have `y` near the golden
/// section of `l`. Within 24 of it lies a shortest one for all primes below 1000.
const fn shortest_chain(l: u16) -> Chain {
    let golden = (l as u32 * 618 / 1000) as u16;
    let mut best = Chain { bits: 0, len: 16 };
    let mut y = golden.saturating_sub(24);
    while y <= golden + 25 {
        if let Some(chain) = chain_through(l, y, best.len) {
            best = chain;
        }
        y += 1;
    }
    best
}

/// The chain whose last addition is `(l - y) + y`, if it has fewer than `limit` steps.
const fn chain_through(l: u16, y: u16, limit: u8) -> Option<Chain> {
    if y >= l || 2 * y <= l {
        return None;
    }
    let (mut small, mut large) = (l - y, y);
    let mut chain = Chain { bits: 0, len: 0 };
    while small != 1 || large != 2 {
        let difference = large - small;
        chain.len += 1;
        if chain.len >= limit || difference == small {
            return None;
        }
        chain.bits <<= 1;
        if small < difference {
            chain.bits |= 1;
            large = difference;
        } else {
            large = small;
            small = difference;
        }
    }
    Some(chain)
}

/// The batches from their sizes and bounds.
pub(super) const fn batches<const B: usize>(
    primes: &[u16],
    sizes: &[usize; B],
    bounds: &[u8; B],
) -> [Batch; B] {
    assert!(B <= MOST_BATCHES, "the tables have room for all batches");
    let mut batches = [batch(primes, 0, 1, 0); B];
    let mut start = 0;
    let mut b = 0;
    while b < B {
        let stop = start + sizes[b];
        batches[b] = batch(primes, start, stop, bounds[b]);
        start = stop;
        b += 1;
    }
    assert!(start == primes.len(), "the batches cover all primes");
    batches
}

const fn batch(primes: &[u16], start: usize, stop: usize, bound: u8) -> Batch {
    let mut chain_len = 0;
    let mut i = start;
    while i < stop {
        let len = shortest_chain(primes[i]).len;
        if len > chain_len {
            chain_len = len;
        }
        i += 1;
    }
    let steps = Steps::choose(primes[start] as u64, primes[stop - 1] as u64);
    Batch {
        start,
        stop,
        bound,
        chain_len,
        steps,
    }
}
