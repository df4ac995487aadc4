//! The group action: a secret key walks from one curve to another.
//!
//! What may be seen from outside: the number of rounds, and in each round which batches are still
//! active and which kernel points failed. All of it is independent of the key. What may not: which
//! prime of a batch is used, in which direction, and whether an isogeny was real or a dummy.

use core::ops::Range;

use alloc::boxed::Box;

use primitives::Zeroize;

use crate::{
    arch::declassify,
    coins::Coins,
    curve::{Curve, Point},
    elligator,
    field::Field,
    isogeny::{Degree, Resultant, isogeny},
    mask::Mask,
    multiply::SecretChain,
    set::{Array, Batch, MOST_BATCHES, Set, Steps},
};

/// The curve that `exponents` lead to from `start`; both curves as coefficients.
///
/// `exponents` must be within the bounds of the batches. `coins` do not show in the result.
pub(crate) fn act<F: Field>(
    start: &F,
    exponents: &<F::Set as Set>::Exponents,
    coins: &mut Coins,
) -> F {
    let mut walk = Box::new(Walk {
        curve: Curve::from_coefficient(start),
        exponents: <F::Set as Set>::Exponents::filled(0),
        left: [0; MOST_BATCHES],
        targets: [Target::NONE; MOST_BATCHES],
        points: [Point::NOTHING; 2],
        resultant: Resultant::EMPTY,
    });
    walk.exponents = *exponents;
    for (left, batch) in walk.left.iter_mut().zip(<F::Set as Set>::BATCHES) {
        *left = batch.bound;
    }
    let end = walk.run(coins);
    walk.zeroize();
    scrub_stack();
    end
}

/// Overwrites the part of the stack that an action has used for single values.
#[inline(never)]
fn scrub_stack() {
    [0_u64; 8192].zeroize();
}

/// The state between two isogenies.
struct Walk<F: Field> {
    curve: Curve<F>,
    /// What is left of the secret key.
    exponents: <F::Set as Set>::Exponents,
    /// For each batch, how many isogenies are still to be computed; public.
    left: [u8; MOST_BATCHES],
    /// What a round works on, in its order.
    targets: [Target; MOST_BATCHES],
    /// Two points, one on the curve and one on its twist.
    points: [Point<F>; 2],
    /// Space for isogenies.
    resultant: Resultant<F>,
}

/// The prime of one batch that a round works on.
#[derive(Clone, Copy)]
struct Target {
    /// The batch.
    batch: usize,
    /// Which prime of the batch: an index into all primes; secret.
    index: u64,
    /// Whether the isogeny counts; else it is a dummy.
    real: Mask,
    /// Whether the kernel is on the twist.
    twist: Mask,
    degree: Degree,
    chain: SecretChain,
}

impl Target {
    /// No target.
    const NONE: Self = Self {
        batch: 0,
        index: 0,
        real: Mask::NO,
        twist: Mask::NO,
        degree: Degree {
            prime: 0,
            smallest: 0,
            largest: 0,
            steps: Steps::NONE,
        },
        chain: SecretChain {
            bits: 0,
            len: 0,
            longest: 0,
        },
    };
}

impl<F: Field> Walk<F> {
    /// Walks to the end; returns the coefficient of the last curve.
    #[inline(never)]
    fn run(&mut self, coins: &mut Coins) -> F {
        while self.left.iter().any(|left| *left > 0) {
            self.round(coins);
        }
        self.curve.coefficient()
    }

    /// Tries one isogeny of each batch that has some left.
    fn round(&mut self, coins: &mut Coins) {
        let (order, count) = self.active();
        for (i, batch) in order.into_iter().enumerate().take(count) {
            self.targets[i] = self.target(batch);
        }
        let mut side = self.targets[0].twist;
        self.points[0] = self.fresh_point(side, coins);
        self.clear(0, 0..count);

        for step in 0..count {
            let target = self.targets[step];
            let rest = step + 1..count;
            if step > 0 {
                let [first, second] = &mut self.points;
                Point::cswap(first, second, side ^ target.twist);
                side = target.twist;
            }
            let mut kernel = self.points[0];
            for other in &self.targets[rest.clone()] {
                [kernel] = self.curve.multiply_secret([kernel], other.chain);
            }
            if declassify(!kernel.is_infinity() & toss(&target, coins)) {
                self.walk(&kernel, step, count);
            }
            kernel.zeroize();
            if rest.is_empty() {
                return;
            }
            if step == 0 {
                [self.points[0]] = self.curve.multiply_secret([self.points[0]], target.chain);
                self.points[1] = self.fresh_point(!side, coins);
                self.clear(1, rest);
            } else {
                self.points = self.curve.multiply_secret(self.points, target.chain);
            }
        }
    }

    /// The batches that have isogenies left, in the order in which a round takes them, and how
    /// many they are: from large primes to small, because what comes late is multiplied by often;
    /// but two large ones come last, when no point, or only one, needs an image.
    fn active(&self) -> ([usize; MOST_BATCHES], usize) {
        let mut order = [0; MOST_BATCHES];
        let mut count = 0;
        for (batch, left) in self.left.iter().enumerate() {
            if *left > 0 {
                order[count] = batch;
                count += 1;
            }
        }
        if count > 2 {
            order[..count - 1].reverse();
            order[1..count - 1].rotate_left(1);
        }
        (order, count)
    }

