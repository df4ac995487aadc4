use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::board::{Full, PostError, ReadError};

/// Why a request gets no answer of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// The body is not whole records, or the query says nothing we know.
    Malformed(&'static str),
    /// The body is longer than the limit.
    TooLarge,
    /// The body did not arrive in time.
    Slow,
    /// A limit of this name is reached.
    Busy(&'static str, Duration),
    /// The store could not.
    Away,
}

impl From<PostError> for Refusal {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Malformed => Self::Malformed("not a multiple of the record size"),
            PostError::TooLarge => Self::TooLarge,
            PostError::Full(Full { limit, retry }) => Self::Busy(limit.name(), retry),
            PostError::Store(_) => Self::Away,
        }
    }
}

impl From<ReadError> for Refusal {
    fn from(ReadError::Store(_): ReadError) -> Self {
        Self::Away
    }
}

impl Refusal {
    /// Counts it by the limit that is reached.
    pub(super) fn count(self) {
        let limit = match self {
            Self::Malformed(_) => return,
            Self::TooLarge => "body",
            Self::Slow => "time",
            Self::Busy(limit, _) => limit,
            Self::Away => {
                metrics::counter!("entrenous_store_errors_total").increment(1);
                return;
            }
        };
        metrics::counter!("entrenous_rejected_total", "limit" => limit).increment(1);
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Malformed(what) => (StatusCode::BAD_REQUEST, what).into_response(),
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Self::Slow => StatusCode::REQUEST_TIMEOUT.into_response(),
            Self::Busy(_, retry) => later(StatusCode::TOO_MANY_REQUESTS, retry),
            Self::Away => later(StatusCode::SERVICE_UNAVAILABLE, AGAIN),
        }
    }
}

fn later(status: StatusCode, retry: Duration) -> Response {
    let seconds = retry.as_millis().div_ceil(1000).max(1);
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    let header = [(header::RETRY_AFTER, HeaderValue::from(seconds))];
    (status, header).into_response()
}

const AGAIN: Duration = Duration::from_secs(5);
