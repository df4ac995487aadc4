use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use super::hub::Hub;

/// Writes all metrics as Prometheus text; belongs to whoever installed the recorder.
#[derive(Clone)]
pub struct Render(Arc<dyn Fn() -> String + Send + Sync>);

impl Render {
    /// Wraps the function that writes them.
    pub fn new(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(render))
    }
}

impl fmt::Debug for Render {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Render")
    }
}

/// `/healthz`: alive. `/readyz`: serving, not stopping. `/metrics`.
pub(super) fn router(hub: &Arc<Hub>, render: Option<Render>) -> Router {
    let ready = |State(hub): State<Arc<Hub>>| async move {
        let is_failed = hub.responder.as_ref().is_some_and(|one| one.is_failed());
        match (is_failed, hub.is_draining()) {
            (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "the store has stopped\n"),
            (_, true) => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            (false, false) => (StatusCode::OK, "ready\n"),
        }
    };
    let metrics = move || async move {
        match render {
            Some(Render(render)) => (StatusCode::OK, render()),
            None => (StatusCode::NOT_FOUND, String::new()),
        }
    };
    Router::new()
        .route("/healthz", get("ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(hub))
}
