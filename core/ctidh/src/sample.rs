//! The uniform sampler of secret keys, bit for bit that of the reference implementation.

use primitives::{Shake256, Zeroizing};

use crate::{
    arch::declassify,
    mask::Mask,
    set::{Array, Batch, Set},
};

/// A seeded stream of words; each draw has a number of its own.
pub(crate) struct Draws<'a> {
    context: u64,
    count: u64,
    seed: &'a [u8],
    /// What each draw gave.
    #[cfg(test)]
    pub(crate) log: alloc::vec::Vec<alloc::vec::Vec<u8>>,
}

impl<'a> Draws<'a> {
    /// The draws of a seed. Contexts separate independent uses of one seed.
    pub(crate) const fn new(context: u64, seed: &'a [u8]) -> Self {
        Self {
            context,
            count: 0,
            seed,
            #[cfg(test)]
            log: alloc::vec::Vec::new(),
        }
    }

    /// SHAKE-256(le64(context) || le64(number of the draw) || seed) as little-endian words.
    fn fill(&mut self, words: &mut [i32]) {
        self.count += 1;
        let (context, count) = (self.context.to_le_bytes(), self.count.to_le_bytes());
        let mut stream = Shake256::new(&[&context, &count, self.seed]);
        let mut bytes = Zeroizing::new([0; 4]);
        for word in words.iter_mut() {
            stream.fill(&mut *bytes);
            *word = i32::from_le_bytes(*bytes);
        }
        #[cfg(test)]
        self.log
            .push(words.iter().flat_map(|word| word.to_le_bytes()).collect());
    }
}

/// The most primes in a batch, and the most words of a draw.
const MOST_PRIMES: usize = 16;
const MOST_WORDS: usize = 32;

/// A uniform key: in every batch, all vectors within the bound are equally likely.
pub(crate) fn sample<S: Set>(draws: &mut Draws<'_>) -> S::Exponents {
    let mut exponents = S::Exponents::filled(0);
    for batch in S::BATCHES {
        let exponents = &mut exponents.as_mut()[batch.start..batch.stop];
        // what is refused is not used, so it may be seen that it was refused
        while !attempt(exponents, batch, draws) {}
    }
    exponents
}

/// One draw for a batch: whether it is accepted, which is public.
///
/// A random path of `bound` right steps and `size` up steps gives absolute values of sum at most
/// `bound`; random signs then count zeros twice, which the last refusal undoes.
fn attempt(exponents: &mut [i8], batch: &Batch, draws: &mut Draws<'_>) -> bool {
    let (size, bound) = (exponents.len(), usize::from(batch.bound));
    let mut space = Zeroizing::new([0_i32; MOST_WORDS]);
    let words = &mut space[..size + bound];
    draws.fill(words);
    for (i, word) in words.iter_mut().enumerate() {
        *word = *word & !1 | i32::from(i < size);
    }
    sort(words);
    let mut collision = Mask::NO;
    for pair in words[..size].windows(2) {
        let difference = (pair[0] ^ pair[1]) & !1;
        collision = collision | Mask::is_zero(u64::from(difference.cast_unsigned()));
    }
    if declassify(collision) {
        return false;
    }

    let mut counts = Zeroizing::new([0_u64; MOST_PRIMES]);
    let mut sum = 0;
    for word in words.iter() {
        sum += u64::from(word.cast_unsigned() & 1);
        for (i, count) in (0..).zip(&mut counts[..size]) {
            *count += Mask::equal(sum, i).word() & 1;
        }
    }
    for count in &mut counts[1..size] {
        *count -= 1; // the up step itself
    }

    let mut signs = Zeroizing::new([0_i32; 1]);
    draws.fill(&mut *signs);
    let signs = u64::from(signs[0].cast_unsigned());
    let mut zeros_left = size as i64 - bound as i64;
    let mut refused = Mask::NO;
    for (i, (exponent, count)) in exponents.iter_mut().zip(&counts[..size]).enumerate() {
        let negative = Mask::from_bit(signs >> i);
        let zero = Mask::is_zero(*count);
        zeros_left -= zero.word() as i64 & 1;
        refused = refused | (zero & Mask::negative(zeros_left) & negative);
        *exponent = negative.select(count.wrapping_neg(), *count) as i8;
    }
    !declassify(refused)
}

/// Sorts ascending, by comparing and exchanging every pair in a fixed order.
fn sort(words: &mut [i32]) {
    for end in (1..words.len()).rev() {
        for i in 0..end {
            let (a, b) = (i64::from(words[i]), i64::from(words[i + 1]));
            let wrong = Mask::negative(b - a).word() as i32;
            let change = (words[i] ^ words[i + 1]) & wrong;
            words[i] ^= change;
            words[i + 1] ^= change;
        }
    }
}
