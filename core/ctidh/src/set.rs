use crate::{
    arch::{Adx, Ifma},
    field::{Field, Fp},
    mask::Mask,
};

mod numbers;
mod steps;

pub use numbers::{Batch, Chain};
pub use steps::Steps;

/// A parameter set: a prime field, the primes of the isogenies, and their batches.
///
/// Sealed: [`Set1024`] and [`Set511`] are all there are.
pub trait Set:
    sealed::Sealed + Copy + core::fmt::Debug + core::hash::Hash + Ord + Send + Sync + 'static
{
    /// One field element as 64-bit limbs, least significant first.
    type Limbs: Array<u64>;
    /// One field element as bytes: a public key, a raw shared secret.
    type Encoding: Array<u8> + Eq + Ord + core::hash::Hash + core::fmt::Debug;
    /// One exponent for each prime: a secret key.
    type Exponents: Array<i8>;
    /// The portable field.
    type Portable: Field<Set = Self>;
    /// The field with MULX, ADCX and ADOX.
    type Adx: Field<Set = Self>;
    /// The field with AVX-512 IFMA.
    type Ifma: Field<Set = Self>;

    /// The name used in messages and benches.
    const NAME: &'static str;
    /// `p = 4 · ∏ primes - 1`, least significant limb first.
    const MODULUS: Self::Limbs;
    /// `-1/p mod 2^64`.
    const MINUS_INVERSE: u64;
    /// 1 in Montgomery form: `2^(64 · limbs) mod p`.
    const ONE: Self::Limbs;
    /// The bit length of `p`.
    const BITS: usize;
    /// The odd primes `l` of the isogenies, in the order of the secret key.
    const PRIMES: &'static [u16];
    /// A differential addition chain for each prime.
    const CHAINS: &'static [Chain];
    /// The batches, in order; together they cover all primes. No set has more than
    /// `MOST_BATCHES`.
    const BATCHES: &'static [Batch];

    /// The integer that the bytes are, little-endian.
    #[must_use]
    fn limbs(bytes: &Self::Encoding) -> Self::Limbs {
        let mut limbs = Self::Limbs::filled(0);
        for (limb, bytes) in limbs.as_mut().iter_mut().zip(bytes.as_ref().as_chunks().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        limbs
    }

    /// The bytes of an integer, little-endian.
    #[must_use]
    fn encode(limbs: &Self::Limbs) -> Self::Encoding {
        let mut bytes = Self::Encoding::filled(0);
        for (limb, bytes) in limbs.as_ref().iter().zip(bytes.as_mut().as_chunks_mut().0) {
            *bytes = limb.to_le_bytes();
        }
        bytes
    }

    /// Whether the integer is below p.
    #[must_use]
    fn is_canonical(limbs: &Self::Limbs) -> Mask {
        let mut borrow = 0;
        for (limb, p) in limbs.as_ref().iter().zip(Self::MODULUS.as_ref()) {
            let (partial, first) = limb.overflowing_sub(*p);
            let (_, second) = partial.overflowing_sub(borrow);
            borrow = u64::from(first | second);
        }
        Mask::from_bit(borrow)
    }
}

/// The most batches of a set.
pub(crate) const MOST_BATCHES: usize = 23;

/// An array `[T; N]` whose length the generic code need not name.
pub trait Array<T: Copy>: AsRef<[T]> + AsMut<[T]> + Copy + Send + Sync + 'static {
    /// All entries equal to `value`.
    fn filled(value: T) -> Self;
}

impl<T: Copy + Send + Sync + 'static, const N: usize> Array<T> for [T; N] {
    fn filled(value: T) -> Self {
        [value; N]
    }
}

mod sealed {
    #[expect(
        unnameable_types,
        reason = "a sealed trait is one nobody else can name"
    )]
    pub trait Sealed {}
}

/// Defines one set from its primes, the sizes of its batches, and their bounds.
macro_rules! set {
    ($(#[$doc:meta])* $set:ident, $name:literal, limbs $limbs:literal, vectors $vectors:literal digits $digits:literal, primes $count:literal,
     $primes:expr, batches $batches:literal, $sizes:expr, $bounds:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub struct $set;

        impl sealed::Sealed for $set {}

        impl Set for $set {
            type Limbs = [u64; $limbs];
            type Encoding = [u8; 8 * $limbs];
            type Exponents = [i8; $count];
            type Portable = Fp<Self, $limbs>;
            type Adx = Adx<Self, $limbs>;
            type Ifma = Ifma<Self, $limbs, $vectors, $digits>;

            const NAME: &'static str = $name;
            const MODULUS: Self::Limbs = numbers::modulus(&$primes);
            const MINUS_INVERSE: u64 = numbers::minus_inverse(Self::MODULUS[0]);
            const ONE: Self::Limbs = numbers::montgomery_one(&Self::MODULUS);
            const BITS: usize = numbers::bits(&Self::MODULUS);
            const PRIMES: &'static [u16] = &$primes;
            const CHAINS: &'static [Chain] = &numbers::chains::<$count>(&$primes);
            const BATCHES: &'static [Batch] =
                &numbers::batches::<$batches>(&$primes, &$sizes, &$bounds);
        }
    };
}

set!(
    /// CTIDH-1024: 130 primes, a 1020-bit field, keys of 128 bytes, about 2^256 secret keys.
    Set1024,
    "ctidh1024",
    limbs 16,
    vectors 3 digits 21,
    primes 130,
    numbers::primes::<130>(983),
    batches 23,
    [2, 3, 5, 4, 6, 6, 6, 6, 6, 7, 7, 7, 6, 7, 7, 5, 6, 5, 10, 3, 10, 5, 1],
    [2, 4, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 5, 3, 6, 2, 6, 2, 0]
);

set!(
    /// CTIDH-511: 74 primes, a 511-bit field, keys of 64 bytes, about 2^220 secret keys. For tests:
    /// it runs the same code as [`Set1024`] in an eighth of the time.
    Set511,
    "ctidh511",
    limbs 8,
    vectors 2 digits 12,
    primes 74,
    numbers::primes::<74>(587),
    batches 15,
    [2, 3, 4, 4, 5, 5, 5, 5, 5, 7, 7, 8, 7, 6, 1],
    [6, 9, 11, 11, 12, 12, 12, 12, 12, 12, 12, 12, 8, 6, 1]
);
