use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use ctidh::Backend;
use ctidh::ctidh1024::PublicKey;
use primitives::{Prp, hash_secret, reveal, x25519};

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
        Met {
            session: self.own.id,
            peer: self.peer,
            result: self.meet(backend),
        }
    }

    /// `None` if the key is bad.
    fn meet(&self, backend: Backend) -> Option<Box<Peer>> {
        let own = &*self.own;
        let (alpha, tail) = self.t1.split_first_chunk::<32>()?;
        let (beta, rest) = tail.split_first_chunk::<BETA_LEN>()?;
        let (gamma, delta) = rest.split_first_chunk()?;

        let theirs = PublicKey::from_bytes_with(backend, beta).ok()?;
        let k = hash_secret(&[own.passkey.pdk().expose(), tail]);
        let ss1 = x25519(&own.scalar, &reveal(&Prp::new(&k).decrypt(alpha)));
        let blind = action_seed(&own.isogeny, beta);
        let shared = own.isogeny.agree_with(backend, &theirs, blind.expose());
        let ss2 = shared.digest();
        let (ours, k) = (own.k.expose(), k.expose());
        let k_tx = hash_secret(&[ours, k, ss1.expose(), &ss2]);
        let k_rx = hash_secret(&[k, ours, ss1.expose(), &ss2]);
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
