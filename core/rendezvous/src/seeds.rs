use kernel::{Kind, Label};
use primitives::{Prk, Secret};

/// The only randomness of a machine: 32 bytes from the operating system at its start. Every draw
/// replaces them, so a seized process does not give away what came before.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 3.1.
#[derive(Clone, Debug)]
pub struct Seed(Secret<32>);

impl Seed {
    /// `bytes` must be uniform and used for one machine only.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The seeds of the machine's next session.
    pub fn next_session(&mut self) -> SessionSeeds {
        let [next, dh, ctidh, gamma, delta, dummy] = self.expand(Label::SessionSeeds);
        self.0 = next;
        SessionSeeds {
            dh,
            ctidh,
            gamma,
            delta,
            dummy,
        }
    }

    /// A number in `0..below` for delays; 0 if `below` is 0. The bias is below `below / 2^64`.
    pub fn draw(&mut self, below: u64) -> u64 {
        let [next, number] = self.expand(Label::Jitter);
        self.0 = next;
        let first = number.expose().first_chunk().copied().unwrap_or_default();
        u64::from_le_bytes(first).checked_rem(below).unwrap_or(0)
    }

    /// The nonce of the machine's next entry in a bucket.
    pub(crate) fn next_nonce(&mut self) -> [u8; 24] {
        let [next, nonce] = self.expand(Label::BucketNonce);
        self.0 = next;
        nonce.expose().first_chunk().copied().unwrap_or_default()
    }

    fn expand<const N: usize>(&self, label: Label) -> [Secret<32>; N] {
        let block: Secret<192> = Prk::extract(self.0.expose(), &[]).expand(&[label.bytes()]);
        let (parts, _) = block.expose().as_chunks::<32>();
        core::array::from_fn(|i| Secret::new(parts.get(i).copied().unwrap_or_default()))
    }
}

/// The five secret seeds of one session. Equal seeds and inputs give an equal session.
#[derive(Clone, Debug)]
pub struct SessionSeeds {
    pub(crate) dh: Secret<32>,
    pub(crate) ctidh: Secret<32>,
    pub(crate) gamma: Secret<32>,
    pub(crate) delta: Secret<32>,
    pub(crate) dummy: Secret<32>,
}

impl SessionSeeds {
    /// The seeds dh, ctidh, gamma, delta and dummy, in this order, each uniform and used once.
    ///
    /// # Errors
    ///
    /// [`SeedsError`].
    pub fn new(seeds: [[u8; 32]; 5]) -> Result<Self, SeedsError> {
        for (i, seed) in seeds.iter().enumerate() {
            if seeds.iter().skip(i).skip(1).any(|other| other == seed) {
                return Err(SeedsError::Repeated);
            }
        }
        let [dh, ctidh, gamma, delta, dummy] = seeds.map(Secret::new);
        Ok(Self {
            dh,
            ctidh,
            gamma,
            delta,
            dummy,
        })
    }
}

/// Why five seeds cannot make a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedsError {
    /// Two are equal. Equal gamma and delta seeds would give every peer the key of the payload.
    #[error("two seeds of a session are equal")]
    Repeated,
}

impl SeedsError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_sessions_again_and_never_one_twice() {
        let (mut a, mut b) = (Seed::new([3; 32]), Seed::new([3; 32]));
        let first = a.next_session();
        assert_eq!(first.dh, b.next_session().dh);
        let second = a.next_session();
        assert_ne!(first.dh, second.dh);
        assert_ne!(second.dh, second.ctidh);
        assert_eq!(second.dummy, b.next_session().dummy);
    }

    #[test]
    fn draws_stay_below_their_bound_and_move_the_seed() {
        let mut seed = Seed::new([4; 32]);
        let drawn: alloc::vec::Vec<u64> = (0..100).map(|_| seed.draw(10)).collect();
        assert!((0..10).all(|n| drawn.contains(&n)));
        assert_eq!(seed.draw(0), 0);
        assert_eq!(seed.draw(1), 0);
    }

    #[test]
    fn equal_seeds_are_refused() {
        let mut seeds = [[1; 32], [2; 32], [3; 32], [4; 32], [5; 32]];
        assert!(SessionSeeds::new(seeds).is_ok());
        seeds[3] = seeds[2];
        assert_eq!(SessionSeeds::new(seeds).unwrap_err(), SeedsError::Repeated);
    }
}
