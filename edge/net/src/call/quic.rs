//! Calls over QUIC, between two of ours: one stream for each, over UDP, which goes on when an address
//! changes.
//!
//! Its TLS hides and shows nothing: certificates are made at each start, name nobody and are not looked
//! at. Who is there shows in the channel.
//!
//! The library tells `tracing` of addresses to which nothing can be sent: a program that writes a log leaves out
//! what comes from `quinn`, `quinn_proto` and `quinn_udp`.
//!
//! Spec: `spec/21-datagrams.md` section 10.

mod config;
mod listen;
mod stream;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use channel::Resumption;
use quinn::{ClientConfig, Endpoint};
use tokio::time::timeout;

pub use listen::Listener;

use super::{Call, DialError, Setup, Shelf};
use crate::{RequestError, dial as dialing};
pub(super) use stream::Stream;

/// Calls from one socket, which may be changed for another while people talk.
///
/// # Spec
///
/// `spec/21-datagrams.md` 10.
#[derive(Debug)]
pub struct Dialer {
    endpoint: Endpoint,
    config: ClientConfig,
}

impl Dialer {
    /// From `address`, whose port may be 0 for any. Whoever is called has to have an address of the same
    /// family. Calls go on when the dialer is dropped. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// It is taken, not ours, or not allowed.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            endpoint: Endpoint::client(address)?,
            config: config::client()?,
        })
    }

    /// From where it calls.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Goes on from another address: of another network, for instance. Who is bound to no address in
    /// particular needs this only when the system does not find the new way by itself.
    ///
    /// # Errors
    ///
    /// It is taken, not ours, or not allowed. Then all goes on from the old one.
    pub fn rebind(&self, address: SocketAddr) -> io::Result<()> {
        self.endpoint.rebind(UdpSocket::bind(address)?)
    }

    /// Calls whoever listens at `to`. `resumption` as in [`Channel::dial`](channel::Channel::dial). Safe
    /// to cancel.
    ///
    /// # Errors
    ///
    /// See [`DialError`].
    pub async fn dial<S: Shelf>(
        &self,
        to: SocketAddr,
        setup: Setup<S>,
        resumption: Option<Resumption>,
    ) -> Result<Call, DialError> {
        let stream = match timeout(dialing::DIRECT, self.reach(to)).await {
            Ok(stream) => stream.map_err(|error| RequestError::NoConnection {
                host: to.ip().to_string(),
                port: to.port(),
                reason: error.kind(),
            })?,
            Err(_) => Err(RequestError::Slow {
                after: dialing::DIRECT,
            })?,
        };
        Call::over(stream, setup, resumption).ok_or(DialError::NoRandomness)
    }

    async fn reach(&self, to: SocketAddr) -> io::Result<Stream> {
        let config = self.config.clone();
        let connecting = self.endpoint.connect_with(config, to, NAME);
        let connection = connecting.map_err(io::Error::other)?.await?;
        let (writer, reader) = connection.open_bi().await?;
        Ok(Stream::new(reader, writer))
    }
}

/// Calls whoever listens on the port `port` of `host`, which may be a name, from any address of ours. No
/// proxy leads there. Safe to cancel.
///
/// # Errors
///
/// See [`DialError`].
pub async fn dial<S: Shelf>(
    host: &str,
    port: u16,
    setup: Setup<S>,
    resumption: Option<Resumption>,
) -> Result<Call, DialError> {
    let stream = connect(host, port).await?;
    Call::over(stream, setup, resumption).ok_or(DialError::NoRandomness)
}

/// A stream to the first address of `host` where there is one.
pub(super) async fn connect(host: &str, port: u16) -> Result<Stream, RequestError> {
    let reach = |to: SocketAddr| async move {
        let any = match to {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        Dialer::bind(any)?.reach(to).await
    };
    let stream = timeout(dialing::DIRECT, dialing::first(host, port, reach)).await;
    stream.unwrap_or(Err(RequestError::Slow {
        after: dialing::DIRECT,
    }))
}

/// TLS wants one; it is not sent, and nobody is called so.
const NAME: &str = "call";
