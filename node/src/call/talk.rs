use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use channel::{End, Mode, Version};
use identity::Fingerprint;
use kernel::{Kind, Time};
use net::call::Path;
use tokio::sync::{mpsc, oneshot};

use super::files::{FileTold, Want};
use super::people::Seen;
use super::pin::{Known, Who};
use super::speaker::{SayError, Speaker};
use crate::conversation::{Line, Side};
use crate::keep::KeepError;

/// A call: one person, over one connection after the other. Dropping it, and all [`Speaker`]s of it,
/// ends it.
#[derive(Debug)]
pub struct Talk {
    told: mpsc::Receiver<Told>,
    speaker: Speaker,
    source: Option<SocketAddr>,
    path: Path,
}

/// What happens in a [`Talk`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Told {
    /// Somebody says to be this. Waits for [`Talk::accept`] or [`Talk::refuse`].
    Introduced(Box<Introduced>),
    /// From here on messages come and go. It is them: they have the key.
    Established {
        /// Who.
        with: Known,
        /// Whether it is a session of an earlier call.
        resumed: bool,
        /// What both sides speak.
        mode: Mode,
        /// Of their program, in Kamune's numbers; not told again in a session that goes on.
        version: Option<Version>,
        /// By which way the connection came about.
        path: Path,
    },
    /// They said something. It is kept.
    Message(Message),
    /// They keep these lines of ours.
    Delivered(Vec<u64>),
    /// A connection took this line of ours, and nobody will say whether it came.
    Sent(u64),
    /// Something happened to a file, between two of ours.
    File(FileTold),
    /// The connection is gone; another is waited for. Messages wait, too.
    Lost {
        /// What became of it.
        why: End,
        /// What is tried next; `None`: it is theirs to come back.
        retry: Option<Retry>,
    },
    /// There is a connection again, with the same person.
    Back {
        /// Whether the session goes on; else it is a new one.
        resumed: bool,
        /// By which way the connection came about.
        path: Path,
    },
    /// It is over; nothing comes after this.
    Ended {
        /// How.
        how: Ending,
        /// How many lines of ours wait for a later call.
        waiting: usize,
    },
}

/// Somebody who waits for a decision.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Introduced {
    /// Who it is, by their key. That they have it is shown once the call is established.
    pub who: Who,
    /// What they call themselves: up to 1,024 bytes of any text.
    pub claim: String,
    /// What the two compare.
    pub fingerprint: Fingerprint,
}

/// What somebody said.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Text, if their program keeps to the rules.
    pub text: Vec<u8>,
    /// When they say to have said it.
    pub sent: Time,
    /// The number of the line.
    pub line: u64,
}

/// An attempt to come to a connection again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Retry {
    /// Which attempt, from 1.
    pub number: u32,
    /// How many are made.
    pub of: u32,
    /// When it is made.
    pub after: Duration,
}

/// How a call ended.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Ending {
    /// As its channel did.
    #[error(transparent)]
    Channel(#[from] End),
    /// Whoever answers is not who was called.
    #[error("whoever answers has another key than the one that was called")]
    OtherKey,
    /// The connection broke, and no other came about in time.
    #[error("the connection broke, and no other came about")]
    NotBack,
    /// What has to be kept could not be.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl Ending {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Channel(end) => end.kind(),
            Self::OtherKey => Kind::PeerMisbehaved,
            Self::NotBack => Kind::Unavailable,
            Self::Keep(error) => error.kind(),
        }
    }
}

impl From<Line> for Told {
    fn from(line: Line) -> Self {
        debug_assert_eq!(line.side, Side::Theirs);
        Self::Message(Message {
            text: line.text,
            sent: line.written,
            line: line.number,
        })
    }
}

/// Something that the owner says, and where to say what became of it.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) text: Bytes,
    pub(super) reply: oneshot::Sender<Result<u64, SayError>>,
}

/// What the owner wants of a talk.
#[derive(Debug)]
pub(super) enum Order {
    Accept(Seen),
    Refuse,
    File(Want),
    /// Once all that was said is on its way.
    Finish,
    Close,
}

/// The other ends of a talk's wires, for the task that runs it.
#[derive(Debug)]
pub(super) struct Wires {
    pub(super) told: mpsc::Sender<Told>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) said: mpsc::Receiver<Said>,
}

impl Talk {
    pub(super) fn new(source: Option<SocketAddr>, path: Path) -> (Self, Wires) {
        let (tell, told) = mpsc::channel(EVENTS);
        let (order, orders) = mpsc::channel(ORDERS);
        let (say, said) = mpsc::channel(1);
        let speaker = Speaker::new(order, say);
        let talk = Self {
            told,
            speaker,
            source,
            path,
        };
        let wires = Wires {
            told: tell,
            orders,
            said,
        };
        (talk, wires)
    }

    /// What happens next; `None` after [`Told::Ended`]. Safe to cancel. Nothing else goes on while too
    /// much of it waits to be taken.
    pub async fn next(&mut self) -> Option<Told> {
        self.told.recv().await
    }

    /// By which way the first connection came about.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// Where the connection came from, if they called and no relay is between.
    #[must_use]
    pub const fn source(&self) -> Option<SocketAddr> {
        self.source
    }

    /// The person of [`Told::Introduced`] is wanted. Does nothing when nobody waits.
    pub async fn accept(&self, seen: Seen) {
        self.speaker.order(Order::Accept(seen)).await;
    }

    /// The person of [`Told::Introduced`] is not wanted.
    pub async fn refuse(&self) {
        self.speaker.order(Order::Refuse).await;
    }

    /// A way to speak from elsewhere.
    #[must_use]
    pub const fn speaker(&self) -> &Speaker {
        &self.speaker
    }
}

const EVENTS: usize = 16;
const ORDERS: usize = 4;
