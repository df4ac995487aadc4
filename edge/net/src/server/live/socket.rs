use std::pin::Pin;

use futures_util::StreamExt;
use rendezvous::bucket::Host;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use wire::v1::{Hello, ServerFrame, server_frame};
use wire::{FRAME_MAX, SERVER_FRAME_MAX, decode};

use super::End;
use crate::RequestError;
use crate::dial::Stream;
use crate::http::refused;
use crate::server::CallError;

/// A WebSocket to a server.
pub(super) type Socket = WebSocketStream<Pin<Box<dyn Stream>>>;

/// A WebSocket, and its first frame.
pub(super) struct Greeted {
    pub(super) socket: Socket,
    pub(super) hello: Hello,
}

/// Makes `stream` a WebSocket, and waits for the server to greet.
pub(super) async fn open(at: &Host, stream: Pin<Box<dyn Stream>>) -> Result<Greeted, CallError> {
    // Whether it is encrypted is the stream's business.
    let request = format!("ws://{at}/v1/live").into_client_request();
    let request = request.map_err(|_| RequestError::Broken)?;
    let opened = client_async_with_config(request, stream, Some(config())).await;
    let (mut socket, _) = opened.map_err(|error| not_opened(&error))?;
    let first = match socket.next().await {
        Some(Ok(message)) => frame(message),
        Some(Err(error)) => Err(end(&error)),
        None => Err(End::Lost),
    };
    match first {
        Ok(Some(server_frame::Frame::Hello(hello))) => Ok(Greeted { socket, hello }),
        Ok(_) | Err(End::Malformed) => Err(CallError::Malformed),
        Err(End::Lost) => Err(RequestError::Broken.into()),
        Err(end) => Err(CallError::Ended(end)),
    }
}

/// The frame in a message; `None` if there is none to act on.
pub(super) fn frame(message: Message) -> Result<Option<server_frame::Frame>, End> {
    let bytes = match message {
        Message::Binary(bytes) => bytes,
        // The library answers pings of the WebSocket itself.
        Message::Ping(_) | Message::Pong(_) => return Ok(None),
        Message::Close(frame) => return Err(End::closed(frame.map(|frame| frame.code.into()))),
        Message::Text(_) | Message::Frame(_) => return Err(End::Malformed),
    };
    let frame: ServerFrame = decode(&bytes, SERVER_FRAME_MAX).map_err(|_| End::Malformed)?;
    match frame.frame {
        Some(frame) => Ok(Some(frame)),
        None => Err(End::Malformed),
    }
}

/// What an error of the WebSocket means.
pub(super) const fn end(error: &Error) -> End {
    match error {
        Error::Io(_)
        | Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
        ) => End::Lost,
        _ => End::Malformed,
    }
}

/// Why there is no WebSocket.
fn not_opened(error: &Error) -> CallError {
    match error {
        Error::Http(response) => refused(response.status(), response.headers()).into(),
        _ => RequestError::Broken.into(),
    }
}

/// A WebSocket whose handshake is done.
#[cfg(fuzzing)]
pub(super) async fn of_client(stream: Pin<Box<dyn Stream>>) -> Socket {
    use tokio_tungstenite::tungstenite::protocol::Role;

    WebSocketStream::from_raw_socket(stream, Role::Client, Some(config())).await
}

/// Holds at most one frame of each side.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(FRAME_MAX.saturating_mul(2))
        .max_message_size(Some(SERVER_FRAME_MAX))
        .max_frame_size(Some(SERVER_FRAME_MAX))
}

const BUFFER: usize = 4 << 10;
