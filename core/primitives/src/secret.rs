use core::fmt;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes: erased on drop, equal in constant time, `Debug` prints the name only.
///
/// `Clone` exists because a session may be copied as a whole; every copy is erased by itself.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes over `bytes`. The caller's own copy, if it keeps one, is the caller's to erase.
    #[must_use]
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one computation that needs them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The same, to be filled.
    pub(crate) const fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }

    /// `yes` if `choice` is set, else `no`, without a branch on `choice`.
    #[must_use]
    pub fn select(no: &Self, yes: &Self, choice: Choice) -> Self {
        let mut chosen = no.clone();
        for (byte, other) in chosen.0.iter_mut().zip(&yes.0) {
            byte.conditional_assign(other, choice);
        }
        chosen
    }
}

impl<const N: usize> From<[u8; N]> for Secret<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> ConstantTimeEq for Secret<N> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn debug_shows_no_byte() {
        assert_eq!(std::format!("{:?}", Secret::new([0x41; 4])), "Secret");
    }

    #[test]
    fn select_takes_the_chosen_side() {
        let (no, yes) = (Secret::new([1; 8]), Secret::new([2; 8]));
        assert_eq!(Secret::select(&no, &yes, Choice::from(0)), no);
        assert_eq!(Secret::select(&no, &yes, Choice::from(1)), yes);
    }
}
