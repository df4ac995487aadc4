use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Distrust, Fault};

/// Which certificates are believed.
pub(super) struct Trust {
    config: Arc<ClientConfig>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Trust {
    /// Those that the system trusts, and `roots`.
    pub(super) fn new(roots: &[CertificateDer<'static>]) -> Result<Self, Fault> {
        let mut store = RootCertStore::empty();
        // Some of the system's may be of a kind we do not know; the others still count.
        let (_added, _ignored) =
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for root in roots {
            store
                .add(root.clone())
                .map_err(|error| root_fault(&error))?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider))
                .build()
                .map_err(|error| root_fault(&error))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| root_fault(&error))?
            .with_webpki_verifier(Arc::clone(&verifier))
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
            verifier,
        })
    }

    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Fault> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Fault::Certificate {
            why: Distrust::Name,
        })?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector
            .connect(name, stream)
            .await
            .map_err(|error| fault(&error))
    }

    /// When the chain that the server showed stops being valid: asked of the verifier, as if it were
    /// later and later.
    pub(super) fn expires(&self, host: &str, stream: &TlsStream<TcpStream>) -> Option<SystemTime> {
        let (leaf, rest) = stream.get_ref().1.peer_certificates()?.split_first()?;
        let name = ServerName::try_from(host).ok()?;
        let mut found = None;
        let mut seconds = FAR_AWAY;
        for _ in 0..CHAIN {
            let then = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            let verified = self
                .verifier
                .verify_server_cert(leaf, rest, &name, &[], then);
            match verified {
                Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                    not_after,
                    ..
                })) => {
                    found = Some(not_after.as_secs());
                    seconds = not_after.as_secs();
                }
                _ => break,
            }
        }
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(found?))
    }
}

fn root_fault(error: &impl ToString) -> Fault {
    Fault::Root {
        why: error.to_string(),
    }
}

fn fault(error: &io::Error) -> Fault {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(reason)) => Fault::Certificate {
            why: distrust(reason),
        },
        Some(other) => Fault::Tls {
            why: other.to_string(),
        },
        None => Fault::Tls {
            why: error.kind().to_string(),
        },
    }
}

fn distrust(error: &CertificateError) -> Distrust {
    use CertificateError as Error;
    match error {
        Error::UnknownIssuer => Distrust::Issuer,
        Error::Expired | Error::ExpiredContext { .. } => Distrust::Expired,
        Error::NotValidYet | Error::NotValidYetContext { .. } => Distrust::NotYet,
        Error::NotValidForName | Error::NotValidForNameContext { .. } => Distrust::Name,
        other => Distrust::Other(other.to_string()),
    }
}

/// 31 December 9999, the last day a certificate can name.
const FAR_AWAY: u64 = 253_402_300_799;
/// More certificates than a chain has.
const CHAIN: usize = 8;
