use core::fmt;

use alloc::boxed::Box;

use primitives::{Shake256, Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::set::Set;

/// What two key holders share: a curve.
///
/// Erased on drop; `Debug` prints the name only.
pub struct SharedSecret<S: Set>(Box<S::Encoding>);

impl<S: Set> SharedSecret<S> {
    pub(crate) fn new(encoding: S::Encoding) -> Self {
        Self(Box::new(encoding))
    }

    /// The curve, encoded like a public key. Not uniform: hash it before use, or take the
    /// [`digest`](Self::digest).
    #[must_use]
    pub fn curve_bytes(&self) -> &[u8] {
        let encoding: &S::Encoding = &self.0;
        encoding.as_ref()
    }

    /// SHAKE-256 of the curve, as many bytes as a public key has.
    ///
    /// # Spec
    ///
    /// `spec/10-rendezvous.md` section 1.2, `dh`.
    #[must_use]
    pub fn digest(&self) -> Zeroizing<alloc::vec::Vec<u8>> {
        let mut digest = Zeroizing::new(alloc::vec![0; self.curve_bytes().len()]);
        Shake256::new(&[self.curve_bytes()]).fill(&mut digest);
        digest
    }
}

impl<S: Set> Drop for SharedSecret<S> {
    fn drop(&mut self) {
        self.0.as_mut().as_mut().zeroize();
    }
}

impl<S: Set> ZeroizeOnDrop for SharedSecret<S> {}

impl<S: Set> fmt::Debug for SharedSecret<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret")
    }
}
