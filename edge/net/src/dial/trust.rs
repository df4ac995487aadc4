use std::io;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, ClientConfig, RootCertStore, SupportedProtocolVersion};

use crate::RequestError;

/// TLS of one of `versions` that trusts the certificates of the system, and `roots`.
pub(crate) fn trust(
    roots: &[CertificateDer<'static>],
    versions: &[&'static SupportedProtocolVersion],
) -> Result<ClientConfig, rustls::Error> {
    let mut store = RootCertStore::empty();
    // Some of the system's may be of a kind we do not know; the others still count.
    let (_added, _ignored) =
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for root in roots {
        store.add(root.clone())?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(config)
}

pub(super) fn tls_error(error: &io::Error) -> RequestError {
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
