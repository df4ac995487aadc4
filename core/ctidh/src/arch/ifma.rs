use core::{fmt, marker::PhantomData};

use primitives::Zeroize;

use crate::{arch::runs_ifma, field::Field, mask::Mask, set::Set};

mod constants;
mod kernel;
#[cfg(test)]
mod tests;

use constants::{digits, multiple, power_of_two, shifted, subtract};
use kernel::Constants;

/// The field in AVX-512 registers: `D` digits of 51 bits in `Z` vectors of eight lanes.
///
/// The multiplier of IFMA takes 52 bits of each lane. Digits of 51 bits leave it one bit of room, so
/// that a sum is fit to be multiplied after moving carries once, in parallel, by one lane: nothing
/// ever waits for a carry to run through all lanes.
///
/// # Products
///
/// An element x stands as `x·R mod p`, `R = 2^(51·(D + 1))`. A product is built from its lowest
/// digits up, three rows at a time, and divided on the way: the lowest K digits `m` of
/// `m + 2^(51K)·rest` are *folded*, which gives `rest + m·(2^(-51K) mod p)`, the same number
/// divided by `2^(51K)`. No quotient digit has to be computed first, and a step waits only
/// for the one before to add up its lowest lanes. The result of a fold is up to `51·K` bits longer
/// than p, hence the last steps fold two digits, one, and one.
///
/// # Ranges
///
/// A reduced element has digits below `2^51 + 2^10`, the highest below `2^TOP + 2^10`; nothing is
/// above the highest. A lazy one has digits below `2^51 + 2^10`, the highest below `2^52`. A
/// product of lazy ones is below `2^(51·(D - 1) + TOP)`: of the last fold, `2^51·(2^-51 mod p)`,
/// which `FITS` checks against the set, and `2^-51` of what was before.
///
/// # Panics
///
/// All arithmetic needs AVX-512 F and IFMA, and panics where [`Backend`](crate::Backend) does not
/// offer it.
#[derive(Clone, Copy)]
pub struct Ifma<S, const N: usize, const Z: usize, const D: usize>(Vectors<Z>, PhantomData<S>);

/// Digits, the lowest first.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Vectors<const Z: usize>([[u64; 8]; Z]);

/// Bits of a digit.
const DIGIT: usize = 51;
/// Bits of the highest digit.
const TOP: usize = 50;

impl<S: Set<Limbs = [u64; N]>, const N: usize, const Z: usize, const D: usize> Ifma<S, N, Z, D> {
    /// The exponent of R.
    const SHIFT: i32 = (DIGIT * (D + 1)) as i32;
    /// The exponent of the wire's R.
    const WIRE: i32 = (64 * N) as i32;
    /// `x·2^(64·N)` times this, divided by R, is `x·R`.
    const IN: Self = Self::new(&power_of_two(&S::MODULUS, 2 * Self::SHIFT - Self::WIRE));
    /// `x·R` times this, divided by R, is `x·2^(128·N)`.
    const OUT: Self = Self::new(&power_of_two(&S::MODULUS, 2 * Self::WIRE));
    const CONSTANTS: &'static Constants<Z> = &Constants {
        inverses: [
            shifted(&power_of_two(&S::MODULUS, -51)),
            shifted(&power_of_two(&S::MODULUS, -102)),
            shifted(&power_of_two(&S::MODULUS, -153)),
        ],
        top: digits(
            &power_of_two(&S::MODULUS, (DIGIT * (D - 1) + TOP) as i32),
            0,
        ),
        multiple: multiple(
            &S::MODULUS,
            D,
            (1 << DIGIT) + (1 << 11),
            (1 << TOP) + (1 << 11),
        ),
    };

    /// Whether a product is reduced.
    const FITS: bool = {
        let inverse = &Self::CONSTANTS.inverses[0][0].0;
        inverse[(D - 2) / 8][(D - 2) % 8] < (1 << TOP) - 1 && D.is_multiple_of(3) && D + 3 <= 8 * Z
    };

    const fn new(limbs: &[u64; N]) -> Self {
        Self(digits(limbs, 0), PhantomData)
    }

    /// The sum of the products of reduced elements.
    #[inline]
    #[expect(unsafe_code, reason = "the kernel needs AVX-512 IFMA")]
    fn products<const T: usize>(a: [&Self; T], b: [&Self; T]) -> Self {
        const { assert!(Self::FITS && T <= 4) };
        assert!(runs_ifma());
        let (a, b) = (a.map(|a| &a.0), b.map(|b| &b.0));
        // SAFETY: the processor has what the kernel needs.
        Self::wrap(unsafe { kernel::dot::<Z, D, T>(a, b, Self::CONSTANTS) })
    }

    const fn wrap(vectors: Vectors<Z>) -> Self {
        Self(vectors, PhantomData)
    }

    /// This integer divided by `2^(64·N)` modulo p, below p.
    fn wire(&self) -> [u64; N] {
        let mut words = Words::new(&self.0);
        let mut out = [0; N];
        out.fill_with(|| words.next());
        let mut over = 0;
        for _ in 0..N {
            let factor = out[0].wrapping_mul(S::MINUS_INVERSE);
            let mut carry = 0;
            for i in 0..N {
                let wide =
                    u128::from(factor) * u128::from(S::MODULUS[i]) + u128::from(out[i]) + carry;
                carry = wide >> 64;
                if i > 0 {
                    out[i - 1] = wide as u64;
                }
            }
            let wide = carry + u128::from(words.next()) + over;
            out[N - 1] = wide as u64;
            over = wide >> 64;
        }
        // below p and a bit now, because the digits hold less than p times 2^(64·N)
        let (less, borrow) = subtract(&out, &S::MODULUS);
        let keep = Mask::from_bit(u64::from(borrow));
        for (out, less) in out.iter_mut().zip(less) {
            *out = keep.select(*out, less);
        }
        out
    }
}

