//! The ways to speak to a relay.

use std::pin::Pin;

use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::super::frames::{Frames, put};
use crate::{RequestError, dial};

/// Bytes both ways, to or from a relay.
pub(super) type Stream = Pin<Box<dyn dial::Stream>>;

/// Opens the WebSocket of a relay on a connection, and carries its messages as frames of a stream.
pub(super) async fn open(host: &str, stream: Stream) -> Result<Stream, RequestError> {
    let request = format!("ws://{host}/ws").into_client_request();
    let request = request.map_err(|_| RequestError::Broken)?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE));
    let opened = client_async_with_config(request, stream, Some(config)).await;
    let (socket, _) = opened.map_err(|_| RequestError::Broken)?;
    let (ours, theirs) = duplex(PIPE);
    tokio::spawn(carry(socket, theirs));
    Ok(Box::pin(ours))
}

/// Carries until either end is gone.
async fn carry(socket: WebSocketStream<Stream>, pipe: DuplexStream) {
    let (mut sink, mut messages) = socket.split();
    let (mut reader, mut writer) = tokio::io::split(pipe);
    let up = async {
        let mut frames = Frames::default();
        while let Ok(frame) = frames.next(&mut reader).await {
            let message = Message::Binary(frame.freeze());
            if sink.send(message).await.is_err() {
                return;
            }
        }
        drop(sink.close().await);
    };
    let down = async {
        while let Some(Ok(message)) = messages.next().await {
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Ping(_) | Message::Pong(_) => continue,
                _ => return,
            };
            let mut out = BytesMut::new();
            put(&bytes, &mut out);
            if writer.write_all(&out).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// The longest message of a relay; spec 22, section 1.
const MESSAGE: usize = 65_600;
/// Bytes of the pipe in each direction.
const PIPE: usize = 16 << 10;
