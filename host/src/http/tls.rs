use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use kernel::Kind;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::TlsFiles;

/// A certificate that can be replaced while connections are made.
#[derive(Debug)]
pub(super) struct Tls {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    pub(super) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let current = RwLock::new(load(&files)?);
        Ok(Self { files, current })
    }

    /// Reads the files again; keeps the old certificate on an error.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        let new = load(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }
}

/// Reads and checks certificate and key.
pub(super) fn load(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(|error| TlsError::Certificate {
            path: files.cert.clone(),
            reason: reason(&error),
        })?;
    if chain.is_empty() {
        return Err(TlsError::Certificate {
            path: files.cert.clone(),
            reason: "no certificate in it".into(),
        });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| TlsError::Key {
        path: files.key.clone(),
        reason: reason(&error),
    })?;
    let mismatch = |error: rustls::Error| TlsError::Pair {
        reason: error.to_string(),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        // Only 1.3 has the exporter that proofs are bound to (`spec/40-server.md` 3).
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(mismatch)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What is wrong with a file; never what is in it.
fn reason(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) if error.kind() == io::ErrorKind::NotFound => "no such file".into(),
        pem::Error::Io(error) => error.kind().to_string(),
        pem::Error::NoItemsFound => "none in it".into(),
        _ => "it is not PEM".into(),
    }
}

/// Why certificate and key cannot be used.
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
}

impl TlsError {
    /// Always the operator's to correct.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}
