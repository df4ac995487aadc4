use kernel::Kind;

use crate::Version;

/// How a channel ended. The other side is told of none of these: the connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// We closed it.
    #[error("closed here")]
    Left,
    /// The other side closed it.
    #[error("closed by the other side")]
    Closed,
    /// The connection broke.
    #[error("the connection broke")]
    Lost,
    /// What the session leaves behind could not be kept on this device.
    #[error("the session could not be kept here")]
    NotKept,
    /// The opening took too long.
    #[error("no answer in time")]
    Late,
    /// No sign of life came.
    #[error("the other side went silent")]
    Silent,
    /// We did not want this person.
    #[error("refused here")]
    Rejected,
    /// The other side does not go on with the session. Calling anew may work.
    #[error("the session cannot be resumed")]
    NotResumed,
    /// Their program is too old or too new.
    #[error(
        "the other side runs version {theirs}, which does not talk to {}",
        Version::OURS
    )]
    Incompatible {
        /// Which one.
        theirs: Version,
    },
    /// A frame is not what the protocol has there.
    #[error("the other side broke the protocol")]
    Malformed,
    /// A signature or an encryption does not verify: somebody in between, or another key.
    #[error("what came was not sealed or signed by the other side")]
    Forged,
    /// A message is missing or came twice.
    #[error("a message is missing or came twice")]
    OutOfOrder,
    /// What cannot be.
    #[error("an invariant of the channel is broken")]
    Broken,
}

impl End {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Left | Self::Rejected => Kind::BadInput,
            Self::Closed
            | Self::Lost
            | Self::NotKept
            | Self::Late
            | Self::Silent
            | Self::NotResumed => Kind::Unavailable,
            Self::Incompatible { .. } | Self::Malformed | Self::Forged | Self::OutOfOrder => {
                Kind::PeerMisbehaved
            }
            Self::Broken => Kind::Bug,
        }
    }
}

/// Why a message or an aside was not taken. The channel is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no session, not yet or no more.
    #[error("there is no session")]
    NotOpen,
    /// It is longer than this way can carry.
    #[error("{bytes} bytes, at most {most} can be sent this way")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// Too much waits already for the other side to be ready.
    #[error("too much waits already")]
    Full,
    /// An aside of no bytes, which would say nothing.
    #[error("an aside of no bytes")]
    Empty,
    /// The other side speaks [`Mode::Kamune`](crate::Mode::Kamune), which has no asides.
    #[error("the program of the other side has no asides")]
    NoAsides,
}

impl SendError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::NotOpen | Self::NoAsides => Kind::Unavailable,
            Self::TooLong { .. } | Self::Empty => Kind::BadInput,
            Self::Full => Kind::Exhausted,
        }
    }
}
