use kernel::Kind;
use rendezvous::board::{self, Trouble};

use crate::RequestError;

/// Why a meeting cannot start.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The machine refuses what it was given.
    #[error(transparent)]
    Machine(#[from] board::StartError),
    /// A given root certificate is none.
    #[error("root certificate: {reason}")]
    Root {
        /// What is wrong with it.
        reason: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The system gives no threads to work with.
    #[error("the system gives no threads")]
    NoThreads,
}

impl StartError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Machine(error) => error.kind(),
            Self::Root { .. } => Kind::BadInput,
            Self::NoRandomness | Self::NoThreads => Kind::Unavailable,
        }
    }
}

/// What the machine makes of a failed request.
pub(super) const fn trouble(error: &RequestError) -> Trouble {
    match *error {
        RequestError::Status { code, retry } => match code {
            429 | 503 => Trouble::Busy { retry },
            404 | 405 => Trouble::NotFound,
            413 => Trouble::TooLarge,
            408 | 500.. => Trouble::Away,
            _ => Trouble::Refused,
        },
        RequestError::TooLong { .. } => Trouble::Refused,
        _ => Trouble::Away,
    }
}
