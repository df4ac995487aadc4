use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Address, Proxy, RequestError, StartError};

/// Makes connections to one server.
#[derive(Clone, Debug)]
pub(super) struct Dialer {
    at: Address,
    proxy: Option<Proxy>,
    tls: Option<Arc<ClientConfig>>,
}

/// Bytes both ways.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

impl Dialer {
    pub(super) fn new(
        at: Address,
        proxy: Option<Proxy>,
        roots: &[CertificateDer<'static>],
    ) -> Result<Self, StartError> {
        let tls = at.is_tls.then(|| trust(roots)).transpose()?;
        Ok(Self { at, proxy, tls })
    }

    pub(super) const fn at(&self) -> &Address {
        &self.at
    }

    /// A new connection, encrypted if the address says so.
    pub(super) async fn dial(&self) -> Result<Pin<Box<dyn Stream>>, RequestError> {
        let limit = if self.proxy.is_some() {
            VIA_PROXY
        } else {
            DIRECT
        };
        match timeout(limit, self.connect()).await {
            Ok(result) => result,
            Err(_) => Err(RequestError::Slow { after: limit }),
        }
    }

    async fn connect(&self) -> Result<Pin<Box<dyn Stream>>, RequestError> {
        let Address { host, port, .. } = &self.at;
        let stream = match &self.proxy {
            None => tcp(host, *port).await?,
            Some(proxy) => {
                let mut stream = tcp(&proxy.host, proxy.port).await?;
                let joined = ask_proxy(&mut stream, proxy, host, *port).await;
                joined.map_err(|error| RequestError::Proxy {
                    reason: reason(&error),
                })?;
                stream
            }
        };
        // Requests are small and wait for their answer: do not hold them back to fill a packet.
        drop(stream.set_nodelay(true));
        let Some(config) = &self.tls else {
            return Ok(Box::pin(stream));
        };
        let name = ServerName::try_from(host.clone()).map_err(|_| RequestError::Certificate {
            reason: format!("{host} is not a name that certificates have"),
        })?;
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(name, stream).await;
        let stream = stream.map_err(|error| tls_error(&error))?;
        Ok(Box::pin(stream))
    }
}

/// The certificates that the system trusts, and `roots`.
fn trust(roots: &[CertificateDer<'static>]) -> Result<Arc<ClientConfig>, StartError> {
    let mut store = RootCertStore::empty();
    // Some of the system's may be of a kind we do not know; the others still count.
    let (_added, _ignored) =
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let refused = |error: rustls::Error| StartError::Root {
        reason: error.to_string(),
    };
    for root in roots {
        store.add(root.clone()).map_err(refused)?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn tls_error(error: &io::Error) -> RequestError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(reason)) => RequestError::Certificate {
            reason: reason.to_string(),
        },
        Some(other) => RequestError::Tls {
            reason: other.to_string(),
        },
        None => RequestError::Tls {
            reason: error.kind().to_string(),
        },
    }
}

/// Connects to the first address of `host` that accepts.
async fn tcp(host: &str, port: u16) -> Result<TcpStream, RequestError> {
    let no_name = || RequestError::NoName { host: host.into() };
    let addresses = lookup_host((host, port)).await.map_err(|_| no_name())?;
    let mut last = None;
    for address in addresses {
        let error = match timeout(EACH, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => error.kind(),
            Err(_) => io::ErrorKind::TimedOut,
        };
        last = Some(RequestError::NoConnection {
            host: host.into(),
            port,
            reason: error,
        });
    }
    Err(last.unwrap_or_else(no_name))
}

/// SOCKS 5 (RFC 1928, RFC 1929): asks for `host` by name, so that nobody else learns it here.
async fn ask_proxy(stream: &mut TcpStream, proxy: &Proxy, host: &str, port: u16) -> io::Result<()> {
    let method = if proxy.login.is_some() { 2 } else { 0 };
    stream.write_all(&[5, 1, method]).await?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    if chosen != [5, method] {
        return Err(refused(NOT_SOCKS));
    }
    if let Some((user, password)) = &proxy.login {
        let mut login = vec![1];
        push_short(&mut login, user)?;
        push_short(&mut login, password)?;
        stream.write_all(&login).await?;
        stream.read_exact(&mut chosen).await?;
        if chosen != [1, 0] {
            return Err(refused("it refuses the login"));
        }
    }

    let mut request = vec![5, 1, 0];
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        Err(_) => {
            request.push(3);
            push_short(&mut request, host)?;
        }
    }
    request.extend(port.to_be_bytes());
    stream.write_all(&request).await?;

    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let [version, status, _, kind] = head;
    if version != 5 {
        return Err(refused(NOT_SOCKS));
    }
    if status != 0 {
        return Err(refused(match status {
            2 => "it does not allow this",
            3 => "it cannot reach the network",
            4 => "it cannot reach the server",
            5 => "the server refuses the connection",
            6 => "it gave up waiting",
            _ => "it does not say why",
        }));
    }
    let rest = match kind {
        1 => 6,
        4 => 18,
        3 => usize::from(stream.read_u8().await?).saturating_add(2),
        _ => return Err(refused(NOT_SOCKS)),
    };
    stream.read_exact(&mut vec![0; rest]).await?;
    Ok(())
}

fn push_short(bytes: &mut Vec<u8>, text: &str) -> io::Result<()> {
    let length = u8::try_from(text.len()).map_err(|_| refused("a name is too long for it"))?;
    bytes.push(length);
    bytes.extend(text.as_bytes());
    Ok(())
}

/// A refusal of the proxy in its own words, on its way to [`reason`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(&'static str);

fn refused(why: &'static str) -> io::Error {
    io::Error::other(Refused(why))
}

fn reason(error: &io::Error) -> &'static str {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    inner.map_or("it closed the connection", |Refused(why)| *why)
}

const NOT_SOCKS: &str = "it is not a SOCKS 5 proxy, or wants a login";
const DIRECT: Duration = Duration::from_secs(15);
/// Tor may build a circuit first.
const VIA_PROXY: Duration = Duration::from_secs(90);
const EACH: Duration = Duration::from_secs(6);
