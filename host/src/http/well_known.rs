//! `GET /.well-known/entrenous`: what a server is and offers.
//!
//! Spec: `spec/40-server.md` section 2.3.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use wire::{FRAME_MAX, SERVER_FRAME_MAX};

use super::hub::Hub;
use super::listen::Line;
use crate::accounts::Admission;

pub(super) async fn well_known(
    State(hub): State<Arc<Hub>>,
    line: Option<Extension<Line>>,
) -> Response {
    let Some(responder) = &hub.responder else {
        return Json(json!({"v": 1, "versions": [], "carriers": [], "offers": ["board"]}))
            .into_response();
    };
    let binding = match line.and_then(|line| line.exporter) {
        Some(_) => "exporter",
        None => "name",
    };
    let registration = match responder.rules().admission {
        Admission::Pin => "pin",
        Admission::Open => "open",
        Admission::Closed => "closed",
    };
    let about = json!({
        "v": 1,
        "name": responder.name(),
        "key": URL_SAFE_NO_PAD.encode(responder.key().to_bytes()),
        "versions": ["v1"],
        "carriers": ["live", "rpc"],
        "binding": binding,
        "registration": registration,
        "offers": ["accounts", "invitations", "buckets", "board"],
        "limits": {
            "request_bytes": FRAME_MAX,
            "answer_bytes": SERVER_FRAME_MAX,
            "invitation_bytes": 16_384,
            "invitations": 64,
            "devices": 16,
        },
    });
    Json(about).into_response()
}
