use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;

/// Whether a proxy was seen that is not listed; says so once, until it is forgotten.
#[derive(Debug, Default)]
pub(super) struct Unlisted(AtomicBool);

impl Unlisted {
    /// Looks at the head of a request whose peer is not trusted. Anyone can send such a head, so
    /// it is said carefully, and once.
    pub(super) fn see(&self, headers: &HeaderMap) {
        let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
        if is_forwarded && !self.0.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a request was forwarded by a hop that trusted_proxies does not list: if it is \
                 your proxy, list it, or all people behind it share the limits of one"
            );
        }
    }

    /// Says it again the next time.
    pub(super) fn forget(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

const FORWARDED: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];
