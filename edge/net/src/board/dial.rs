use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_socks::tcp::Socks5Stream;

use super::address::Login;
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
                let stream = tcp(&proxy.host, proxy.port).await?;
                ask_proxy(stream, proxy, host, *port).await?
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
            reason: distrust(reason),
        },
        Some(other) => RequestError::Tls {
            reason: other.to_string(),
        },
        None => RequestError::Tls {
            reason: error.kind().to_string(),
        },
    }
}

/// Why a certificate is not trusted, for a person.
fn distrust(error: &CertificateError) -> String {
    use CertificateError as Error;
    match error {
        Error::UnknownIssuer => "signed by nobody whom this system trusts".into(),
        Error::Expired | Error::ExpiredContext { .. } => "it has expired".into(),
        Error::NotValidYet | Error::NotValidYetContext { .. } => "it is not valid yet".into(),
        Error::NotValidForName | Error::NotValidForNameContext { .. } => {
            "it is for another name".into()
        }
        Error::Revoked => "it was revoked".into(),
        other => other.to_string(),
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

/// Asks a SOCKS 5 proxy for `host` by name, so that nobody else learns it here.
async fn ask_proxy(
    stream: TcpStream,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<TcpStream, RequestError> {
    let joined = match &proxy.login {
        None => Socks5Stream::connect_with_socket(stream, (host, port)).await,
        Some(Login { user, password }) => {
            let target = (host, port);
            Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await
        }
    };
    let joined = joined.map_err(|error| RequestError::Proxy {
        reason: refusal(&error),
    })?;
    Ok(joined.into_inner())
}

/// Why the proxy did not help, for a person.
fn refusal(error: &tokio_socks::Error) -> &'static str {
    use tokio_socks::Error;
    match error {
        Error::ConnectionNotAllowedByRuleset => "it does not allow this",
        Error::NetworkUnreachable => "it cannot reach the network",
        Error::HostUnreachable => "it cannot reach the server",
        Error::ConnectionRefused => "the server refuses the connection",
        Error::TtlExpired => "it gave up waiting",
        Error::PasswordAuthFailure(_) => "it refuses the login",
        Error::InvalidAuthValues(_) => "user and password have 1 to 255 bytes each",
        Error::InvalidTargetAddress(_) => "a name is too long for it",
        Error::GeneralSocksServerFailure
        | Error::CommandNotSupported
        | Error::AddressTypeNotSupported => "it does not say why",
        Error::Io(_) => "it closed the connection",
        _ => "it is not a SOCKS 5 proxy, or wants a login",
    }
}

const DIRECT: Duration = Duration::from_secs(15);
/// Tor may build a circuit first.
const VIA_PROXY: Duration = Duration::from_secs(90);
const EACH: Duration = Duration::from_secs(6);
