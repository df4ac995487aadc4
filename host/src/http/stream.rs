use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use futures_util::stream::{once, unfold};
use rendezvous::board::Board;

use super::hub::Hub;
use crate::board::{ReadError, Span, What};

/// The body for `span`. Of a long one only the start is read here; the rest while it is sent, so that a
/// slow reader holds one chunk and not a whole board.
pub(super) async fn body(
    hub: &Arc<Hub>,
    board: &Board,
    what: What,
    span: Span,
) -> Result<Body, ReadError> {
    let (bytes, left) = hub.boards.read((board, &what), span, CHUNK).await?;
    if left.bytes == 0 {
        return Ok(Body::from(bytes));
    }
    let (boards, board) = (Arc::clone(&hub.boards), board.clone());
    let rest = unfold(Some(left), move |left| {
        let (boards, board) = (Arc::clone(&boards), board.clone());
        async move {
            let left = left.filter(|left| left.bytes > 0)?;
            match boards.read((&board, &what), left, CHUNK).await {
                // Nothing left although there was: it expired meanwhile.
                Ok((bytes, _)) if bytes.is_empty() => None,
                Ok((bytes, left)) => Some((Ok(Bytes::from(bytes)), Some(left))),
                // The reader must not take this for the end.
                Err(error) => Some((Err(io::Error::other(error)), None)),
            }
        }
    });
    let first = once(async { Ok(Bytes::from(bytes)) });
    Ok(Body::from_stream(first.chain(rest)))
}

const CHUNK: usize = 16 << 10;
