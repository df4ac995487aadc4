//! `POST /v1/rpc`: one request, one answer.
//!
//! Spec: `spec/40-server.md` section 2.1.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::v1::Request as Asked;
use wire::{Code, FRAME_MAX, Refusal, decode, encode};

use super::hub::Hub;
use super::listen::Line;
use super::routes::read;
use crate::board::Source;
use crate::respond::{Answered, Caller, Place, Then};

/// Answers the request in the body.
pub(super) async fn rpc(
    State(hub): State<Arc<Hub>>,
    Extension(source): Extension<Source>,
    line: Option<Extension<Line>>,
    request: Request,
) -> Response {
    let Some(responder) = &hub.responder else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let body = match read(&hub, source, request, FRAME_MAX).await {
        Ok(body) => body,
        Err(refusal) => {
            refusal.count();
            return refusal.into_response();
        }
    };
    let asked: Asked = match decode(&body, FRAME_MAX) {
        Ok(asked) => asked,
        Err(error) => return answer(&refused(0, &error.into())),
    };
    if hub.is_draining() {
        return answer(&refused(asked.id, &draining()));
    }
    let id = asked.id;
    let caller = Caller {
        source,
        place: Place {
            exporter: line.as_ref().and_then(|line| line.exporter.as_ref()),
            nonce: None,
        },
        session: None,
        now: responder.now(),
    };
    let Answered { answer: said, then } = responder.answer(&caller, asked).await;
    match then {
        None => answer(&said),
        // Only a connection that stays gets these.
        Some(Then::Become(_) | Then::Subscribe(_)) => answer(&refused(id, &crate::keep::BUG)),
    }
}

/// An answer that refuses request `id`.
pub(super) fn refused(id: u64, refusal: &Refusal) -> wire::v1::Answer {
    let error = wire::v1::answer::Result::Error(refusal.to_message());
    wire::v1::Answer {
        id,
        result: Some(error),
    }
}

/// What a request hears that comes while the server stops.
pub(super) const fn draining() -> Refusal {
    Refusal::after(Code::Draining, "the server is stopping", COME_BACK)
}

fn answer(answer: &wire::v1::Answer) -> Response {
    ([PROTOBUF], encode(answer)).into_response()
}

const PROTOBUF: (header::HeaderName, HeaderValue) = (
    header::CONTENT_TYPE,
    HeaderValue::from_static("application/x-protobuf"),
);
/// A restart takes about as long.
const COME_BACK: Duration = Duration::from_secs(5);
