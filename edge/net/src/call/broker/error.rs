use std::io;
use std::time::Duration;

use kernel::Kind;
use switch::TokenError;

/// Why nobody was met by a broker.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The name of the broker leads to no address that it could have.
    #[error("no such broker: {host}")]
    NoName {
        /// The name.
        host: String,
    },
    /// The system gives no socket.
    #[error("no socket for UDP: {reason}")]
    NoSocket {
        /// What it says.
        reason: io::ErrorKind,
    },
    /// There is no broker, or no way to it.
    #[error("the broker does not answer")]
    Silent,
    /// The broker answers, and knows nobody else with this token.
    #[error("nobody else came to the broker in {} s", after.as_secs())]
    Nobody {
        /// How long we waited.
        after: Duration,
    },
    /// Somebody was met, and nothing of theirs gets through: one of the networks lets nobody in.
    #[error("no way through the networks in {} s", after.as_secs())]
    NoPath {
        /// How long we tried.
        after: Duration,
    },
    /// A broker takes no such token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl BrokerError {
    /// Of those by which nobody was met, the one that came farthest.
    pub(in crate::call) fn farthest(failed: Vec<Self>) -> Self {
        let rank = |error: &Self| match error {
            Self::NoPath { .. } => 3,
            Self::Nobody { .. } => 2,
            Self::Silent => 1,
            _ => 0,
        };
        failed.into_iter().max_by_key(rank).unwrap_or(Self::Silent)
    }

    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Token(error) => error.kind(),
            _ => Kind::Unavailable,
        }
    }
}
