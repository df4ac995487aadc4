use core::fmt;

use alloc::boxed::Box;

use kernel::Kind;
use primitives::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    action::act,
    backend::{Backend, Task},
    coins::Coins,
    field::Field,
    public::PublicKey,
    sample::{Draws, sample},
    set::{Array, Set},
    shared::SharedSecret,
};

/// A secret key: one small exponent for each prime.
///
/// Erased on drop; `Debug` prints the name only.
pub struct SecretKey<S: Set>(Box<S::Exponents>);

/// Why bytes are not a secret key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretKeyError {
    /// There is not one byte for each prime.
    #[error("secret key has {len} bytes, {expected} are needed")]
    Length {
        /// The length given.
        len: usize,
        /// The number of primes.
        expected: usize,
    },
    /// The exponents of a batch are larger than keys have.
    #[error("secret key is out of bounds")]
    OutOfBounds,
}

impl SecretKeyError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

impl<S: Set> SecretKey<S> {
    /// The key of a seed of 32 uniform bytes: then all keys are equally likely.
    ///
    /// Known answers: the n-th draw is SHAKE-256(le64(1) || le64(n) || seed).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        from_draws(1, seed)
    }

    /// Decodes a key: one signed byte for each prime, smallest prime first.
    ///
    /// # Errors
    ///
    /// See [`SecretKeyError`]. Only the verdict shows in the time taken.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretKeyError> {
        let expected = S::PRIMES.len();
        if bytes.len() != expected {
            return Err(SecretKeyError::Length {
                len: bytes.len(),
                expected,
            });
        }
        let mut key = Self(Box::new(S::Exponents::filled(0)));
        for (exponent, byte) in key.0.as_mut().as_mut().iter_mut().zip(bytes) {
            *exponent = byte.cast_signed();
        }
        if !crate::arch::declassify(key.is_bounded()) {
            return Err(SecretKeyError::OutOfBounds);
        }
        Ok(key)
    }

    /// The encoding that [`from_bytes`](Self::from_bytes) reads.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<alloc::vec::Vec<u8>> {
        let exponents: &S::Exponents = &self.0;
        Zeroizing::new(
            exponents
                .as_ref()
                .iter()
                .map(|exponent| exponent.cast_unsigned())
                .collect(),
        )
    }

    /// The public key.
    ///
    /// `blind` is 32 secret bytes, new for each call or derived from the key: they randomise the
    /// computation and do not show in the result. Cost: one group action.
    #[must_use]
    pub fn public_key(&self, blind: &[u8; 32]) -> PublicKey<S> {
        self.public_key_with(Backend::best(), blind)
    }

    /// [`public_key`](Self::public_key) on a chosen back end.
    #[must_use]
    pub fn public_key_with(&self, backend: Backend, blind: &[u8; 32]) -> PublicKey<S> {
        PublicKey::computed(self.act(backend, &S::Encoding::filled(0), blind))
    }

    /// The secret that this key and the key of `peer` share.
    ///
    /// `blind` is as for [`public_key`](Self::public_key). Cost: one group action.
    #[must_use]
    pub fn agree(&self, peer: &PublicKey<S>, blind: &[u8; 32]) -> SharedSecret<S> {
        self.agree_with(Backend::best(), peer, blind)
    }

    /// [`agree`](Self::agree) on a chosen back end.
    #[must_use]
    pub fn agree_with(
        &self,
        backend: Backend,
        peer: &PublicKey<S>,
        blind: &[u8; 32],
    ) -> SharedSecret<S> {
        SharedSecret::new(self.act(backend, peer.encoding(), blind))
    }

    fn act(&self, backend: Backend, start: &S::Encoding, blind: &[u8; 32]) -> S::Encoding {
        backend.run(Action::<S> {
            start,
            exponents: &self.0,
            blind,
        })
    }

    /// Whether in every batch the absolute values add up to at most the bound.
    fn is_bounded(&self) -> crate::mask::Mask {
        let mut good = crate::mask::Mask::YES;
        let exponents: &S::Exponents = &self.0;
        for batch in S::BATCHES {
            let mut sum = 0;
            for exponent in &exponents.as_ref()[batch.start..batch.stop] {
                sum += u64::from(exponent.unsigned_abs());
            }
            good = good & !crate::mask::Mask::less(batch.bound.into(), sum);
        }
        good
    }
}

/// [`SecretKey::from_seed`] with any context in place of 1, and a seed of any length; the key is no
/// better than the seed.
#[must_use]
pub fn from_draws<S: Set>(context: u64, seed: &[u8]) -> SecretKey<S> {
    SecretKey(Box::new(sample::<S>(&mut Draws::new(context, seed))))
}

/// One group action between encoded curves.
struct Action<'a, S: Set> {
    start: &'a S::Encoding,
    exponents: &'a S::Exponents,
    blind: &'a [u8; 32],
}

impl<S: Set> Task for Action<'_, S> {
    type Set = S;
    type Output = S::Encoding;

    fn run<F: Field<Set = S>>(self) -> S::Encoding {
        let start = F::from_limbs(&S::limbs(self.start));
        let end = act(&start, self.exponents, &mut Coins::new(self.blind));
        S::encode(&end.to_limbs())
    }
}

impl<S: Set> Drop for SecretKey<S> {
    fn drop(&mut self) {
        self.0.as_mut().as_mut().zeroize();
    }
}

impl<S: Set> ZeroizeOnDrop for SecretKey<S> {}

impl<S: Set> fmt::Debug for SecretKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}
