//! How many baby and giant steps an isogeny takes.

/// A choice of steps; 0 and 0 for Vélu's formulas as they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Steps {
    /// Odd multiples 1, 3, …, 2·babies - 1 of the kernel point.
    pub babies: usize,
    /// Odd multiples 1, 3, … of 2·babies times the kernel point.
    pub giants: usize,
}

impl Steps {
    /// Vélu's formulas as they are.
    pub(crate) const NONE: Self = Self {
        babies: 0,
        giants: 0,
    };
    /// The most babies of any batch.
    pub(crate) const MOST_BABIES: usize = 32;
    /// The most giants of any batch.
    pub(crate) const MOST_GIANTS: usize = 8;

    /// How many of the multiples up to sign the sums and differences of the steps cover.
    pub(crate) const fn covered(self) -> u64 {
        2 * (self.babies * self.giants) as u64
    }

    /// The cheapest for a batch, when two points are pushed.
    ///
    /// All sums must be smaller than any prime of the batch: `4·babies·giants < smallest`.
    pub(super) const fn choose(smallest: u64, largest: u64) -> Self {
        let mut best = Self::NONE;
        let mut babies = 1;
        while babies <= Self::MOST_BABIES {
            let mut giants = 1;
            while giants <= Self::MOST_GIANTS && 4 * babies * giants < smallest as usize {
                let steps = Self { babies, giants };
                if steps.cost(largest) < best.cost(largest) {
                    best = steps;
                }
                giants += 1;
            }
            babies += 1;
        }
        best
    }

    /// In half multiplications: a product without its reduction is one, the reduction the other.
    const fn cost(self, largest: u64) -> usize {
        let Self { babies, giants } = self;
        let rest = (largest / 2 - self.covered()) as usize;
        let linear = 32 * rest;
        if babies == 0 {
            return linear;
        }
        let (mut trees, mut size) = (0, 1);
        while size < giants {
            // about giants / (2·size) products of degrees size and size, each for two points and
            // two symmetric polynomials
            let point = 2 * (size + 1) * (size + 1) + size * size + 6 * size + 1;
            let symmetric = (size + 1) * (size + 1) + 2 * size + 1;
            trees += giants * (point + symmetric) / size;
            size *= 2;
        }
        let multiples = 12 * (babies + giants + 1);
        let tables = babies * (16 + 2 * (giants - 1)) + 14 * giants;
        let leaves = 16 * giants;
        let scaling = 12 * giants;
        let values = babies * (2 * (2 * giants + 5) + 2 * (giants + 1) + 12);
        linear + multiples + tables + leaves + trees + scaling + values
    }
}

#[cfg(test)]
mod tests {
    use crate::set::{Set, Set1024};

    #[test]
    fn steps_stay_below_every_prime_of_their_batch() {
        for batch in Set1024::BATCHES {
            let (smallest, steps) = (u64::from(Set1024::PRIMES[batch.start]), batch.steps);
            assert!(2 * steps.covered() < smallest, "{steps:?} for {smallest}");
            assert_eq!(steps.babies == 0, steps.giants == 0);
            assert_eq!(steps.babies == 0, smallest < 31, "{steps:?} for {smallest}");
        }
    }
}
