use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use kernel::Kind;
use primitives::Choice;

use crate::{Encounter, Id, Met, T2, T3};
pub(crate) use own::Own;
pub(crate) use peer::Peer;
use refused::Refused;
pub(crate) use steps::Prk;
#[cfg(test)]
pub(crate) use steps::traced;

mod own;
mod peer;
mod refused;
mod steps;

/// How many of those who know the passphrase get the payload.
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// Everyone.
    Every,
    /// The first peer that shows it knows the passphrase. Later ones get dummies: from our T2 they
    /// know that we know it too, but not what we say.
    First,
}

/// The bounds of one session's memory.
#[expect(
    clippy::exhaustive_structs,
    reason = "a new bound needs a decision everywhere"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Peers whose T1 was worked on. Each takes about 400 bytes and its payload.
    pub peers: usize,
    /// Remembered ids of refused T1; the oldest is forgotten first. Each takes 64 bytes.
    pub refused: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            peers: 1024,
            refused: 1024,
        }
    }
}

/// One set of keys and one T1, and what is known of each peer. Made by
/// [`Opening::run`](crate::Opening::run).
///
/// All but the expensive steps happen here, each in microseconds. A real and a dummy answer have
/// the same length and take the same steps.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 2 and 2.1.
#[derive(Clone)]
pub struct Session {
    own: Arc<Own>,
    wanted: Wanted,
    limits: Limits,
    peers: BTreeMap<Id, Box<Peer>>,
    refused: Refused,
    revealed_to: Option<Id>,
}

impl Session {
    pub(crate) fn new(own: Own, wanted: Wanted, limits: Limits) -> Self {
        Self {
            own: Arc::new(own),
            wanted,
            limits,
            peers: BTreeMap::new(),
            refused: Refused::new(limits.refused),
            revealed_to: None,
        }
    }

    /// The own first message: 192 bytes and the payload's length.
    #[must_use]
    pub fn t1(&self) -> &[u8] {
        &self.own.t1
    }

    /// The id of the own first message.
    #[must_use]
    pub fn id(&self) -> Id {
        self.own.id
    }

    /// Looks at a first message of any length from anyone, and says what work it needs.
    ///
    /// # Errors
    ///
    /// See [`T1Error`]: no work is needed. Nothing changes.
    pub fn encounter(&self, t1: &[u8]) -> Result<Encounter, T1Error> {
        if t1.len() < T1_MIN {
            return Err(T1Error::Short);
        }
        let id = Id::of_t1(t1);
        if id == self.own.id {
            return Err(T1Error::Own);
        }
        if self.peers.contains_key(&id) {
            return Err(T1Error::Known(id));
        }
        if self.refused.contains(&id) {
            return Err(T1Error::Refused);
        }
        if self.peers.len() >= self.limits.peers {
            return Err(T1Error::Full);
        }
        Ok(Encounter::new(Arc::clone(&self.own), id, t1))
    }

    /// Takes the result of an [`Encounter`] of this session; returns the peer and the T2 for it.
    ///
    /// Taking it again, or another result for the same T1, changes nothing and gives the same T2.
    ///
    /// # Errors
    ///
    /// [`T1Error::Refused`]: the peer's key is bad; its id is remembered, so that a repeat costs
    /// no work. [`T1Error::Full`], [`T1Error::OtherSession`]: nothing changes.
    pub fn admit(&mut self, met: Met) -> Result<(Id, T2), T1Error> {
        if met.session != self.own.id {
            return Err(T1Error::OtherSession);
        }
        if let Some(known) = self.peers.get(&met.peer) {
            return Ok((met.peer, known.t2()));
        }
        let Some(peer) = met.result else {
            self.refused.remember(met.peer);
            return Err(T1Error::Refused);
        };
        if self.peers.len() >= self.limits.peers {
            return Err(T1Error::Full);
        }
        let t2 = peer.t2();
        self.peers.insert(met.peer, peer);
        Ok((met.peer, t2))
    }

