//! A certificate by ACME with TLS-ALPN-01, renewed when two thirds of its life are over.
//!
//! [`Renewal`] is the task that lives as long as the configuration that asked for it; [`order`]
//! speaks to the authority over [`web`], [`cache`] keeps what it gave.
//!
//! RFC 8555, RFC 8737.

mod cache;
mod order;
mod web;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kernel::Time;
use rustls::RootCertStore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::leaf::{Leaf, Shelf};
use super::{TlsError, files};
use crate::http::Acme;
use cache::Cache;
use order::OrderError;
use web::Web;

/// Takes up what was kept, and sees to a certificate on `shelf` from now on.
pub(super) fn start(
    acme: &Acme,
    shelf: &Arc<Shelf>,
    tasks: &mut JoinSet<()>,
) -> Result<(), TlsError> {
    let web = Web::new(roots(acme)?)?;
    let cache = Cache::open(acme).map_err(|error| TlsError::Cache {
        path: acme.cache.clone(),
        reason: error.kind(),
    })?;
    match cache.certificate() {
        Ok(Some(leaf)) => shelf.put(leaf),
        Ok(None) => {}
        Err(error) => tracing::warn!("the certificate that was kept is of no use: {error}"),
    }
    let renewal = Renewal {
        acme: acme.clone(),
        shelf: Arc::clone(shelf),
        web,
        cache,
    };
    tasks.spawn(renewal.run());
    Ok(())
}

/// Whether it could begin. Changes nothing.
pub(super) fn check(acme: &Acme) -> Result<(), TlsError> {
    Web::new(roots(acme)?).map(drop)
}

/// What the authority's own certificate is checked against.
fn roots(acme: &Acme) -> Result<RootCertStore, TlsError> {
    let failed = |reason| TlsError::Roots {
        path: acme.roots.clone(),
        reason,
    };
    let all = match &acme.roots {
        Some(path) => files::certificates(path).map_err(failed)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(all);
    match roots.is_empty() {
        true => Err(failed("none that can be used".into())),
        false => Ok(roots),
    }
}

struct Renewal {
    acme: Acme,
    shelf: Arc<Shelf>,
    web: Web,
    cache: Cache,
}

impl Renewal {
    async fn run(self) {
        let mut pauses = PAUSES.iter();
        loop {
            let due = self.shelf.leaf().map(|leaf| due(&leaf));
            let wait = due.map_or(Duration::ZERO, |due| due.since(now()));
            if !wait.is_zero() {
                // In steps: the clock may be set meanwhile.
                sleep(wait.min(LOOK)).await;
                continue;
            }
            let renewed = timeout(LONGEST, self.renew()).await;
            match renewed.unwrap_or(Err(OrderError::Late)) {
                Ok(()) => {
                    tracing::info!("a new certificate is in use");
                    pauses = PAUSES.iter();
                }
                Err(error) => {
                    let pause = pauses.next().unwrap_or(&LAST_PAUSE);
                    let again_s = pause.as_secs();
                    tracing::warn!(again_s, "no certificate from the authority: {error}");
                    sleep(*pause).await;
                }
            }
        }
    }

    /// Gets a new certificate and shows it.
    async fn renew(&self) -> Result<(), OrderError> {
        let account = self.account().await?;
        let ordered = order::order(&account, &self.acme.name, &self.shelf).await;
        self.shelf.answer(None);
        if ordered.as_ref().is_err_and(OrderError::is_of_account) {
            // The next try makes another one.
            self.cache.forget_account();
        }
        let pem = ordered?;
        let leaf = cache::leaf(&pem).map_err(OrderError::Unusable)?;
        if leaf.expires <= now() {
            return Err(OrderError::Over);
        }
        if let Err(error) = self.cache.keep_certificate(&pem) {
            let why = error.kind();
            tracing::warn!("the new certificate is lost at the next start: {why}");
        }
        self.shelf.put(leaf);
        Ok(())
    }

    /// The account that was kept, or a new one.
    async fn account(&self) -> Result<instant_acme::Account, OrderError> {
        if let Some(credentials) = self.cache.account() {
            return order::known(&self.web, credentials).await;
        }
        let (account, credentials) = order::register(&self.web, &self.acme).await?;
        self.cache
            .keep_account(&credentials)
            .map_err(OrderError::Cache)?;
        Ok(account)
    }
}

/// When two thirds of its life are over.
fn due(leaf: &Leaf) -> Time {
    let life = leaf.expires.since(leaf.begins);
    let third = life.checked_div(3).unwrap_or_default();
    leaf.begins.after(life.saturating_sub(third))
}

fn now() -> Time {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    Time::ZERO.after(since_1970.unwrap_or_default())
}

/// After failures in a row. Authorities bear few tries at a time.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(600),
];
const LAST_PAUSE: Duration = Duration::from_secs(3600);
const LOOK: Duration = Duration::from_secs(3600);
/// For one certificate, from the first request to the last.
const LONGEST: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_renewed_when_two_thirds_of_its_life_are_over() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/");
        let files = crate::http::TlsFiles {
            cert: format!("{folder}one.crt").into(),
            key: format!("{folder}one.key").into(),
        };
        let mut leaf = files::load(&files).unwrap();
        leaf.begins = Time::from_ms(1_000);
        leaf.expires = Time::from_ms(91_000);
        assert_eq!(due(&leaf), Time::from_ms(61_000));
    }
}
