use fiat_crypto::curve25519_64 as fiat;
use fiat_crypto::curve25519_64::fiat_25519_loose_field_element as Loose;
use fiat_crypto::curve25519_64::fiat_25519_tight_field_element as Tight;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// An integer modulo p = 2^255 - 19, on formally verified limb arithmetic. All constant time in
/// the value; exponents are public.
#[derive(Clone, Copy)]
pub(super) struct Element(Tight);

impl Element {
    pub(super) const ONE: Self = Self(Tight([1, 0, 0, 0, 0]));
    /// The curve's A.
    pub(super) const A: Self = Self(Tight([486_662, 0, 0, 0, 0]));
    const ZERO: Self = Self(Tight([0; 5]));

    /// Little-endian; the top bit does not count.
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut bytes = *bytes;
        if let Some(last) = bytes.last_mut() {
            *last &= 0x7f;
        }
        let mut out = Tight([0; 5]);
        fiat::fiat_25519_from_bytes(&mut out, &bytes);
        Self(out)
    }

    /// Little-endian, below p.
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        fiat::fiat_25519_to_bytes(&mut bytes, &self.0);
        bytes
    }

    pub(super) fn add(&self, other: &Self) -> Self {
        let mut sum = Loose([0; 5]);
        fiat::fiat_25519_add(&mut sum, &self.0, &other.0);
        Self::carry(&sum)
    }

    pub(super) fn double(&self) -> Self {
        self.add(self)
    }

    pub(super) fn negate(&self) -> Self {
        let mut difference = Loose([0; 5]);
        fiat::fiat_25519_opp(&mut difference, &self.0);
        Self::carry(&difference)
    }

    pub(super) fn mul(&self, other: &Self) -> Self {
        let mut product = Tight([0; 5]);
        fiat::fiat_25519_carry_mul(&mut product, &self.loose(), &other.loose());
        Self(product)
    }

    pub(super) fn square(&self) -> Self {
        let mut product = Tight([0; 5]);
        fiat::fiat_25519_carry_square(&mut product, &self.loose());
        Self(product)
    }

    /// `1/self`; zero for zero.
    pub(super) fn invert(&self) -> Self {
        self.power(&P_MINUS_2)
    }

    pub(super) fn is_square_or_zero(&self) -> Choice {
        self.is_nonzero_square() | self.equals(&Self::ZERO)
    }

    pub(super) fn is_nonzero_square(&self) -> Choice {
        self.power(&HALF_OF_P_MINUS_1).equals(&Self::ONE)
    }

    /// One of the two roots of a square; of anything else, a number without meaning.
    pub(super) fn sqrt(&self) -> Self {
        let root = self.power(&EIGHTH_OF_P_PLUS_3);
        let other = root.mul(&Self(Tight(ROOT_OF_MINUS_1)));
        Self::select(&other, &root, root.square().equals(self))
    }

    /// Whether the integer in 0..p is odd.
    pub(super) fn is_odd(&self) -> Choice {
        Choice::from(self.to_bytes().first().copied().unwrap_or_default() & 1)
    }

    /// `yes` if `choice` is set, else `no`.
    pub(super) fn select(no: &Self, yes: &Self, choice: Choice) -> Self {
        let mut limbs = no.0.0;
        for (limb, other) in limbs.iter_mut().zip(&yes.0.0) {
            limb.conditional_assign(other, choice);
        }
        Self(Tight(limbs))
    }

    fn equals(&self, other: &Self) -> Choice {
        self.to_bytes().ct_eq(&other.to_bytes())
    }

    /// `self` to a public exponent, little-endian.
    fn power(&self, exponent: &[u8; 32]) -> Self {
        let mut result = Self::ONE;
        for byte in exponent.iter().rev() {
            for bit in (0..8).rev() {
                result = result.square();
                if byte >> bit & 1 == 1 {
                    result = result.mul(self);
                }
            }
        }
        result
    }

    fn loose(&self) -> Loose {
        let mut out = Loose([0; 5]);
        fiat::fiat_25519_relax(&mut out, &self.0);
        out
    }

    fn carry(loose: &Loose) -> Self {
        let mut out = Tight([0; 5]);
        fiat::fiat_25519_carry(&mut out, loose);
        Self(out)
    }
}

/// A little-endian exponent of 32 bytes that are all ones but for the ends.
const fn exponent(first: u8, last: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    if let Some((low, rest)) = bytes.split_first_mut() {
        *low = first;
        if let Some((high, _)) = rest.split_last_mut() {
            *high = last;
        }
    }
    bytes
}

const P_MINUS_2: [u8; 32] = exponent(0xeb, 0x7f);
const HALF_OF_P_MINUS_1: [u8; 32] = exponent(0xf6, 0x3f);
const EIGHTH_OF_P_PLUS_3: [u8; 32] = exponent(0xfe, 0x0f);
/// 2^((p-1)/4) in limbs of 51 bits.
const ROOT_OF_MINUS_1: [u64; 5] = [
    1_718_705_420_411_056,
    234_908_883_556_509,
    2_233_514_472_574_048,
    2_117_202_627_021_982,
    765_476_049_583_133,
];