    /// Picks the first prime of the batch that has an exponent left, else the first of all as a
    /// dummy.
    fn target(&self, batch: usize) -> Target {
        let Batch {
            start,
            stop,
            chain_len,
            steps,
            ..
        } = <F::Set as Set>::BATCHES[batch];
        let (primes, chains) = (<F::Set as Set>::PRIMES, <F::Set as Set>::CHAINS);
        let mut real = Mask::NO;
        let mut twist = Mask::NO;
        let mut index = start as u64;
        for i in start..stop {
            let exponent = i64::from(self.exponents.as_ref()[i]);
            let hit = !real & !Mask::is_zero(exponent.cast_unsigned());
            index = hit.select(i as u64, index);
            twist = twist | (hit & Mask::negative(exponent));
            real = real | hit;
        }
        let (mut prime, mut bits, mut len) = (0, 0, 0);
        for i in start..stop {
            let hit = Mask::equal(index, i as u64);
            prime = hit.select(primes[i].into(), prime);
            bits = hit.select(chains[i].bits.into(), bits);
            len = hit.select(chains[i].len.into(), len);
        }
        let (smallest, largest) = (primes[start].into(), primes[stop - 1].into());
        Target {
            batch,
            index,
            real,
            twist,
            degree: Degree {
                prime,
                smallest,
                largest,
                steps,
            },
            chain: SecretChain {
                bits,
                len,
                longest: chain_len,
            },
        }
    }

    /// A random point on the curve, or on its twist.
    fn fresh_point(&self, twist: Mask, coins: &mut Coins) -> Point<F> {
        let [mut point, other] = elligator::points(&self.curve, &coins.element());
        point.cmov(&other, twist);
        point
    }

    /// Multiplies a point by 4 and by all primes but those `wanted` among the targets, so that
    /// what is left of its order is made of them.
    fn clear(&mut self, which: usize, wanted: Range<usize>) {
        let curve = self.curve;
        let [mut point] = curve.quadruple([self.points[which]]);
        for (
            batch,
            &Batch {
                start,
                stop,
                chain_len,
                ..
            },
        ) in <F::Set as Set>::BATCHES.iter().enumerate()
        {
            let chains = &<F::Set as Set>::CHAINS[start..stop];
            let target = self.targets[wanted.clone()]
                .iter()
                .find(|target| target.batch == batch);
            let Some(target) = target else {
                for chain in chains {
                    [point] = curve.multiply([point], *chain);
                }
                continue;
            };
            // all but one: each chain or, from the target on, the one after it
            for (i, pair) in (start as u64..).zip(chains.windows(2)) {
                let before = Mask::less(i, target.index);
                let chain = SecretChain {
                    bits: before.select(pair[0].bits.into(), pair[1].bits.into()),
                    len: before.select(pair[0].len.into(), pair[1].len.into()),
                    longest: chain_len,
                };
                [point] = curve.multiply_secret([point], chain);
            }
        }
        self.points[which] = point;
    }

    /// Computes the isogeny of a target and counts it; takes it if it is real.
    ///
    /// Only points that the rest of the round needs get an image.
    fn walk(&mut self, kernel: &Point<F>, step: usize, count: usize) {
        let target = self.targets[step];
        // the leak that `cargo xtask ct` must notice
        #[cfg(ctidh_leaky)]
        if target.real.word() == 0 {
            self.left[target.batch] -= 1;
            return;
        }
        let curve = match count - step {
            1 => self.push::<0>(kernel, &target),
            _ if step == 0 => self.push::<1>(kernel, &target),
            2 => {
                let change = target.twist ^ self.targets[step + 1].twist;
                self.push_one(kernel, &target, change)
            }
            _ => self.push::<2>(kernel, &target),
        };
        self.curve.cmov(&curve, target.real);

        self.left[target.batch] -= 1;
        let Batch { start, stop, .. } = <F::Set as Set>::BATCHES[target.batch];
        let unit = target.twist.select(u64::MAX, 1) as i8;
        for i in start..stop {
            let hit = Mask::equal(target.index, i as u64) & target.real;
            let exponent = &mut self.exponents.as_mut()[i];
            *exponent = exponent.wrapping_sub(unit & hit.word() as i8);
        }
    }

    /// The isogeny, with the images of the first K points.
    fn push<const K: usize>(&mut self, kernel: &Point<F>, target: &Target) -> Curve<F> {
        let mut images: [Point<F>; K] = core::array::from_fn(|k| self.points[k]);
        let curve = isogeny(
            &self.curve,
            kernel,
            target.degree,
            &mut images,
            &mut self.resultant,
        );
        for (point, image) in self.points.iter_mut().zip(&images) {
            point.cmov(image, target.real);
        }
        images.zeroize();
        curve
    }

    /// The isogeny, with the image of only one of the two points: the second if `change`.
    fn push_one(&mut self, kernel: &Point<F>, target: &Target, change: Mask) -> Curve<F> {
        let [mut first, mut second] = self.points;
        Point::cswap(&mut first, &mut second, change);
        self.points[0] = first;
        let curve = self.push::<1>(kernel, target);
        Point::cswap(&mut self.points[0], &mut second, change);
        self.points[1] = second;
        curve
    }
}

/// "Yes" with a probability that makes failure as likely as with the smallest prime of the batch:
/// a kernel point is infinity with probability 1/l.
fn toss(target: &Target, coins: &mut Coins) -> Mask {
    let Degree {
        prime, smallest, ..
    } = target.degree;
    coins.toss(prime * (smallest - 1), smallest * (prime - 1))
}

impl<F: Field> Zeroize for Walk<F> {
    fn zeroize(&mut self) {
        self.curve.zeroize();
        self.exponents.as_mut().zeroize();
        for target in &mut self.targets {
            target.index.zeroize();
            target.real.zeroize();
            target.twist.zeroize();
            target.degree.prime.zeroize();
            target.chain.bits.zeroize();
            target.chain.len.zeroize();
        }
        self.points.zeroize();
        self.resultant.zeroize();
    }
}
