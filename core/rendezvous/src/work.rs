use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use ctidh::Backend;
use ctidh::ctidh1024::{PublicKey, SecretKey};
use kernel::Label;
use primitives::{
    HiddenKey, Prp, Secret, Shake256, Zeroizing, hash, hash_secret, reveal, seal, x25519,
};

use crate::session::{Own, Peer, Prk};
use crate::{Id, Limits, Passkey, Session, SessionSeeds, Wanted};

/// A session to be: everything that making its keys and T1 needs.
pub struct Opening {
    passkey: Passkey,
    payload: Zeroizing<Vec<u8>>,
    seeds: Box<SessionSeeds>,
    wanted: Wanted,
    limits: Limits,
}

impl Opening {
    /// A session that offers `payload`, of any length; the transport bounds it.
    #[must_use]
    pub fn new(passkey: Passkey, payload: Vec<u8>, seeds: SessionSeeds, wanted: Wanted) -> Self {
        Self {
            passkey,
            payload: Zeroizing::new(payload),
            seeds: Box::new(seeds),
            wanted,
            limits: Limits::default(),
        }
    }

    /// The same with other bounds than the default ones.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes the session. Expensive: one CTIDH key and action. Constant time but for the number
    /// of candidates of the hidden key.
    ///
    /// # Spec
    ///
    /// `spec/10-rendezvous.md` 2.
    #[must_use]
    pub fn run(self) -> Session {
        self.run_with(Backend::best())
    }

    /// [`run`](Self::run) on a chosen implementation of the field; the result is the same.
    #[must_use]
    pub fn run_with(self, backend: Backend) -> Session {
        let (pdk, salt) = (self.passkey.pdk().expose(), self.passkey.salt().as_bytes());
        let key = HiddenKey::from_seed(&self.seeds.dh);
        let isogeny = SecretKey::from_seed(self.seeds.ctidh.expose());
        let blind = action_seed(&isogeny, &[0; BETA_LEN]);
        let beta = isogeny.public_key_with(backend, blind.expose());
        let sk_gamma = hash_secret(&[pdk, self.seeds.gamma.expose(), &self.payload]);
        let sk_delta = hash_secret(&[pdk, self.seeds.delta.expose(), &self.payload]);
        let gamma = seal(&sk_gamma, &[], salt);
        let delta = seal(&sk_delta, &self.payload, salt);
        let k = hash_secret(&[pdk, beta.as_bytes(), &gamma, &delta]);
        let alpha = Prp::new(&k).encrypt(key.hidden());
        let t1 = [&alpha[..], beta.as_bytes(), &gamma, &delta].concat();
        let own = Own {
            id: Id::of_t1(&t1),
            t1,
            scalar: key.scalar().clone(),
            isogeny,
            k,
            sk_gamma,
            sk_delta,
            dummy_prk: Prk::extract(self.seeds.dummy.expose(), salt),
            passkey: self.passkey,
        };
        Session::new(own, self.wanted, self.limits)
    }

    fn key(&self) -> JobKey {
        let seeds = &self.seeds;
        let wanted = match self.wanted {
            Wanted::Every => 0u8,
            Wanted::First => 1,
        };
        JobKey::of(&[
            b"open",
            self.passkey.pdk().expose(),
            seeds.dh.expose(),
            seeds.ctidh.expose(),
            seeds.gamma.expose(),
            seeds.delta.expose(),
            seeds.dummy.expose(),
            &[wanted],
            &u64::try_from(self.limits.peers)
                .unwrap_or(u64::MAX)
                .to_le_bytes(),
            &u64::try_from(self.limits.refused)
                .unwrap_or(u64::MAX)
                .to_le_bytes(),
            &self.payload,
        ])
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening")
    }
}

/// The work that a T1 needs. Made by [`Session::meeting`]; holds all it needs, so that any thread
/// can run it.
pub struct Meeting {
    own: Arc<Own>,
    peer: Id,
    t1: Box<[u8]>,
}

impl Meeting {
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

    fn key(&self) -> JobKey {
        JobKey::of(&[b"meet", self.own.id.as_bytes(), self.peer.as_bytes()])
    }
}

impl fmt::Debug for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meeting")
            .field("session", &self.own.id)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// What a [`Meeting`] came to, for [`Session::admit`].
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

/// An expensive step that any thread may run; the result goes back to the machine that asked.
#[expect(clippy::exhaustive_enums, reason = "whoever runs jobs runs them all")]
#[derive(Debug)]
pub enum Job {
    /// Make a session.
    Open(Opening),
    /// Work on a T1.
    Meet(Meeting),
}

impl Job {
    /// Does it. From a tenth of a second to a second.
    #[must_use]
    pub fn run(self) -> Done {
        match self {
            Self::Open(opening) => Done::Opened(Box::new(opening.run())),
            Self::Meet(meeting) => Done::Met(meeting.run()),
        }
    }

    /// Names the job by its inputs: equal keys, equal results.
    #[must_use]
    pub fn key(&self) -> JobKey {
        match self {
            Self::Open(opening) => opening.key(),
            Self::Meet(meeting) => meeting.key(),
        }
    }
}

/// The result of a [`Job`].
#[expect(clippy::exhaustive_enums, reason = "as many as there are jobs")]
#[derive(Clone, Debug)]
pub enum Done {
    /// The session is made.
    Opened(Box<Session>),
    /// The T1 is worked on.
    Met(Met),
}

/// A pure function of a job's inputs. It is derived from secrets: compare it, do not show it.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct JobKey([u8; 32]);

impl JobKey {
    fn of(parts: &[&[u8]]) -> Self {
        let inputs = hash(parts);
        Self(hash(&[Label::JobKey.bytes(), &inputs]))
    }
}

impl fmt::Debug for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobKey")
    }
}

/// The randomness inside the action of `secret` on `other`, which is all zeros for the starting
/// curve.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 3.1.
fn action_seed(secret: &SecretKey, other: &[u8; BETA_LEN]) -> Secret<32> {
    let mut seed = [0; 32];
    Shake256::new(&[Label::ActionSeed.bytes(), &secret.to_bytes(), other]).fill(&mut seed);
    Secret::new(seed)
}

const BETA_LEN: usize = 128;
