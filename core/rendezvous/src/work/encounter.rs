use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use ctidh::Backend;
use ctidh::ctidh1024::PublicKey;
use primitives::{Prp, Zeroizing, hash_secret, reveal, x25519};

use super::{BETA_LEN, JobKey, action_seed};
use crate::Id;
use crate::session::{Own, Peer};

/// The work that a T1 needs. Made by [`Session::encounter`](crate::Session::encounter); holds all it
/// needs, so that any thread can run it.
pub struct Encounter {
    own: Arc<Own>,
    peer: Id,
    t1: Box<[u8]>,
}

impl Encounter {
    pub(crate) fn new(own: Arc<Own>, peer: Id, t1: &[u8]) -> Self {
        Self {
            own,
            peer,
            t1: t1.into(),
        }
    }

    /// The session it belongs to.
    #[must_use]
    pub fn session(&self) -> Id {
        self.own.id
    }

    /// The peer it is about.
    #[must_use]
    pub const fn peer(&self) -> Id {
        self.peer
    }

    /// Validates the peer's key and agrees on keys with it. Expensive: one CTIDH validation and
    /// one action. Constant time in the own secrets and the passphrase.
    ///
    /// # Spec
    ///
    /// `spec/10-rendezvous.md` 2, "On a T1".
    #[must_use]
    pub fn run(self) -> Met {
        self.run_with(Backend::best())
    }

    /// [`run`](Self::run) on a chosen implementation of the field; the result is the same.
    #[must_use]
    pub fn run_with(self, backend: Backend) -> Met {
        let agreed = self.agree_with(backend);
        self.finish(&agreed)
    }

    /// The expensive half: validates the peer's CTIDH key and acts on it. It depends on nothing
    /// else in the T1, so several T1 of one session with the same key can share it.
    #[must_use]
    pub fn agree_with(&self, backend: Backend) -> Agreed {
        let beta = self.beta();
        let own = &self.own.isogeny;
        let agree = |beta: &[u8; BETA_LEN]| {
            let theirs = PublicKey::from_bytes_with(backend, beta).ok()?;
            let blind = action_seed(own, beta);
            Some(own.agree_with(backend, &theirs, blind.expose()).digest())
        };
        Agreed {
            session: self.own.id,
            beta: beta.copied(),
            secret: beta.and_then(agree),
        }
    }

    /// The other half, in less than a millisecond. A peer is refused that `agreed` is not about.
    #[must_use]
    pub fn finish(self, agreed: &Agreed) -> Met {
        let is_about = agreed.session == self.own.id && agreed.beta.as_ref() == self.beta();
        let secret = agreed.secret.as_ref().filter(|_| is_about);
        Met {
            session: self.own.id,
            peer: self.peer,
            result: secret.and_then(|secret| self.meet(secret)),
        }
    }

    fn beta(&self) -> Option<&[u8; BETA_LEN]> {
        let (_, tail) = self.t1.split_first_chunk::<32>()?;
        tail.first_chunk()
    }

    fn meet(&self, ss2: &[u8]) -> Option<Box<Peer>> {
        let own = &*self.own;
        let (alpha, tail) = self.t1.split_first_chunk::<32>()?;
        let (_, rest) = tail.split_first_chunk::<BETA_LEN>()?;
        let (gamma, delta) = rest.split_first_chunk()?;

        let k = hash_secret(&[own.passkey.pdk().expose(), tail]);
        let ss1 = x25519(&own.scalar, &reveal(&Prp::new(&k).decrypt(alpha)));
        let (ours, k) = (own.k.expose(), k.expose());
        let k_tx = hash_secret(&[ours, k, ss1.expose(), ss2]);
        let k_rx = hash_secret(&[k, ours, ss1.expose(), ss2]);
        let keys = (k_tx, k_rx);
        let peer = Peer::new((*gamma, delta.into()), keys, &own.sk_gamma);
        Some(Box::new(peer))
    }

    pub(super) fn key(&self) -> JobKey {
        JobKey::of(&[b"meet", self.own.id.as_bytes(), self.peer.as_bytes()])
    }
}

impl fmt::Debug for Encounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encounter")
            .field("session", &self.own.id)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// What a session and a CTIDH key came to, for [`Encounter::finish`].
pub struct Agreed {
    session: Id,
    beta: Option<[u8; BETA_LEN]>,
    /// `None` if the key is bad.
    secret: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Agreed")
    }
}

/// What an [`Encounter`] came to, for [`Session::admit`](crate::Session::admit).
#[derive(Clone)]
pub struct Met {
    pub(crate) session: Id,
    pub(crate) peer: Id,
    pub(crate) result: Option<Box<Peer>>,
}

impl Met {
    /// The session it belongs to.
    #[must_use]
    pub const fn session(&self) -> Id {
        self.session
    }

    /// The peer it is about.
    #[must_use]
    pub const fn peer(&self) -> Id {
        self.peer
    }
}

impl fmt::Debug for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Met")
            .field("session", &self.session)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{Opening, Passkey, Salt, Seed, Wanted};

    #[test]
    fn what_was_agreed_serves_every_t1_with_that_key_and_no_other() {
        let passkey = Passkey::derive(b"door", Salt::ZERO).unwrap();
        let [mut own, other, third] = [1, 2, 3].map(|seed| {
            let seeds = Seed::new([seed; 32]).next_session();
            Opening::new(passkey.clone(), vec![seed], seeds, Wanted::Every).run()
        });
        let agreed = own
            .encounter(other.t1())
            .unwrap()
            .agree_with(Backend::best());

        let mut same_key = other.t1().to_vec();
        *same_key.last_mut().unwrap() ^= 1;
        for t1 in [other.t1(), &same_key] {
            let met = own.encounter(t1).unwrap().finish(&agreed);
            assert!(own.admit(met).is_ok());
        }
        let met = own.encounter(third.t1()).unwrap().finish(&agreed);
        assert!(own.admit(met).is_err(), "another key");
        let met = third.encounter(other.t1()).unwrap().finish(&agreed);
        assert!(met.result.is_none(), "another session");
    }
}
