use alloc::vec::Vec;
use core::time::Duration;

use kernel::{Kind, Time};

use crate::board::Phase;
use crate::{Done, Id, Job};

/// Something that happened outside a [`Visit`](super::Visit).
#[non_exhaustive]
#[derive(Debug)]
pub enum Input<'a> {
    /// The [`Output::Post`] that was under way has ended.
    Posted(Result<Reply<'a>, Trouble>),
    /// The [`Output::Read`] that was under way has ended: entries, and the next cursor. Both are
    /// the server's choice.
    News(Result<(&'a [u8], u64), Trouble>),
    /// A job that was handed out is done.
    Done(Done),
    /// Only time has passed.
    Tick,
}

/// What a server says to a post; its choice.
#[expect(clippy::exhaustive_enums, reason = "the two contracts of section 5.2")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reply<'a> {
    /// 204: the records are taken.
    Taken,
    /// 200: they are, and here are all records of that kind.
    List(&'a [u8]),
}

/// Why a request had no success.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver maps every failure to one of these"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// 429, 503: a limit is reached; come back after this time.
    Busy {
        /// What the server asked for, if it did.
        retry: Option<Duration>,
    },
    /// No answer: network, name, proxy, server; or an answer that a broken server gives.
    Away,
    /// 404: no such board, or no board server.
    NotFound,
    /// 413: the body is too long for this server.
    TooLarge,
    /// Any other refusal. Asking again would not help.
    Refused,
}

/// Something the driver must do, in this order.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that skips one is broken; let it not compile"
)]
#[derive(Debug)]
#[must_use]
pub enum Output {
    /// Run the job on any thread, and bring back [`Input::Done`].
    Work(Job),
    /// Post `body` to the route of `phase`, with the header `entrenous-cursor: 0`; bring back
    /// [`Input::Posted`].
    Post {
        /// The route.
        phase: Phase,
        /// Records, back to back; may be empty.
        body: Vec<u8>,
    },
    /// Read what is new; bring back [`Input::News`].
    Read {
        /// The cursor.
        after: u64,
        /// How long the server may wait for something new.
        wait: Duration,
        /// Whose answers to read, on a named board.
        to: Option<Id>,
    },
    /// Tell the person.
    Tell(Event),
    /// Nothing to do before this time; `None`: before the next input.
    Wait(Option<Time>),
}

/// Something the person may want to know.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The own T1 is on the board.
    Announced,
    /// The number of others on the board has changed: T1 seen, whatever their passphrase, also of
    /// those who left less than the lifetime of a record ago.
    #[non_exhaustive]
    Room {
        /// How many.
        others: usize,
    },
    /// Someone knows the passphrase.
    #[non_exhaustive]
    Match {
        /// What they have to say; any bytes, their choice.
        message: Vec<u8>,
    },
    /// Someone knows the passphrase, but what they say is not a message of this kind of board.
    Garbled,
    /// More is coming than is worked on: a very full board, or an attack.
    #[non_exhaustive]
    Overloaded {
        /// T1 dropped since this was last told.
        dropped: u64,
    },
    /// The server has reached a limit and is asked again after this time.
    #[non_exhaustive]
    Busy {
        /// How long.
        retry: Duration,
    },
    /// The server does not answer and is asked again after this time.
    #[non_exhaustive]
    Away {
        /// How long.
        retry: Duration,
    },
    /// The server answers again.
    Back,
    /// It cannot go on; nothing comes after this.
    Failed(Failed),
    /// The visit ends, but answers that are due are still posted; matches may still come.
    #[non_exhaustive]
    Leaving {
        /// How long, at most.
        lasts: Duration,
    },
    /// The visit is over; nothing comes after this.
    Finished,
}

/// Why a visit ends without being asked to.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Failed {
    /// The server knows no such routes, or answers what no board does.
    #[error("this is not a board server, or it has no named boards")]
    NotABoard,
    /// The server refuses what every board takes.
    #[error("the server refuses the records of this board")]
    Refused,
}

impl Failed {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::NotABoard => Kind::BadInput,
            Self::Refused => Kind::PeerMisbehaved,
        }
    }
}

/// What was counted since the start.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Records read, own and repeated ones included.
    pub records: u64,
    /// Posts that the server took.
    pub posts: u64,
    /// T1 worked on.
    pub worked: u64,
    /// T1 refused for their content.
    pub refused: u64,
    /// Records dropped because a limit was reached.
    pub dropped: u64,
    /// T2 answered.
    pub t2: u64,
    /// T3 processed.
    pub t3: u64,
    /// Matches.
    pub matches: u64,
}
