use primitives::Zeroize;

use crate::arch;

/// A secret yes or no: all ones or all zeros.
///
/// Every mask has passed the optimisation barrier of `arch`, so that the compiler cannot see
/// that there are two cases and branch on them. The only way back to a `bool` is
/// [`arch::declassify`].
#[derive(Clone, Copy)]
pub struct Mask(u64);

impl Mask {
    /// "No".
    pub const NO: Self = Self(0);
    /// "Yes".
    pub const YES: Self = Self(u64::MAX);

    /// From the lowest bit of `bit`.
    #[inline]
    #[must_use]
    pub fn from_bit(bit: u64) -> Self {
        Self(arch::barrier((bit & 1).wrapping_neg()))
    }

    /// Whether `word` is zero.
    #[inline]
    #[must_use]
    pub fn is_zero(word: u64) -> Self {
        let nonzero = (word | word.wrapping_neg()) >> 63;
        Self::from_bit(nonzero ^ 1)
    }

    /// Whether the two words are equal.
    #[inline]
    #[must_use]
    pub fn equal(a: u64, b: u64) -> Self {
        Self::is_zero(a ^ b)
    }

    /// Whether `a < b`.
    #[inline]
    #[must_use]
    pub fn less(a: u64, b: u64) -> Self {
        Self::from_bit(((!a & b) | ((!a | b) & a.wrapping_sub(b))) >> 63)
    }

    /// Whether `number` is below zero.
    #[inline]
    #[must_use]
    pub fn negative(number: i64) -> Self {
        Self::from_bit(number.cast_unsigned() >> 63)
    }

    /// The mask as a word: all ones or zero.
    #[inline]
    #[must_use]
    pub const fn word(self) -> u64 {
        self.0
    }

    /// `yes` or `no`, as this mask says.
    #[inline]
    #[must_use]
    pub fn select(self, yes: u64, no: u64) -> u64 {
        no ^ (self.0 & (yes ^ no))
    }
}

impl core::ops::BitAnd for Mask {
    type Output = Self;
    #[inline]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl core::ops::BitOr for Mask {
    type Output = Self;
    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::ops::BitXor for Mask {
    type Output = Self;
    #[inline]
    fn bitxor(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl core::ops::Not for Mask {
    type Output = Self;
    #[inline]
    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl Zeroize for Mask {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl core::fmt::Debug for Mask {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Mask")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_agree_with_the_plain_ones() {
        let edges = [0, 1, 2, u64::MAX >> 1, 1 << 63, u64::MAX - 1, u64::MAX];
        for a in edges {
            assert_eq!(Mask::is_zero(a).word() != 0, a == 0);
            assert_eq!(
                Mask::negative(a.cast_signed()).word() != 0,
                a.cast_signed() < 0
            );
            for b in edges {
                assert_eq!(Mask::less(a, b).word() != 0, a < b, "{a} {b}");
                assert_eq!(Mask::equal(a, b).word() != 0, a == b, "{a} {b}");
                assert_eq!(Mask::YES.select(a, b), a);
                assert_eq!(Mask::NO.select(a, b), b);
            }
        }
    }
}
