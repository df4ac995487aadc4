use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::RETRY_AFTER;
use hyper::http::response::Parts;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;

use crate::RequestError;
use crate::dial::Stream;

/// An HTTP connection; one request at a time. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Open {
    sender: SendRequest<Full<Bytes>>,
    connection: JoinHandle<()>,
}

impl Open {
    pub(crate) async fn over(stream: impl Stream + Unpin + 'static) -> Result<Self, RequestError> {
        let handshake = handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|_| RequestError::Broken)?;
        // How it ends shows in the requests that it carries.
        let connection = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, connection })
    }

    /// Whether it is known to be of no more use.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends a request and reads the answer, at most `max` bytes of it; of a refusal at most
    /// 64 KiB.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        max: usize,
    ) -> Result<(Parts, Bytes), RequestError> {
        let broken = |_| RequestError::Broken;
        self.sender.ready().await.map_err(broken)?;
        let response = self.sender.send_request(request).await.map_err(broken)?;
        let (head, body) = response.into_parts();
        let max = match head.status {
            StatusCode::OK => max,
            _ => MAX_REFUSAL,
        };
        let body = Limited::new(body, max).collect().await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => RequestError::TooLong { max },
            false => RequestError::Broken,
        })?;
        Ok((head, body.to_bytes()))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// The error of an answer with this status.
pub(crate) fn refused(status: StatusCode, headers: &HeaderMap) -> RequestError {
    let retry = headers.get(RETRY_AFTER);
    let retry = retry.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    RequestError::Status {
        code: status.as_u16(),
        retry: retry.map(Duration::from_secs),
    }
}

const MAX_REFUSAL: usize = 64 << 10;
