use std::io;
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;
use super::leaf::Leaf;
use crate::http::TlsFiles;

/// Reads and checks certificate and key.
pub(super) fn load(files: &TlsFiles) -> Result<Leaf, TlsError> {
    let chain = certificates(&files.cert).map_err(|reason| TlsError::Certificate {
        path: files.cert.clone(),
        reason,
    })?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| TlsError::Key {
        path: files.key.clone(),
        reason: reason(&error),
    })?;
    Leaf::new(chain, key)
}

/// The certificates of a PEM file, at least one; or what is wrong with it.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match all {
        Ok(none) if none.is_empty() => Err("no certificate in it".into()),
        Ok(all) => Ok(all),
        Err(error) => Err(reason(&error)),
    }
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
