use alloc::vec::Vec;
use core::net::SocketAddrV4;
use core::time::Duration;

use kernel::{Kind, Time};

use crate::Token;
use crate::broker::PeerKey;

/// The rhythms of a [`Client`](super::Client); the defaults are those of the spec.
///
/// # Spec
///
/// `spec/22-switch.md` 6.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientConfig {
    /// How long to wait for an answer before asking again.
    pub retry: Duration,
    /// How often to ask what has an answer.
    pub tries: u32,
    /// How often to say again, at that pace, what has none.
    pub repeats: u32,
    /// How often to register while nobody comes.
    pub refresh: Duration,
    /// Datagrams with which to knock at somebody.
    pub knocks: u32,
    /// How long between two of them.
    pub knock_every: Duration,
    /// People to knock at at a time.
    pub peers: usize,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            retry: Duration::from_secs(1),
            tries: 5,
            repeats: 2,
            refresh: Duration::from_secs(30),
            knocks: 5,
            knock_every: Duration::from_millis(100),
            peers: 16,
        }
    }
}

/// Something that happened outside.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ClientInput<'a, A = SocketAddrV4> {
    /// A datagram came.
    Datagram {
        /// From where, as the socket says.
        from: A,
        /// Any bytes of anyone's.
        bytes: &'a [u8],
    },
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
pub enum ClientOutput<A = SocketAddrV4> {
    /// Send a datagram; losing one is normal.
    Send {
        /// To where.
        to: A,
        /// At most 60 bytes; by IPv6, 72.
        bytes: Vec<u8>,
    },
    /// Tell whoever holds the client.
    Tell(Event<A>),
    /// Nothing to do before this moment; `None`: before the next input.
    Wait(Option<Time>),
}

/// What whoever holds a client should know.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event<A = SocketAddrV4> {
    /// From where the broker sees us.
    Mapped(A),
    /// The token that the broker drew, for whoever is to come.
    Assigned {
        /// Which one, 16 bytes.
        token: Token,
        /// How long the broker holds it without hearing from us.
        lasts: Duration,
    },
    /// Somebody knows the token. Whoever joined now speaks to this address, over the same socket; who
    /// created waits for them to. Nothing says that it is who was meant.
    Matched {
        /// Their key at the broker.
        key: PeerKey,
        /// Where they are, as the broker saw or as they said.
        address: A,
    },
    /// It is over; nothing comes after this.
    Ended(End),
}

/// How a registration ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// The broker did not answer.
    #[error("the broker does not answer")]
    Silent,
}

impl End {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Silent => Kind::Unavailable,
        }
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientStats {
    /// Datagrams that came.
    pub received: u64,
    /// That were not the broker's, or said nothing that counts.
    pub dropped: u64,
}
