use alloc::vec::Vec;
use core::time::Duration;

use kernel::Time;

use super::End;
use crate::Token;

/// Something that happened outside.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// A frame of the relay's, of any length, from anyone: one message of a WebSocket, or what one
    /// length of 16 bits announced.
    Frame(&'a [u8]),
    /// The connection below is gone.
    Lost,
    /// Nothing but time.
    Tick,
}

/// Something the driver must do, in this order.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that skips one is broken; let it not compile"
)]
#[derive(Debug, Eq, PartialEq)]
#[must_use]
pub enum Output {
    /// Send a frame, of at most 32,768 bytes.
    Send(Vec<u8>),
    /// Tell whoever holds the client.
    Tell(Event),
    /// Send what is to be sent, then end the connection below.
    Close,
    /// Nothing to do before this moment; `None`: before the next input.
    Wait(Option<Time>),
}

/// What whoever holds a client should know.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// There is a place.
    Registered {
        /// By which it is found.
        token: Token,
        /// How long it waits for a partner; `None` for who joined.
        waits: Option<Duration>,
        /// How long the two may talk; `None`: without end.
        lasts: Option<Duration>,
    },
    /// A frame of the partner's, of 0 to 65,535 bytes, which the relay could neither read nor vouch for.
    Frame(Vec<u8>),
    /// It is over; nothing comes after this.
    Ended(End),
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Frames that came.
    pub received: u64,
    /// Frames that were sent.
    pub sent: u64,
    /// Frames of the relay's that have no place where they came, or that we do not know.
    pub misplaced: u64,
}
