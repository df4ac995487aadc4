use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::Frame;
use rendezvous::board::Board;

use super::hub::{Hub, lock};
use crate::board::{Span, What};

/// A stretch of a board as a body that is read from the store while it is sent, so that a slow
/// reader holds one chunk and not a whole board.
#[derive(Debug)]
struct Records {
    hub: Arc<Hub>,
    board: Board,
    what: What,
    left: Span,
}

/// The body for `span`.
pub(super) fn body(hub: &Arc<Hub>, board: &Board, what: What, span: Span) -> Body {
    if span.bytes <= CHUNK {
        let (bytes, _) = lock(&hub.store).read(board, &what, span, usize::MAX);
        return Body::from(bytes);
    }
    Body::new(Records {
        hub: Arc::clone(hub),
        board: board.clone(),
        what,
        left: span,
    })
}

impl http_body::Body for Records {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.bytes == 0 {
            return Poll::Ready(None);
        }
        let (bytes, left) = lock(&self.hub.store).read(&self.board, &self.what, self.left, CHUNK);
        self.left = left;
        // Nothing left although there was: it expired meanwhile.
        let frame = (!bytes.is_empty()).then(|| Ok(Frame::data(bytes.into())));
        Poll::Ready(frame)
    }
}

const CHUNK: usize = 16 << 10;
