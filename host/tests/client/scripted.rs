//! Servers that say what the test wants.

use std::net::{Ipv4Addr, SocketAddr};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use wire::v1::operation::Operation as Op;
use wire::v1::{
    Answer, ClientFrame, Done, Hello, Operation, Request, ServerFrame, answer, client_frame,
    server_frame,
};
use wire::{FRAME_MAX, decode, encode};

/// A server that answers every operation with what `answer` makes of it.
pub(crate) async fn answering(
    answer: impl Fn(Op) -> answer::Result + Clone + Send + 'static,
) -> SocketAddr {
    raw(move |request| {
        let operation: Operation = decode(&request.operation, FRAME_MAX).unwrap();
        let result = Some(answer(operation.operation.unwrap()));
        let id = request.id;
        ok(&encode(&Answer { id, result }))
    })
    .await
}

/// A server that sends `reply` of every request, byte for byte, and closes.
pub(crate) async fn raw(reply: impl Fn(Request) -> Vec<u8> + Clone + Send + 'static) -> SocketAddr {
    serve(move |mut stream| {
        let reply = reply.clone();
        async move {
            let request = read(&mut stream).await;
            // who hears enough closes
            drop(stream.write_all(&reply(request)).await);
        }
    })
    .await
}

/// A server that lets `script` play every connection.
pub(crate) async fn serve<F>(script: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

/// An answer over HTTP.
pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The request in a POST.
async fn read(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "cut");
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        assert!(head.starts_with("post /v1/rpc http/1.1\r\n"), "{head}");
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
        let body = &bytes[end + 4..];
        if body.len() == length {
            return decode(body, FRAME_MAX).unwrap();
        }
    }
}

/// The server's side of a live connection.
#[derive(Debug)]
pub(crate) struct Side(WebSocketStream<TcpStream>);

impl Side {
    /// Says nothing yet.
    pub(crate) async fn silent(stream: TcpStream) -> Self {
        Self(accept_async(stream).await.unwrap())
    }

    /// Greets with `hello`.
    pub(crate) async fn greet(stream: TcpStream, hello: Hello) -> Self {
        let mut side = Self::silent(stream).await;
        side.send(server_frame::Frame::Hello(hello)).await;
        side
    }

    /// Greets, and accepts who authenticates.
    pub(crate) async fn authenticated(stream: TcpStream) -> Self {
        let mut side = Self::greet(stream, hello()).await;
        side.accept().await;
        side
    }

    /// Says that the next request is done.
    pub(crate) async fn accept(&mut self) {
        let id = loop {
            if let Some(id) = self.request_or_ping().await {
                break id;
            }
        };
        self.done(id).await;
    }

    /// The id of a request, if that is what comes next; a ping is answered.
    pub(crate) async fn request_or_ping(&mut self) -> Option<u64> {
        loop {
            match self.next().await {
                client_frame::Frame::Request(request) => return Some(request.id),
                client_frame::Frame::Ping(ping) => {
                    self.send(server_frame::Frame::Pong(ping)).await;
                    return None;
                }
                client_frame::Frame::Credit(_) => {}
            }
        }
    }

    /// Waits until the client gives credit.
    pub(crate) async fn credit(&mut self) -> u32 {
        loop {
            if let client_frame::Frame::Credit(credit) = self.next().await {
                return credit.pushes;
            }
        }
    }

    /// Says that a request is done.
    pub(crate) async fn done(&mut self, id: u64) {
        let result = Some(answer::Result::Done(Done {}));
        let answer = Answer { id, result };
        self.send(server_frame::Frame::Answer(answer)).await;
    }

    pub(crate) async fn send(&mut self, frame: server_frame::Frame) {
        let frame = ServerFrame { frame: Some(frame) };
        self.raw(Message::Binary(encode(&frame).into())).await;
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        // who hears enough closes
        drop(self.0.send(message).await);
    }

    /// What the client sends next; waits forever once it has gone.
    pub(crate) async fn next(&mut self) -> client_frame::Frame {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Binary(bytes))) => {
                    let frame: ClientFrame = decode(&bytes, FRAME_MAX).unwrap();
                    return frame.frame.unwrap();
                }
                Some(Ok(_)) => {}
                _ => std::future::pending().await,
            }
        }
    }
}

pub(crate) fn hello() -> Hello {
    Hello {
        name: "127.0.0.1".into(),
        nonce: vec![7; 32],
        key: vec![9; 32],
        binding: 2,
        now_ms: 0,
        in_flight: 32,
        frame_bytes: 1 << 18,
    }
}
