use std::sync::{Arc, PoisonError, RwLock};

use kernel::Time;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{ACME, TlsError, pair};

/// A chain with its key, and from when to when its first certificate is good.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) begins: Time,
    pub(super) expires: Time,
}

impl Leaf {
    /// Whether they belong together is checked; whether anybody trusts them is not.
    pub(super) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, TlsError> {
        let first = chain.first().ok_or_else(|| pair(&"no certificate"))?;
        let (_, parsed) = X509Certificate::from_der(first).map_err(|error| pair(&error))?;
        let validity = parsed.validity();
        let [begins, expires] = [validity.not_before, validity.not_after].map(|at| {
            let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
            Time::from_ms(seconds.saturating_mul(1000))
        });
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
        let key = Arc::new(key.map_err(|error| pair(&error))?);
        Ok(Self {
            key,
            begins,
            expires,
        })
    }
}

/// What is shown to whom connects: the certificate, and what an authority asks for.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    leaf: RwLock<Option<Leaf>>,
    /// For one name, while an authority asks.
    answer: RwLock<Option<(String, Arc<CertifiedKey>)>>,
}

impl Shelf {
    pub(super) fn leaf(&self) -> Option<Leaf> {
        let leaf = self.leaf.read();
        leaf.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows `leaf` to new connections.
    pub(super) fn put(&self, leaf: Leaf) {
        let seconds = leaf.expires.as_ms().checked_div(1000).unwrap_or(0);
        #[expect(
            clippy::cast_precision_loss,
            reason = "seconds since 1970 are below 2^52"
        )]
        metrics::gauge!("entrenous_certificate_expires_timestamp_seconds").set(seconds as f64);
        let mut place = self.leaf.write().unwrap_or_else(PoisonError::into_inner);
        *place = Some(leaf);
    }

    /// Shows this to an authority that asks about a name.
    pub(super) fn answer(&self, answer: Option<(String, Arc<CertifiedKey>)>) {
        *self.answer.write().unwrap_or_else(PoisonError::into_inner) = answer;
    }
}

impl ResolvesServerCert for Shelf {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut protocols = hello.alpn().into_iter().flatten();
        // An authority offers this one and no other (RFC 8737 section 3).
        if protocols.next() == Some(ACME) && protocols.next().is_none() {
            let answer = self.answer.read().unwrap_or_else(PoisonError::into_inner);
            let (name, key) = answer.as_ref()?;
            return (hello.server_name() == Some(name)).then(|| Arc::clone(key));
        }
        Some(self.leaf()?.key)
    }
}
