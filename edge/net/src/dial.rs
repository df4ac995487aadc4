mod anyone;
mod socks;
mod staggered;
mod trust;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

pub(crate) use anyone::trusting_anyone;
pub(crate) use staggered::earliest;
pub(crate) use trust::trust;

use crate::circuit::Circuit;
use crate::{Proxy, RequestError};

/// Makes connections to one server.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    host: String,
    port: u16,
    proxy: Option<Proxy>,
    /// For a proxy that is given without a login.
    circuit: Option<Circuit>,
    tls: Option<Arc<ClientConfig>>,
}

/// Bytes both ways.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

/// A connection.
pub(crate) struct Dialed {
    pub(crate) stream: Pin<Box<dyn Stream>>,
    /// What only its two ends know, if it is encrypted: the exporter of `spec/40-server.md`
    /// section 3.
    pub(crate) exporter: Option<[u8; 32]>,
}

impl Dialer {
    /// In plain, until [`with_tls`](Self::with_tls).
    pub(crate) const fn new(host: String, port: u16, proxy: Option<Proxy>) -> Self {
        Self {
            host,
            port,
            proxy,
            circuit: None,
            tls: None,
        }
    }

    /// The same, encrypted, with a certificate for the host.
    pub(crate) fn with_tls(self, config: Arc<ClientConfig>) -> Self {
        let tls = Some(config);
        Self { tls, ..self }
    }

    /// The same on a circuit of its own.
    pub(crate) fn on(self, circuit: Circuit) -> Self {
        let circuit = Some(circuit);
        Self { circuit, ..self }
    }

    /// Whether it goes through a proxy, which takes longer.
    pub(crate) const fn is_proxied(&self) -> bool {
        self.proxy.is_some()
    }

    /// A new connection.
    pub(crate) async fn dial(&self) -> Result<Dialed, RequestError> {
        let limit = match self.is_proxied() {
            true => VIA_PROXY,
            false => DIRECT,
        };
        match timeout(limit, self.connect()).await {
            Ok(result) => result,
            Err(_) => Err(RequestError::Slow { after: limit }),
        }
    }

    async fn connect(&self) -> Result<Dialed, RequestError> {
        let stream = self.reach().await?;
        // Requests are small and wait for their answer: do not hold them back to fill a packet.
        drop(stream.set_nodelay(true));
        let Some(config) = &self.tls else {
            return Ok(Dialed {
                stream: Box::pin(stream),
                exporter: None,
            });
        };
        let host = &self.host;
        let name = ServerName::try_from(host.clone()).map_err(|_| RequestError::Certificate {
            reason: format!("{host} is not a name that certificates have"),
        })?;
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(name, stream).await;
        let stream = stream.map_err(|error| trust::tls_error(&error))?;
        let exporter = stream
            .get_ref()
            .1
            .export_keying_material([0; 32], EXPORTER, None);
        let exporter = exporter.map_err(|error| RequestError::Tls {
            reason: error.to_string(),
        })?;
        Ok(Dialed {
            stream: Box::pin(stream),
            exporter: Some(exporter),
        })
    }

    /// The host, or the proxy once it has connected there.
    async fn reach(&self) -> Result<TcpStream, RequestError> {
        let Self { host, port, .. } = self;
        let Some(proxy) = &self.proxy else {
            return tcp(host, *port).await;
        };
        let own = self.circuit.as_ref().map(Circuit::login);
        let login = proxy.login.as_ref().or(own);
        let stream = tcp(&proxy.host, proxy.port).await?;
        socks::ask(stream, login, (host, *port)).await
    }
}

/// Connects to the first address of `host` that accepts.
async fn tcp(host: &str, port: u16) -> Result<TcpStream, RequestError> {
    first(host, port, TcpStream::connect).await
}