    /// The T2 for a peer that was admitted.
    #[must_use]
    pub fn t2_for(&self, id: &Id) -> Option<T2> {
        self.peers.get(id).map(|peer| peer.t2())
    }

    /// Whether this peer was admitted.
    #[must_use]
    pub fn knows(&self, id: &Id) -> bool {
        self.peers.contains_key(id)
    }

    /// How many peers were admitted.
    #[must_use]
    pub fn peers(&self) -> usize {
        self.peers.len()
    }

    /// When only the first peer is wanted: from now on it counts as found, in another session.
    /// A peer that was found in this one keeps its answers.
    pub fn withhold(&mut self) {
        self.revealed_to.get_or_insert(self.own.id);
    }

    /// Answers a T2 that came from `from`, with a dummy if that peer is unknown or the T2 is not
    /// valid. The same T2 always gets the same answer.
    ///
    /// A valid T2 also opens an early T3 of that peer; then the answer carries the match. The
    /// latest T3 is tried after every T2.
    pub fn take_t2(&mut self, from: &Id, t2: T2) -> Answer {
        let own = &*self.own;
        let Some(peer) = self.peers.get_mut(from) else {
            return Answer {
                t3: T3::new(own.dummy(from, &t2)),
                real: false,
                matched: None,
            };
        };
        let open_to_all = self.wanted == Wanted::Every || self.revealed_to.is_none();
        let may_reveal = open_to_all || self.revealed_to == Some(*from);
        let (t3, real) = peer.take_t2(own, from, &t2, Choice::from(u8::from(may_reveal)));
        let real = bool::from(real);
        if real && self.revealed_to.is_none() {
            self.revealed_to = Some(*from);
        }
        let matched = peer.retry_t3(own.salt()).map(|payload| Match {
            from: *from,
            payload,
        });
        Answer { t3, real, matched }
    }

    /// Takes a T3 that came from `from`. At most one match per peer; everything else is `None`:
    /// an unknown peer, a wrong or a dummy T3, a repetition, or a T3 before the T2. The latest is
    /// kept for [`take_t2`](Self::take_t2). All T3 of a known peer take the same steps.
    pub fn take_t3(&mut self, from: &Id, t3: T3) -> Option<Match> {
        let payload = self.peers.get_mut(from)?.take_t3(self.own.salt(), t3)?;
        Some(Match {
            from: *from,
            payload,
        })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.own.id)
            .field("peers", &self.peers.len())
            .finish_non_exhaustive()
    }
}

/// What goes back to the sender of a T2.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The T3 to send.
    pub t3: T3,
    /// Whether it gives the payload away. For timing only (spec section 4, "Dummy T3"); never to
    /// be shown or logged.
    pub real: bool,
    /// A match that an earlier T3 of this peer now completes.
    pub matched: Option<Match>,
}

/// A peer that knows the passphrase, and its payload.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Match {
    /// The id of the peer's T1.
    pub from: Id,
    /// What it had to say: any bytes, chosen by the peer; may be empty.
    pub payload: Vec<u8>,
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Match")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Why a first message leads to no work, or to no peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum T1Error {
    /// Fewer than 192 bytes.
    #[error("first message is shorter than 192 bytes")]
    Short,
    /// It is this session's own, heard back.
    #[error("first message is our own")]
    Own,
    /// It was worked on before; [`Session::t2_for`] has the T2.
    #[error("first message is already answered")]
    Known(Id),
    /// Its CTIDH public key is not valid, found now or before.
    #[error("first message holds no valid key")]
    Refused,
    /// There are as many peers as [`Limits::peers`] allows.
    #[error("session has no room for another peer")]
    Full,
    /// The work was done for another session.
    #[error("result belongs to another session")]
    OtherSession,
}

impl T1Error {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Short | Self::Refused => Kind::PeerMisbehaved,
            Self::Own | Self::Known(_) | Self::OtherSession => Kind::BadInput,
            Self::Full => Kind::Exhausted,
        }
    }
}

/// Bytes of a T1 with an empty payload.
pub const T1_MIN: usize = 192;
