//! Inviting and joining through buckets: the machines [`Invite`] and [`Join`] with real servers.
//!
//! [`Inviter::start`] and [`Joiner::start`] return at once; [`Running::next`] tells what happens;
//! [`Stop`](crate::Stop) ends it, and so does dropping it. Every request is a circuit of its own: it
//! has no connection, no TLS session and, behind a proxy without a login, no user name in common with
//! any other (see [`server`]). Needs a tokio runtime with time and IO.
//!
//! Spec: `spec/11-buckets.md` section 4.
//!
//! [`Invite`]: rendezvous::bucket::invite::Invite
//! [`Join`]: rendezvous::bucket::join::Join
//! [`Inviter::start`]: invite::Inviter::start
//! [`Joiner::start`]: join::Joiner::start
//! [`Running::next`]: crate::Running::next

mod ask;
pub mod invite;
pub mod join;
mod run;

use drive::Panicked;
use kernel::Kind;
use rendezvous::bucket::Host;

use crate::server::{self, CallError};

/// Something the person may want to know; `E` is what the machine tells.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Event<E> {
    /// The machine tells.
    Told(E),
    /// A request failed, for this reason. What the machine makes of it comes next.
    #[non_exhaustive]
    Trouble {
        /// Which server was asked.
        at: Host,
        /// Why.
        error: CallError,
    },
    /// The stretching panicked, which it should not: our bug. Nothing comes after this.
    Bug(Panicked),
}

/// Why neither inviting nor joining can start. Nothing was sent then.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The machine refuses what it was given.
    #[error(transparent)]
    Machine(#[from] rendezvous::bucket::invite::StartError),
    /// No server can be asked.
    #[error(transparent)]
    Server(#[from] server::StartError),
    /// The system gives no thread to stretch the passphrase on.
    #[error("the system gives no threads")]
    NoThreads,
}

impl StartError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Machine(error) => error.kind(),
            Self::Server(error) => error.kind(),
            Self::NoThreads => Kind::Unavailable,
        }
    }
}
