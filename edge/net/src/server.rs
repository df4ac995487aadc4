//! Asking a server: one request at a time over `POST /v1/rpc` ([`Rpc`]), or a connection that stays
//! ([`Live`]).
//!
//! A [local](Host::is_local) server is reached in plain HTTP, every other one with TLS 1.3 and a
//! valid certificate; there is no way to ask for less.
//!
//! **Every [`Rpc`] and every [`Live`] is a circuit of its own.** It shares no connection and no TLS
//! session with any other, and behind a proxy it has a random user name of its own, so that Tor
//! takes another path for it. What must not be linked is asked over different ones, what one account
//! asks over the same. A proxy that was given with a login keeps that login: then keeping circuits
//! apart is the business of whoever gave it. What is given as proxy is used for every server, also
//! for one on this machine.
//!
//! Needs a tokio runtime with time and IO.
//!
//! Spec: `spec/40-server.md` sections 1 to 3.

mod again;
mod call_error;
mod exchange;
mod live;
mod open;
mod prover;
mod rpc;

use std::time::Duration;

use kernel::Kind;
use rendezvous::bucket::Host;
use rustls::pki_types::CertificateDer;

pub use call_error::CallError;
#[cfg(fuzzing)]
pub use exchange::answered;
#[cfg(fuzzing)]
pub use live::frames;
pub use live::{Caller, End, Live};
pub use prover::Prover;
pub use rpc::Rpc;

pub(crate) use open::Access;

use crate::Proxy;

/// Which server, how it is reached, and how long it is waited for. The defaults are those of the
/// spec.
///
/// # Spec
///
/// `spec/40-server.md` section 2.4.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub at: Host,
    /// A proxy to go through, such as Tor.
    pub proxy: Option<Proxy>,
    /// Trusted besides the certificates that the system trusts.
    pub roots: Vec<CertificateDer<'static>>,
    /// How long the server may work on one request, up to 30 s.
    pub within: Duration,
    /// How often an [`Rpc`] asks for one thing; at least once.
    pub tries: u32,
    /// The pause before the second try; each later one is twice as long, and up to half as much is
    /// added at random.
    pub pause: Duration,
    /// The longest pause that a server may ask an [`Rpc`] for.
    pub patience: Duration,
    /// How long a [`Live`] connection waits for a sign of life; `None`: 5 s, or 30 s through a
    /// proxy.
    pub silence: Option<Duration>,
}

impl Options {
    /// That server, directly.
    #[must_use]
    pub const fn new(at: Host) -> Self {
        Self {
            at,
            proxy: None,
            roots: Vec::new(),
            within: Duration::from_secs(30),
            tries: 4,
            pause: Duration::from_secs(1),
            patience: Duration::from_secs(60),
            silence: None,
        }
    }
}

/// The key of one wish, the same for every retry of it: 16 random bytes.
///
/// # Errors
///
/// [`CallError::NoRandomness`].
pub fn fresh_key() -> Result<[u8; 16], CallError> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(|_| CallError::NoRandomness)?;
    Ok(key)
}

/// Why a server cannot be asked at all. Nothing was sent then.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A given root certificate is none.
    #[error("root certificate: {reason}")]
    Root {
        /// What is wrong with it.
        reason: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl StartError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Root { .. } => Kind::BadInput,
            Self::NoRandomness => Kind::Unavailable,
        }
    }
}
