use alloc::vec::Vec;
use core::net::IpAddr;

use kernel::Time;

/// The driver's number for a connection: each has another one, for as long as the switch lives.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Id(u64);

impl Id {
    /// The connection that the driver calls by this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// How a connection tells where a frame ends.
#[expect(clippy::exhaustive_enums, reason = "there are two ways")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// By a length of 16 bits before it: TCP, TLS.
    Length,
    /// By itself: WebSocket.
    Message,
}

impl Framing {
    /// Most bytes of a frame that we send this way.
    #[must_use]
    pub const fn most(self) -> usize {
        match self {
            Self::Length => 65_535,
            Self::Message => crate::frame::FRAME_MAX,
        }
    }
}

/// Something that happened outside.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// Somebody connected.
    Connected {
        /// As what they are known from here on.
        id: Id,
        /// Where from; behind a proxy that the operator trusts, as it says.
        from: IpAddr,
        /// How their frames come.
        framing: Framing,
    },
    /// A frame came.
    Frame {
        /// Of which connection.
        id: Id,
        /// Any bytes of anyone's; the driver need not read more than 65,601.
        bytes: &'a [u8],
    },
    /// Bytes of [`Output::Send`] were written, without what the driver put around them.
    Sent {
        /// On which connection.
        id: Id,
        /// How many.
        bytes: usize,
    },
    /// A connection ended by itself.
    Disconnected(Id),
    /// The server stops: all connections end, and whoever comes from now on is ended at once.
    Stop,
    /// Nothing but time.
    Tick,
}

/// Something the driver must do, in this order for each connection.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that skips one is broken; let it not compile"
)]
#[derive(Debug, Eq, PartialEq)]
#[must_use]
pub enum Output {
    /// Send a frame, and tell by [`Input::Sent`] when it is written.
    Send {
        /// On which connection.
        to: Id,
        /// The frame, at most [`Framing::most`] bytes.
        bytes: Vec<u8>,
    },
    /// Write what is to be written, for a while of the driver's choice, then end the connection. Nothing
    /// more is taken from it, and nothing more comes for it.
    Close {
        /// Which one.
        id: Id,
        /// Why, for the code of a WebSocket and for counting. Others are told nothing.
        cause: Cause,
    },
    /// Read no more from this connection: its partner does not keep up.
    Pause(Id),
    /// Read on.
    Resume(Id),
    /// Nothing to do before this moment; `None`: before the next input.
    Wait(Option<Time>),
}

/// Why a relay ends a connection.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Cause {
    /// The partner's ended.
    Left,
    /// The source began too many.
    Rate,
    /// There is no room for another connection, place or pair.
    Full,
    /// It had no place in time.
    Late,
    /// It broke the protocol.
    Malformed,
    /// The password is wrong, missing, or not asked for.
    Password,
    /// The token is unknown, taken or too regular, or the wish is neither of the two.
    Refused,
    /// No partner came in time, or the time of the two is over.
    Expired,
    /// A frame is longer than is taken, or than the partner's way carries.
    TooLong,
    /// Pair or source had enough bytes carried.
    Spent,
    /// It does not read what its partner says.
    Slow,
    /// The server stops.
    Stopping,
    /// What cannot be.
    Broken,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Left,
        Self::Rate,
        Self::Full,
        Self::Late,
        Self::Malformed,
        Self::Password,
        Self::Refused,
        Self::Expired,
        Self::TooLong,
        Self::Spent,
        Self::Slow,
        Self::Stopping,
        Self::Broken,
    ];

    /// What the end of a WebSocket says.
    ///
    /// # Spec
    ///
    /// `spec/22-switch.md` 3.5.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Rate | Self::Late => 1008,
            Self::TooLong => 1009,
            Self::Stopping => 1001,
            _ => 1000,
        }
    }

    /// The name in logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Rate => "rate",
            Self::Full => "full",
            Self::Late => "late",
            Self::Malformed => "malformed",
            Self::Password => "password",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::TooLong => "too_long",
            Self::Spent => "spent",
            Self::Slow => "slow",
            Self::Stopping => "stopping",
            Self::Broken => "broken",
        }
    }
}

/// What was counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Connections that came.
    pub connected: u64,
    /// Places that were created.
    pub created: u64,
    /// Places that were joined.
    pub joined: u64,
    /// Messages that were carried.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages that nobody was there for.
    pub unheard: u64,
    /// Frames of kinds that have no place where they came, or that we do not know.
    pub misplaced: u64,
    /// Pings of somebody who does not read.
    pub unanswered: u64,
    ended: [u64; Cause::ALL.len()],
}

impl Stats {
    /// Connections that we ended for this cause.
    #[must_use]
    pub fn ended(&self, cause: Cause) -> u64 {
        self.ended.get(cause as usize).copied().unwrap_or_default()
    }

    pub(super) fn count(&mut self, cause: Cause) {
        if let Some(number) = self.ended.get_mut(cause as usize) {
            *number = number.saturating_add(1);
        }
    }
}
