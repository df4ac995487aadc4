use alloc::vec::Vec;
use core::net::SocketAddrV4;
use core::time::Duration;

use kernel::Time;

use crate::{Done, Id, Job};

/// One network interface, by a number that the driver chose.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Link(u32);

impl Link {
    /// The link that the driver calls `number`; a number is not used again for another one.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Something that happened outside a [`Lan`](super::Lan).
#[non_exhaustive]
#[derive(Debug)]
pub enum Input<'a> {
    /// An untrusted datagram of any length.
    Datagram {
        /// Where it was received.
        link: Link,
        /// Its source.
        from: SocketAddrV4,
        /// All of it.
        bytes: &'a [u8],
    },
    /// A job that was handed out is done.
    Done(Done),
    /// From now on [`Output::Multicast`] reaches one more link.
    LinkUp(Link),
    /// Nothing comes from this link any more.
    LinkDown(Link),
    /// Only time has passed.
    Tick,
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
    /// Send these bytes to the group, on every link.
    Multicast(Vec<u8>),
    /// Send these bytes to one peer, from the same port as announcements of that link.
    Send {
        /// The link to send on.
        link: Link,
        /// The receiver.
        to: SocketAddrV4,
        /// The datagram.
        bytes: Vec<u8>,
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
    /// A session is open and announced.
    #[non_exhaustive]
    Announced {
        /// Its id, which everyone on the link sees.
        session: Id,
    },
    /// The number of others in the room has changed: those who announced themselves lately,
    /// whatever their passphrase.
    #[non_exhaustive]
    Room {
        /// How many.
        others: usize,
    },
    /// Someone knows the passphrase. Told once per payload and place: a peer that renews its session
    /// is not told again, so two peers that send equal payloads from one link, address and port
    /// count as one. Both get our payload nevertheless, and no payload is lost. One that starts anew,
    /// and so comes from another port, is told again.
    #[non_exhaustive]
    Match {
        /// Their payload, their choice: at most 829 bytes.
        payload: Vec<u8>,
    },
    /// More is coming than is worked on: a very full room, or an attack.
    #[non_exhaustive]
    Overloaded {
        /// T1 dropped since this was last told.
        dropped: u64,
    },
    /// The meeting ends, but peers are still answered for a while, so that they can finish what
    /// was begun; matches may still come.
    #[non_exhaustive]
    Leaving {
        /// How long, at most; [`Config::linger`](super::Config::linger).
        lasts: Duration,
    },
    /// The meeting is over; nothing comes after this.
    Finished,
}

/// What was counted since the start.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Datagrams that came.
    pub received: u64,
    /// Of these: not in the format, too long, or from an address that cannot be answered.
    pub malformed: u64,
    /// Of these: our own T1, heard back.
    pub own: u64,
    /// Of these: T2 and T3 from places that sent no T1.
    pub strangers: u64,
    /// Of these: repeats of T1; T2 and T3 that came too often to be looked at.
    pub repeats: u64,
    /// T1 dropped because a limit was reached.
    pub dropped: u64,
    /// T1 refused for their content.
    pub refused: u64,
    /// Sessions opened.
    pub sessions: u64,
    /// T1 worked on.
    pub worked: u64,
    /// T2 processed.
    pub t2: u64,
    /// T3 processed.
    pub t3: u64,
    /// Matches, repeated ones of renewed sessions not counted.
    pub matches: u64,
    /// Datagrams sent.
    pub sent: u64,
}
