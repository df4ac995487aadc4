use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use switch::server::{Cause, Framing};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::super::frames::Frames;
use super::super::hub::Hub;
use super::super::listen::Line;
use super::super::routes::Peer;
use crate::relay::{Incoming, Outgoing, Relay, Unread};

/// Makes a connection one to the relay.
pub(in crate::http) async fn web(
    State(hub): State<Arc<Hub>>,
    Extension(Peer(peer)): Extension<Peer>,
    line: Option<Extension<Line>>,
    mut request: Request,
) -> Response {
    let Some(relay) = hub.relay.clone() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(response) = create_response_with_body(&request, Body::empty) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return StatusCode::UPGRADE_REQUIRED.into_response();
    };
    let from = hub.origin(peer, request.headers());
    tokio::spawn(async move {
        // Otherwise the client has gone.
        if let Ok(upgraded) = upgrade.await {
            run(&hub, &relay, from, upgraded).await;
        }
        // The connection is counted until here.
        drop(line);
    });
    response
}

async fn run(hub: &Hub, relay: &Arc<Relay>, from: IpAddr, upgraded: Upgraded) {
    let (reading, share) = (Arc::clone(&hub.reading), hub.reading_share());
    let stream = TokioIo::new(upgraded);
    let frames = Frames::new(stream, hub.source_of(from), reading, share);
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE));
    let socket = WebSocketStream::from_raw_socket(frames, Role::Server, Some(config)).await;
    let (sink, messages) = socket.split();
    let connection = relay.connect(from, Framing::Message);
    connection.carry(Messages(messages), Sink(sink)).await;
}

type Socket = WebSocketStream<Frames<TokioIo<Upgraded>>>;

struct Messages(SplitStream<Socket>);

struct Sink(SplitSink<Socket, Message>);

impl Incoming for Messages {
    type Frame = Bytes;

    async fn next(&mut self) -> Result<Bytes, Unread> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
                // The library answers pings of the WebSocket itself.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Err(Error::Capacity(_))) => return Err(Unread::TooLong),
                _ => return Err(Unread::Gone),
            }
        }
    }

    async fn goodbye(&mut self) {
        // The library answers as it looks for more.
        drop(self.0.next().await);
    }
}

impl Outgoing for Sink {
    async fn send(&mut self, frame: Vec<u8>) -> io::Result<()> {
        let sent = self.0.send(Message::Binary(frame.into())).await;
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    async fn close(&mut self, cause: Cause) -> io::Result<()> {
        let frame = CloseFrame {
            code: cause.code().into(),
            reason: "".into(),
        };
        let sent = self.0.send(Message::Close(Some(frame))).await;
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The longest message.
const MESSAGE: usize = 65_600;
const BUFFER: usize = 2 << 10;
