use std::sync::Arc;

use futures_util::SinkExt;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use wire::v1::{Answer, ServerFrame, server_frame};
use wire::{FRAME_MAX, encode};

use super::super::frames::{Frames, Unfit};
use super::super::hub::Hub;
use crate::board::Source;

/// A connection's frames.
pub(super) type Socket = WebSocketStream<Frames<TokioIo<Upgraded>>>;

/// The frames of a connection that has just become a live one.
pub(super) async fn open(hub: &Hub, source: Source, upgraded: Upgraded) -> Socket {
    let (reading, share) = (Arc::clone(&hub.reading), hub.reading_share());
    let frames = Frames::new(TokioIo::new(upgraded), source, reading, share);
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(FRAME_MAX))
        .max_frame_size(Some(FRAME_MAX));
    WebSocketStream::from_raw_socket(frames, Role::Server, Some(config)).await
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// The client has gone, or takes nothing.
    Gone,
    /// We say why, with a code of RFC 6455.
    Close(u16),
}

/// What an error of reading means for the client.
pub(super) fn ended(error: &Error) -> End {
    match error {
        Error::Capacity(_) => End::Close(1009),
        Error::Protocol(_) => End::Close(1002),
        Error::Utf8(_) => End::Close(1003),
        Error::Io(error) => {
            let unfit = error.get_ref().and_then(|inner| inner.downcast_ref());
            let Some(unfit) = unfit else { return End::Gone };
            metrics::counter!("entrenous_rejected_total", "limit" => limit(*unfit)).increment(1);
            End::Close(match unfit {
                Unfit::Fragment => 1002,
                Unfit::Crowded => 1013,
                Unfit::Slow => 1008,
            })
        }
        _ => End::Gone,
    }
}

/// The bound that was reached, in metrics.
const fn limit(unfit: Unfit) -> &'static str {
    match unfit {
        Unfit::Fragment => "frames",
        Unfit::Crowded => "uploads",
        Unfit::Slow => "time",
    }
}

/// Sends a frame. The listener cuts a client that does not take it in time.
pub(super) async fn send(socket: &mut Socket, frame: server_frame::Frame) -> Result<(), End> {
    let frame = ServerFrame { frame: Some(frame) };
    let message = Message::Binary(encode(&frame).into());
    socket.send(message).await.map_err(|_| End::Gone)
}

pub(super) async fn say(socket: &mut Socket, answer: Answer) -> Result<(), End> {
    send(socket, server_frame::Frame::Answer(answer)).await
}

const BUFFER: usize = 2 << 10;
