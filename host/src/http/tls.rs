//! The certificate of the public listeners.
//!
//! [`Tls`] hands out what a connection is accepted with; [`files`] reads a certificate, [`acme`]
//! asks an authority for one.

mod acme;
mod files;
mod leaf;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use kernel::{Kind, Time};
use rustls::crypto::aws_lc_rs;
use rustls::{ServerConfig, ServerConnection};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Certificate;
use leaf::Shelf;

/// What the public listeners speak: TLS or nothing. Can be replaced while connections are made.
#[derive(Debug)]
pub(super) struct Tls(RwLock<Option<Current>>);

#[derive(Debug)]
struct Current {
    from: Certificate,
    config: Arc<ServerConfig>,
    shelf: Arc<Shelf>,
    /// What renews it; ends with it.
    #[expect(dead_code, reason = "held until the certificate is replaced")]
    renewal: JoinSet<()>,
}

impl Tls {
    /// Begins with `wanted`; must be called in a runtime.
    ///
    /// # Errors
    ///
    /// See [`TlsError`]; nothing runs then.
    pub(super) fn start(wanted: Option<&Certificate>) -> Result<Self, TlsError> {
        let current = wanted.map(Current::start).transpose()?;
        Ok(Self(RwLock::new(current)))
    }

    /// Takes `wanted` for new connections: reads files again, goes on with what an authority was
    /// asked before.
    ///
    /// # Errors
    ///
    /// See [`TlsError`]; everything is then as before.
    pub(super) fn change(&self, wanted: Option<&Certificate>) -> Result<(), TlsError> {
        {
            let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
            let from = current.as_ref().map(|current| &current.from);
            if matches!(wanted, Some(Certificate::Acme(_))) && from == wanted {
                return Ok(());
            }
        }
        let new = wanted.map(Current::start).transpose()?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// What accepts a connection; `None` for plain HTTP.
    pub(super) fn acceptor(&self) -> Option<TlsAcceptor> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let current = current.as_ref()?;
        Some(TlsAcceptor::from(Arc::clone(&current.config)))
    }

    /// When the certificate is over, if there is one.
    pub(super) fn expires(&self) -> Option<Time> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(current.as_ref()?.shelf.leaf()?.expires)
    }
}

impl Current {
    fn start(from: &Certificate) -> Result<Self, TlsError> {
        let shelf = Arc::<Shelf>::default();
        let config = config(from, &shelf)?;
        let mut renewal = JoinSet::new();
        match from {
            Certificate::Files(files) => shelf.put(files::load(files)?),
            Certificate::Acme(acme) => acme::start(acme, &shelf, &mut renewal)?,
        }
        Ok(Self {
            from: from.clone(),
            config,
            shelf,
            renewal,
        })
    }
}

/// What [`Tls::start`] would refuse, as far as that is known without a change to any file.
pub(super) fn check(wanted: &Certificate) -> Result<(), TlsError> {
    match wanted {
        Certificate::Files(files) => files::load(files).map(drop),
        Certificate::Acme(acme) => acme::check(acme),
    }
}

/// Whether `connection` was the question of an authority, on which nothing more is said.
///
/// # Spec
///
/// RFC 8737 section 3.
pub(super) fn is_question(connection: &ServerConnection) -> bool {
    connection.alpn_protocol() == Some(ACME)
}

fn config(from: &Certificate, shelf: &Arc<Shelf>) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        // Only 1.3 has the exporter that proofs are bound to (`spec/40-server.md` 3).
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| pair(&error))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(shelf) as _);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if matches!(from, Certificate::Acme(_)) {
        config.alpn_protocols.push(ACME.to_vec());
    }
    Ok(Arc::new(config))
}

fn pair(error: &impl ToString) -> TlsError {
    TlsError::Pair {
        reason: error.to_string(),
    }
}

/// The protocol of an authority's question.
const ACME: &[u8] = b"acme-tls/1";

/// Why there can be no TLS.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificate cannot be read.
    #[error("certificate {}: {reason}", path.display())]
    Certificate {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The private key cannot be read.
    #[error("private key {}: {reason}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// They do not belong together, or are of a kind we cannot use.
    #[error("certificate and private key: {reason}")]
    Pair {
        /// What is wrong with them.
        reason: String,
    },
    /// The roots that an authority's own certificate is checked against cannot be read.
    #[error("roots of the authority{}: {reason}", shown(path.as_ref()))]
    Roots {
        /// Their file; `None` for those of the system.
        path: Option<PathBuf>,
        /// What is wrong with them.
        reason: String,
    },
    /// What an authority gives cannot be kept.
    #[error("directory of the certificate {}: {reason}", path.display())]
    Cache {
        /// The directory.
        path: PathBuf,
        /// Why not.
        reason: std::io::ErrorKind,
    },
}

impl TlsError {
    /// Always the operator's to correct.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

fn shown(path: Option<&PathBuf>) -> String {
    path.map_or_else(String::new, |path| format!(" {}", path.display()))
}
