//! Calls by a broker: both sides hear from it where the other one is, and knock.
//!
//! [`Met`] calls whoever waits; [`Datagrams::register`](super::Datagrams::register) waits. What a broker says is
//! believed as far as it costs a few datagrams: who is there shows in the channel.

mod error;
mod machine;
mod meet;
mod registrar;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use switch::Token;
use switch::broker::{Request, read_echo};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

pub use error::BrokerError;
pub use meet::Met;
pub(super) use registrar::{Registrar, Told};

use crate::dial::find;

/// Which broker to meet at. Where its host has addresses of both kinds, IPv6 and IPv4, it is asked by both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Broker {
    host: String,
    port: u16,
}

/// How somebody waits at a broker.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Registration {
    /// By which they are found.
    pub token: Token,
    /// From where the broker sees them.
    pub seen: SocketAddr,
}

impl Broker {
    /// At a port of `host`: a name, or an IP address (IPv6 without brackets).
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        let host = host.to_owned();
        Self { host, port }
    }

    /// Its host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// From where it sees this machine, by IPv6 and by IPv4, as far as there is a way: what others can call if no network
    /// is between that lets nobody in. Asks for up to five seconds; dropping the future ends it.
    ///
    /// # Errors
    ///
    /// [`BrokerError::NoName`], [`BrokerError::NoSocket`], [`BrokerError::Silent`].
    ///
    /// # Spec
    ///
    /// `spec/22-switch.md` 5.1.
    pub async fn seen_from(&self) -> Result<Vec<SocketAddr>, BrokerError> {
        match &self.find().await?[..] {
            [] => Err(self.no_name()),
            [one] => Ok(vec![ask(*one).await?]),
            [one, other, ..] => match tokio::join!(ask(*one), ask(*other)) {
                (Ok(one), Ok(other)) => Ok(vec![one, other]),
                (one, other) => Ok(vec![one.or(other)?]),
            },
        }
    }

    /// Its first IPv6 and its first IPv4 address: those of a kind are taken to be one broker.
    pub(super) async fn find(&self) -> Result<Vec<SocketAddr>, BrokerError> {
        let found = find(&self.host, self.port).await;
        let found = found.map_err(|_| self.no_name())?;
        let six = found.iter().find(|address| address.is_ipv6());
        let four = found.iter().find(|address| address.is_ipv4());
        Ok(six.into_iter().chain(four).copied().collect())
    }

    /// Its first address of the same kind as `own`.
    pub(super) async fn beside(&self, own: SocketAddr) -> Result<SocketAddr, BrokerError> {
        let mut found = self.find().await?.into_iter();
        let same = found.find(|address| address.is_ipv6() == own.is_ipv6());
        same.ok_or_else(|| self.no_name())
    }

    fn no_name(&self) -> BrokerError {
        let host = self.host.clone();
        BrokerError::NoName { host }
    }
}

/// Asks a broker from where it sees us.
async fn ask(broker: SocketAddr) -> Result<SocketAddr, BrokerError> {
    let socket = open(any(broker))?;
    let request = Request::<SocketAddrV4>::Echo.encode();
    let mut buffer = [0; 64];
    for _ in 0..TRIES {
        // What cannot be sent is lost like any other.
        drop(socket.send_to(&request, broker).await);
        let until = Instant::now().checked_add(EVERY);
        let until = until.unwrap_or_else(Instant::now);
        while let Ok(read) = timeout_at(until, socket.recv_from(&mut buffer)).await {
            let heard = read.ok().filter(|(_, from)| *from == broker);
            let heard = heard.and_then(|(length, _)| buffer.get(..length));
            let seen = heard.and_then(|text| match broker {
                SocketAddr::V4(_) => read_echo::<SocketAddrV4>(text).map(Into::into),
                SocketAddr::V6(_) => read_echo::<SocketAddrV6>(text).map(Into::into),
            });
            if let Some(seen) = seen {
                return Ok(seen);
            }
        }
    }
    Err(BrokerError::Silent)
}

/// Any port of this machine, of the same kind.
const fn any(like: SocketAddr) -> SocketAddr {
    match like {
        SocketAddr::V4(_) => SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        SocketAddr::V6(_) => SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0),
    }
}

/// A socket for datagrams of one kind of addresses.
fn open(own: SocketAddr) -> Result<UdpSocket, BrokerError> {
    let opened = || {
        let socket = Socket::new(Domain::for_address(own), Type::DGRAM, Some(Protocol::UDP))?;
        if own.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&own.into())?;
        UdpSocket::from_std(socket.into())
    };
    opened().map_err(|error| no_socket(&error))
}

fn no_socket(error: &io::Error) -> BrokerError {
    let reason = error.kind();
    BrokerError::NoSocket { reason }
}

/// Echoes, and how long each is waited for; spec 22, section 6.
const TRIES: u32 = 5;
const EVERY: Duration = Duration::from_secs(1);
