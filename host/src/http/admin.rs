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
        match hub.is_draining() {
            false => (StatusCode::OK, "ready\n"),
            true => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
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
