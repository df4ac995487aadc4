use kernel::Kind;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// A certificate that is trusted besides the system's, in DER.
pub type Root = CertificateDer<'static>;

/// The certificates in `pem`, a PEM file that the user chose, to be trusted besides the system's.
///
/// # Errors
///
/// See [`RootsError`].
pub fn read_roots(pem: &[u8]) -> Result<Vec<Root>, RootsError> {
    let roots: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| RootsError::NotPem)?;
    match roots.is_empty() {
        true => Err(RootsError::Empty),
        false => Ok(roots),
    }
}

/// Why a file holds no certificates to trust.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RootsError {
    /// It is damaged, or in another form.
    #[error("not a PEM file")]
    NotPem,
    /// It holds something else.
    #[error("no certificate in it")]
    Empty,
}

impl RootsError {
    /// Always the user's to correct.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_no_certificate_is_refused_by_name() {
        assert_eq!(read_roots(b""), Err(RootsError::Empty));
        assert_eq!(read_roots(b"entrenous"), Err(RootsError::Empty));
        let cut = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
        assert_eq!(read_roots(cut), Err(RootsError::NotPem));
        let whole = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(read_roots(whole).unwrap().len(), 1);
    }
}