impl<S: Set<Limbs = [u64; N]>, const N: usize, const Z: usize, const D: usize> Field
    for Ifma<S, N, Z, D>
{
    type Set = S;

    const ZERO: Self = Self::wrap(Vectors([[0; 8]; Z]));
    const ONE: Self = Self::new(&power_of_two(&S::MODULUS, Self::SHIFT));

    fn from_limbs(limbs: &[u64; N]) -> Self {
        Self::new(limbs).mul(&Self::IN)
    }

    fn to_limbs(&self) -> [u64; N] {
        self.mul(&Self::OUT).wire()
    }

    #[inline]
    #[expect(unsafe_code, reason = "the kernel needs AVX-512 IFMA")]
    fn add(&self, other: &Self) -> Self {
        assert!(runs_ifma());
        // SAFETY: the processor has what the kernel needs.
        Self::wrap(unsafe { kernel::add::<Z, D>(&self.0, &other.0, Self::CONSTANTS) })
    }

    #[inline]
    #[expect(unsafe_code, reason = "the kernel needs AVX-512 IFMA")]
    fn sub(&self, other: &Self) -> Self {
        assert!(runs_ifma());
        // SAFETY: the processor has what the kernel needs.
        Self::wrap(unsafe { kernel::sub::<Z, D>(&self.0, &other.0, Self::CONSTANTS) })
    }

    #[inline]
    #[expect(unsafe_code, reason = "the kernel needs AVX-512 IFMA")]
    fn sum(&self, other: &Self) -> Self {
        assert!(runs_ifma());
        // SAFETY: the processor has what the kernel needs.
        Self::wrap(unsafe { kernel::sum::<Z, D>(&self.0, &other.0) })
    }

    #[inline]
    #[expect(unsafe_code, reason = "the kernel needs AVX-512 IFMA")]
    fn diff(&self, other: &Self) -> Self {
        assert!(runs_ifma());
        // SAFETY: the processor has what the kernel needs.
        Self::wrap(unsafe { kernel::diff::<Z, D>(&self.0, &other.0, Self::CONSTANTS) })
    }

    #[inline]
    #[expect(unsafe_code, reason = "the kernel needs AVX-512 IFMA")]
    fn mul(&self, other: &Self) -> Self {
        const { assert!(Self::FITS) };
        assert!(runs_ifma());
        // SAFETY: the processor has what the kernel needs.
        Self::wrap(unsafe { kernel::dot::<Z, D, 1>([&self.0], [&other.0], Self::CONSTANTS) })
    }

    #[inline]
    fn sqr(&self) -> Self {
        self.mul(self)
    }

    fn dot(a: &[Self], b: &[Self]) -> Self {
        let mut sum = Self::ZERO;
        let mut pairs = a.iter().zip(b);
        while let Some((a0, b0)) = pairs.next() {
            let part = match (pairs.next(), pairs.next(), pairs.next()) {
                (Some((a1, b1)), Some((a2, b2)), Some((a3, b3))) => {
                    Self::products([a0, a1, a2, a3], [b0, b1, b2, b3])
                }
                (Some((a1, b1)), Some((a2, b2)), None) => {
                    Self::products([a0, a1, a2], [b0, b1, b2])
                }
                (Some((a1, b1)), ..) => Self::products([a0, a1], [b0, b1]),
                _ => a0.mul(b0),
            };
            sum = sum.add(&part);
        }
        sum
    }

    #[inline]
    #[expect(unsafe_code, reason = "the kernel needs AVX-512")]
    fn cmov(&mut self, other: &Self, mask: Mask) {
        assert!(runs_ifma());
        // SAFETY: the processor has what the kernel needs.
        self.0 = unsafe { kernel::select(&self.0, &other.0, mask.word() as u8) };
    }

    #[inline]
    fn cswap(a: &mut Self, b: &mut Self, mask: Mask) {
        let old = *a;
        a.cmov(b, mask);
        b.cmov(&old, mask);
    }

    fn is_zero(&self) -> Mask {
        Mask::is_zero(self.wire().iter().fold(0, |all, limb| all | limb))
    }
}

/// Reads digits, which may exceed 51 bits, as limbs of 64 bits.
struct Words<'a> {
    digits: core::slice::Iter<'a, u64>,
    held: u128,
    bits: usize,
}

impl<'a> Words<'a> {
    fn new<const Z: usize>(digits: &'a Vectors<Z>) -> Self {
        Self {
            digits: digits.0.as_flattened().iter(),
            held: 0,
            bits: 0,
        }
    }

    fn next(&mut self) -> u64 {
        while self.bits < 64 {
            self.held += u128::from(self.digits.next().copied().unwrap_or(0)) << self.bits;
            self.bits += DIGIT;
        }
        let word = self.held as u64;
        self.held >>= 64;
        self.bits -= 64;
        word
    }
}

impl<S, const N: usize, const Z: usize, const D: usize> Zeroize for Ifma<S, N, Z, D> {
    fn zeroize(&mut self) {
        self.0.0.as_flattened_mut().zeroize();
    }
}

impl<S, const N: usize, const Z: usize, const D: usize> fmt::Debug for Ifma<S, N, Z, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ifma")
    }
}
