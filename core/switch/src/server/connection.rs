use alloc::collections::BTreeSet;

use channel::{Answered, Tunnel};
use kernel::Time;

use super::census::Standing;
use super::{Cause, Framing, Id};
use crate::Source;

/// What a relay knows of a connection.
pub(super) struct Connection {
    pub(super) source: Source,
    pub(super) framing: Framing,
    pub(super) stage: Stage,
    /// As what it is counted.
    pub(super) counted: Standing,
    /// The place that it created.
    pub(super) token: Option<TokenName>,
    /// Bytes that the driver has to write.
    pub(super) out: usize,
    /// Bytes that were carried for it.
    pub(super) carried: u64,
    /// When it ends.
    pub(super) lasts: Option<Time>,
    /// When it ends unless it reads; meanwhile nothing is read from its partner.
    pub(super) stalls: Option<Time>,
    /// Where it is among the timers.
    due: Option<Time>,
}

pub(super) enum Stage {
    New,
    Answered(Answered),
    Open(Tunnel, Place),
}

#[derive(Clone, Copy)]
pub(super) enum Place {
    /// The password is missing.
    Unadmitted,
    /// The wish is missing.
    Unregistered,
    Waiting,
    Paired(Id),
}

/// What is kept of a token.
pub(super) type TokenName = [u8; 32];

impl Connection {
    pub(super) const fn new(source: Source, framing: Framing) -> Self {
        Self {
            source,
            framing,
            stage: Stage::New,
            counted: Standing::Opening,
            token: None,
            out: 0,
            carried: 0,
            lasts: None,
            stalls: None,
            due: None,
        }
    }

    pub(super) const fn partner(&self) -> Option<Id> {
        match self.stage {
            Stage::Open(_, Place::Paired(with)) => Some(with),
            _ => None,
        }
    }

    /// Of what a connection dies that is due.
    pub(super) fn expired(&self, now: Time) -> Cause {
        if self.stalls.is_some_and(|stalls| stalls <= now) {
            return Cause::Slow;
        }
        match self.counted {
            Standing::Opening => Cause::Late,
            Standing::Waiting | Standing::Paired => Cause::Expired,
        }
    }

    /// Brings `timers` up to date.
    pub(super) fn arm(&mut self, id: Id, timers: &mut BTreeSet<(Time, Id)>) {
        let due = [self.lasts, self.stalls].into_iter().flatten().min();
        if self.due == due {
            return;
        }
        if let Some(old) = self.due {
            timers.remove(&(old, id));
        }
        if let Some(new) = due {
            timers.insert((new, id));
        }
        self.due = due;
    }
}
