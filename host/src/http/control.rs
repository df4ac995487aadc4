//! What only the owner of a server may do: over a Unix socket in a directory that only its user
//! can enter.

use std::fs::{self, DirBuilder};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path as Place, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio::net::UnixListener;
use tokio::time::sleep;
use wire::{Code, Refusal};

use super::hub::Hub;
use super::listen::{Line, Open, serve};
use super::tls::Tls;
use crate::pins::{Handle, State as PinState, Terms};
use crate::respond::Responder;

/// Binds the socket `socket` in `directory`, which is made with mode 700 and must have it.
///
/// # Errors
///
/// The directory or socket cannot be made, or others can enter the directory.
pub(super) fn bind(directory: &Path) -> io::Result<UnixListener> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    if fs::metadata(directory)?.mode() & 0o077 != 0 {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    let path = path(directory);
    // What an earlier run left: the store's lock says that there is no other one.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(path)
}

/// The socket in a control directory.
#[must_use]
pub fn path(directory: &Path) -> PathBuf {
    directory.join("socket")
}

/// Serves the owner until dropped.
pub(super) async fn run(listener: UnixListener, owner: Owner) {
    let router = router(owner);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let here = IpAddr::from(Ipv4Addr::LOCALHOST);
                let router = router.clone();
                tokio::spawn(serve(stream, (here, Line::default()), router, None));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the control socket");
                sleep(PAUSE).await;
            }
        }
    }
}

/// What the owner can ask about.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    hub: Arc<Hub>,
    open: Arc<Open>,
    tls: Arc<Tls>,
}

impl Owner {
    pub(super) fn new(hub: &Arc<Hub>, open: &Arc<Open>, tls: &Arc<Tls>) -> Self {
        Self {
            hub: Arc::clone(hub),
            open: Arc::clone(open),
            tls: Arc::clone(tls),
        }
    }

    fn responder(&self) -> Result<&Responder, Denied> {
        let none = Refusal::new(Code::Unsupported, "this server has no store");
        self.hub.responder.as_deref().ok_or(Denied(none))
    }
}

fn router(owner: Owner) -> Router {
    Router::new()
        .route("/pins", get(pins).post(new_pin))
        .route("/pins/{handle}", delete(revoke))
        .route("/status", get(status))
        .with_state(owner)
}

#[derive(Debug, Deserialize)]
struct Wanted {
    lasts_s: u64,
    tries: u32,
}

async fn new_pin(
    State(owner): State<Owner>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Denied> {
    let terms = Terms {
        lasts: Duration::from_secs(wanted.lasts_s),
        tries: wanted.tries,
    };
    let responder = owner.responder()?;
    let now = responder.now();
    let pin = responder.pins().create(now, terms).await?;
    let expires_s = now.after(terms.lasts).as_ms().checked_div(1000);
    let made =
        json!({"pin": pin.reveal(), "handle": pin.handle().to_string(), "expires_s": expires_s});
    Ok(Json(made).into_response())
}

async fn pins(State(owner): State<Owner>) -> Result<Response, Denied> {
    let states = owner.responder()?.pins().list().await?;
    let show = |state: &PinState| {
        json!({
            "handle": state.handle.to_string(),
            "expires_s": state.expires.as_ms().checked_div(1000),
            "tries_left": state.tries_left,
            "used": state.is_used,
        })
    };
    let shown: Vec<_> = states.iter().map(show).collect();
    Ok(Json(json!({"pins": shown})).into_response())
}

async fn revoke(
    State(owner): State<Owner>,
    Place(handle): Place<String>,
) -> Result<Response, Denied> {
    let absent = Refusal::new(Code::NotFound, "there is no such pin");
    let handle = Handle::parse(&handle).ok_or_else(|| Denied(absent.clone()))?;
    match owner.responder()?.pins().revoke(handle).await? {
        true => Ok(Json(json!({"revoked": handle.to_string()})).into_response()),
        false => Err(Denied(absent)),
    }
}

async fn status(State(owner): State<Owner>) -> Result<Response, Denied> {
    let responder = owner.responder()?;
    let pins = responder.pins().list().await?;
    let expires = owner.tls.expires();
    let expires_s = expires.and_then(|time| time.as_ms().checked_div(1000));
    let told = json!({
        "name": responder.name(),
        "accounts": responder.accounts().count(),
        "pins": pins.iter().filter(|pin| !pin.is_used).count(),
        "connections": owner.open.count(),
        "stopping": owner.hub.is_draining(),
        "certificate_expires_s": expires_s,
    });
    Ok(Json(told).into_response())
}

/// What the owner is refused.
#[derive(Debug)]
struct Denied(Refusal);

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let told = json!({"kind": self.0.kind().name(), "text": self.0.text});
        (StatusCode::UNPROCESSABLE_ENTITY, Json(told)).into_response()
    }
}

const PAUSE: Duration = Duration::from_millis(200);
