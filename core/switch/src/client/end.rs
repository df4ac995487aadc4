use kernel::Kind;

use crate::frame::SENT_MAX;

/// How a connection to a relay ended. A relay says why in no case; where it matters, what it was asked
/// last does.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// We closed it.
    #[error("closed here")]
    Left,
    /// The connection broke, the partner left, or the time of the two is over.
    #[error("the relay, or the partner behind it, is gone")]
    Lost,
    /// The relay took too long.
    #[error("no place in time")]
    Late,
    /// It ended the connection when it saw our password: it has another one, or none.
    #[error("the relay has another password, or none")]
    Password,
    /// It ended the connection when it heard our wish: the token is unknown, used, too old or taken, the
    /// relay is full, or it has a password.
    #[error("the relay refused: token unknown, used or taken, relay full, or with a password")]
    Refused,
    /// No relay takes this token of our own.
    #[error("the token is too regular for a relay")]
    Token,
    /// No sign of life came.
    #[error("the relay went silent")]
    Silent,
    /// A frame is not what the protocol has there, or was altered.
    #[error("the relay broke the protocol")]
    Malformed,
    /// What cannot be.
    #[error("an invariant of the connection is broken")]
    Broken,
}

impl End {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Left | Self::Password | Self::Token => Kind::BadInput,
            Self::Lost | Self::Late | Self::Refused | Self::Silent => Kind::Unavailable,
            Self::Malformed => Kind::PeerMisbehaved,
            Self::Broken => Kind::Bug,
        }
    }
}

/// Why a frame was not taken. The client is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no place, not yet or no more.
    #[error("there is no place at the relay")]
    NotPlaced,
    /// Who waits speaks second: a relay drops what nobody is there for, and says nothing.
    #[error("nobody is known to be there")]
    Alone,
    /// It has no bytes, or more than get through every relay.
    #[error("{bytes} bytes, 1 to {SENT_MAX} can be sent through a relay")]
    Length {
        /// How many it has.
        bytes: usize,
    },
}

impl SendError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::NotPlaced | Self::Alone => Kind::Unavailable,
            Self::Length { .. } => Kind::BadInput,
        }
    }
}
