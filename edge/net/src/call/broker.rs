//! Calls by a broker: both sides hear from it where the other one is, and knock.
//!
//! [`Met`] calls whoever waits; [`Datagrams::register`](super::Datagrams::register) waits. What a broker says is
//! believed as far as it costs a few datagrams: who is there shows in the channel.

mod error;
mod meet;
mod registrar;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use switch::Token;
use switch::broker::{Request, read_echo};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

pub use error::BrokerError;
pub use meet::Met;
pub(super) use registrar::{Registrar, Told};

use crate::dial::addresses;

/// Which broker to meet at.
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

    /// From where it sees this machine: what others can call if no network is between that lets nobody in. Asks for
    /// up to five seconds; dropping the future ends it.
    ///
    /// # Errors
    ///
    /// [`BrokerError::NoName`], [`BrokerError::NoSocket`], [`BrokerError::Silent`].
    ///
    /// # Spec
    ///
    /// `spec/22-switch.md` 5.1.
    pub async fn seen_from(&self) -> Result<SocketAddr, BrokerError> {
        let (socket, to) = self.open(ANY).await?;
        let mut buffer = [0; 64];
        for _ in 0..TRIES {
            // What cannot be sent is lost like any other.
            drop(socket.send_to(&Request::Echo.encode(), to).await);
            let until = Instant::now().checked_add(EVERY);
            let until = until.unwrap_or_else(Instant::now);
            while let Ok(read) = timeout_at(until, socket.recv_from(&mut buffer)).await {
                let heard = read.ok().filter(|(_, from)| *from == SocketAddr::V4(to));
                let heard = heard.and_then(|(length, _)| buffer.get(..length));
                if let Some(seen) = heard.and_then(read_echo) {
                    return Ok(seen.into());
                }
            }
        }
        Err(BrokerError::Silent)
    }

    /// A socket of ours at `own`, and where the broker is.
    async fn open(&self, own: SocketAddr) -> Result<(UdpSocket, SocketAddrV4), BrokerError> {
        let to = self.address().await?;
        let socket = UdpSocket::bind(own).await;
        let socket = socket.map_err(|error| no_socket(&error))?;
        Ok((socket, to))
    }

    /// Its first IPv4 address: brokers speak of no others.
    async fn address(&self) -> Result<SocketAddrV4, BrokerError> {
        let host = &self.host;
        let found = addresses(host, self.port).await.unwrap_or_default();
        let mut found = found.into_iter();
        let four = found.find_map(|address| match address {
            SocketAddr::V4(address) => Some(address),
            SocketAddr::V6(_) => None,
        });
        four.ok_or_else(|| BrokerError::NoName { host: host.clone() })
    }
}

fn no_socket(error: &io::Error) -> BrokerError {
    let reason = error.kind();
    BrokerError::NoSocket { reason }
}

/// Any port of this machine.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
/// Echoes, and how long each is waited for; spec 22, section 6.
const TRIES: u32 = 5;
const EVERY: Duration = Duration::from_secs(1);
