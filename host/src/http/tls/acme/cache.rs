use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;
use primitives::{Zeroizing, sha256};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::http::Acme;
use crate::http::tls::leaf::Leaf;
use crate::http::tls::{TlsError, pair};

/// What authorities gave, in files that only their owner can read. Another authority, contact or
/// name has other files.
#[derive(Debug)]
pub(super) struct Cache {
    account: PathBuf,
    certificate: PathBuf,
}

impl Cache {
    /// Makes the directory with mode 700 where there is none.
    pub(super) fn open(acme: &Acme) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&acme.cache)?;
        let place = |kind: &str, of: &str| {
            let id = sha256(&[acme.directory.as_bytes(), b"\n", of.as_bytes()]);
            let id = hex::encode(id.get(..8).unwrap_or_default());
            acme.cache.join(format!("{kind}-{id}"))
        };
        Ok(Self {
            account: place("account", &acme.contact),
            certificate: place("certificate", &acme.name),
        })
    }

    /// The account, unless there is none, or what is there is none.
    pub(super) fn account(&self) -> Option<AccountCredentials> {
        let text = Zeroizing::new(fs::read(&self.account).ok()?);
        serde_json::from_slice(&text).ok()
    }

    pub(super) fn keep_account(&self, credentials: &AccountCredentials) -> io::Result<()> {
        let text = Zeroizing::new(serde_json::to_vec(credentials)?);
        write(&self.account, &text)
    }

    /// The authority does not know it any more.
    pub(super) fn forget_account(&self) {
        // If it cannot be removed, the authority says so again.
        drop(fs::remove_file(&self.account));
    }

    /// The certificate with its key, if there is one.
    pub(super) fn certificate(&self) -> Result<Option<Leaf>, TlsError> {
        match fs::read(&self.certificate).map(Zeroizing::new) {
            Ok(pem) => leaf(&pem).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(pair(&error.kind())),
        }
    }

    /// Key and chain, as [`leaf`] reads them.
    pub(super) fn keep_certificate(&self, pem: &[u8]) -> io::Result<()> {
        write(&self.certificate, pem)
    }
}

/// A private key and a chain, leaf first, in one PEM text.
pub(super) fn leaf(pem: &[u8]) -> Result<Leaf, TlsError> {
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| pair(&"no private key"))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    Leaf::new(chain.map_err(|_| pair(&"not PEM"))?, key)
}

/// Replaces the file as a whole: whoever reads it finds the old or the new bytes.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}
