use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use kernel::Label;
use primitives::{Zeroizing, hash};

use crate::session::{Own, Peer};
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