/// What `connect` gives for the first address of `host` where it can. They are tried one after the other, and not one only
/// when the other has failed.
pub(crate) async fn first<T, C>(
    host: &str,
    port: u16,
    connect: impl Fn(SocketAddr) -> C,
) -> Result<T, RequestError>
where
    C: Future<Output = io::Result<T>>,
{
    let connect = &connect;
    let attempts = staggered(find(host, port).await?, |address| async move {
        match timeout(EACH, connect(address)).await {
            Ok(connected) => connected.map_err(|error| error.kind()),
            Err(_) => Err(io::ErrorKind::TimedOut),
        }
    });
    let (connected, failed) = earliest(attempts).await;
    connected.ok_or_else(|| RequestError::NoConnection {
        host: host.into(),
        port,
        reason: failed.last().copied().unwrap_or(io::ErrorKind::NotFound),
    })
}

/// All addresses of `host`, at least one.
pub(crate) async fn find(host: &str, port: u16) -> Result<Vec<SocketAddr>, RequestError> {
    // Asking a name server for it would tell whom we look for (RFC 7686).
    if host.ends_with(".onion") {
        return Err(RequestError::OnionWithoutProxy { host: host.into() });
    }
    let found = addresses(host, port).await.unwrap_or_default();
    match found.is_empty() {
        true => Err(RequestError::NoName { host: host.into() }),
        false => Ok(found),
    }
}

/// An attempt for each address, one after the other: IPv6 and IPv4 in turns (RFC 8305).
pub(crate) fn staggered<F>(
    addresses: Vec<SocketAddr>,
    attempt: impl Fn(SocketAddr) -> F,
) -> Vec<(Duration, F)> {
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let in_turns = std::iter::from_fn(|| Some([six.next(), four.next()]))
        .take_while(|pair| pair.iter().any(Option::is_some))
        .flat_map(|pair| pair.into_iter().flatten())
        .take(ADDRESSES);
    let times = (0..).map(|turn| STAGGER.saturating_mul(turn));
    times.zip(in_turns.map(attempt)).collect()
}

/// Where `host` is. This machine is never looked up: whoever answers must not lead elsewhere what
/// is sent in plain because it stays here (`spec/11-buckets.md` section 2.1).
async fn addresses(host: &str, port: u16) -> Option<Vec<SocketAddr>> {
    if host == "localhost" || host.ends_with(".localhost") {
        let here: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        return Some(here.map(|address| (address, port).into()).to_vec());
    }
    let found = lookup_host((host, port)).await.ok()?;
    Some(found.collect())
}

/// How long a connection may take to be made.
pub(crate) const DIRECT: Duration = Duration::from_secs(15);
/// Tor may build a circuit first.
const VIA_PROXY: Duration = Duration::from_secs(90);
const EACH: Duration = Duration::from_secs(6);
/// How long an address is tried alone.
pub(crate) const STAGGER: Duration = Duration::from_millis(250);
/// Addresses of a name that are tried.
const ADDRESSES: usize = 8;
const EXPORTER: &[u8] = b"EXPORTER-entrenous-v1";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_of_this_machine_are_not_looked_up() {
        for host in ["localhost", "any.localhost"] {
            let found = addresses(host, 7447).await.unwrap();
            assert!(found.iter().all(|address| address.ip().is_loopback()));
        }
    }

    #[test]
    fn addresses_are_tried_in_turns_one_after_the_other() {
        let found = ["[::1]:1", "[::2]:1", "[::3]:1", "192.0.2.1:1"];
        let found = found.map(|text| text.parse().unwrap()).to_vec();
        let planned = staggered(found, |address| address.to_string());
        let planned: Vec<_> = planned
            .iter()
            .map(|(at, to)| (at.as_millis(), to.as_str()))
            .collect();
        let expected = [
            (0, "[::1]:1"),
            (250, "192.0.2.1:1"),
            (500, "[::2]:1"),
            (750, "[::3]:1"),
        ];
        assert_eq!(planned, expected);
        let many = vec![SocketAddr::from(([192, 0, 2, 1], 1)); 100];
        assert_eq!(staggered(many, |_| ()).len(), ADDRESSES);
    }

    #[tokio::test]
    async fn an_onion_service_is_not_looked_up_without_a_proxy() {
        let host = "abc.onion".to_owned();
        let dialed = Dialer::new(host.clone(), 80, None).dial().await;
        let error = RequestError::OnionWithoutProxy { host };
        assert_eq!(dialed.err(), Some(error));
    }
}
