use std::io;
use std::net::SocketAddr;

use kernel::Kind;
use net::call::Listeners;
use switch::Password;
use switch::link::{Address, Relay};

use super::link::{Link, LinkError, Transport, broker, relay_way};
use super::outside::Gateway;
use super::tokens::Tokens;
use crate::keep::{Keep, KeepError};
use crate::network::Network;

/// Where a node waits for calls: in all of these at once.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Places {
    /// At addresses of this machine; with port 0, at one that is free.
    pub direct: Vec<(Transport, SocketAddr)>,
    /// At whom to knock from those of them that are UDP, so that networks in between let their calls in.
    pub knocks: Vec<SocketAddr>,
    /// Where brokers lead, which have a port each.
    pub brokers: Vec<Address>,
    /// At relays, with their passwords if they have some.
    pub relays: Vec<(Relay, Option<Password>)>,
    /// Whom to ask to let callers from outside in to `direct`, if that is wanted.
    pub gateway: Option<Gateway>,
    /// Under which tokens brokers and relays know the node.
    pub tokens: Tokens,
}

impl Places {
    /// At one address, by TCP.
    #[must_use]
    pub fn tcp(address: SocketAddr) -> Self {
        Self {
            direct: vec![(Transport::Tcp, address)],
            ..Self::default()
        }
    }

    /// The same, but at ports of this machine that are free.
    #[must_use]
    pub fn at_free_ports(mut self) -> Self {
        for (_, address) in &mut self.direct {
            address.set_port(0);
        }
        self
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.direct.is_empty() && self.brokers.is_empty() && self.relays.is_empty()
    }
}

/// Where a node waits.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// At an address of this machine; how others reach it, the machine cannot always tell.
    Direct(Transport, SocketAddr),
    /// Where this link leads.
    Server(Link),
}

/// Waits in all of `places`.
pub(super) async fn open(
    listeners: &mut Listeners,
    places: Places,
    network: &Network,
    keep: &Keep,
) -> Result<Vec<Place>, ListenError> {
    let mut open = Vec::new();
    for (transport, address) in places.direct {
        let opened = match transport {
            Transport::Tcp => listeners.tcp(address).await,
            Transport::Udp => listeners.udp_knocking(address, &places.knocks).await,
            Transport::Quic => listeners.quic(address),
        };
        let at = opened.map_err(|error| ListenError::Address {
            address,
            reason: error.kind(),
        })?;
        open.push(Place::Direct(transport, at));
    }
    for address in places.brokers {
        let place = format!("broker://{address}");
        let token = places.tokens.token(&place, keep).await?;
        listeners.broker(broker(&address)?, 0, Some(token.clone()));
        open.push(Place::Server(Link::at_broker(address, token)));
    }
    for (relay, password) in places.relays {
        let token = places.tokens.token(&relay.to_string(), keep).await?;
        let way = relay_way(&relay, password.as_ref(), network);
        listeners.relay(way, Some(token.clone()));
        let link = Link::at_relay(relay, token, password.is_some());
        open.push(Place::Server(link));
    }
    Ok(open)
}

/// Why no calls are taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Address {
        /// Which one.
        address: SocketAddr,
        /// What the system says.
        reason: io::ErrorKind,
    },
    /// A broker's address has no port.
    #[error(transparent)]
    Server(#[from] LinkError),
    /// The gateway is to be asked, and would hear that somebody is here who uses a proxy to hide that.
    #[error(
        "the router is not asked to let callers in: a proxy is set, which is to hide where this is"
    )]
    Proxy,
    /// A token could not be read or kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// No random bytes.
    #[error("this system gives no random bytes")]
    NoRandomness,
}

impl ListenError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Keep(error) => error.kind(),
            Self::Address {
                reason: io::ErrorKind::OutOfMemory,
                ..
            } => Kind::Exhausted,
            Self::Address { .. } | Self::Server(_) | Self::Proxy => Kind::BadInput,
            Self::NoRandomness => Kind::Unavailable,
        }
    }
}
