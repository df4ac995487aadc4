use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use wire::v1::operation::Operation as Op;
use wire::v1::{
    Answer, Challenge, ClientFrame, Credit, Event, Hello, Ping, Request, ServerFrame, answer,
    client_frame, server_frame,
};
use wire::{Binding, Code, Refusal, SERVER_FRAME_MAX, decode, encode};

use crate::person::{Person, bytes};
use crate::world::NAME;

/// What an operation came to.
pub(crate) type Said = Result<answer::Result, Refusal>;

pub(crate) fn code(said: &Said) -> Option<Code> {
    said.as_ref().err().and_then(|refusal| refusal.code.ok())
}

fn said(answer: Answer) -> Said {
    match answer.result.unwrap() {
        answer::Result::Error(error) => Err(Refusal::from_message(&error)),
        other => Ok(other),
    }
}

pub(crate) fn request(id: u64, operation: &Op) -> Request {
    Request {
        id,
        within_ms: 0,
        key: Vec::new(),
        proof: None,
        operation: bytes(operation),
    }
}

/// The answer to a POST of `body`: its status, and its own body.
pub(crate) async fn post(address: SocketAddr, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/rpc HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server that refuses a long body need not read it.
    drop(stream.write_all(body).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let status = std::str::from_utf8(&answer[9..12])
        .unwrap()
        .parse()
        .unwrap();
    (status, answer[end + 4..].to_vec())
}

/// One request over `/v1/rpc`.
pub(crate) async fn rpc(address: SocketAddr, request: &Request) -> Said {
    let (status, body) = post(address, &encode(request)).await;
    assert_eq!(status, 200);
    let answer: Answer = decode(&body, SERVER_FRAME_MAX).unwrap();
    assert_eq!(answer.id, request.id);
    said(answer)
}

/// One request over `/v1/rpc`, proven by a person's first device.
pub(crate) async fn rpc_as(address: SocketAddr, person: &Person, operation: &Op) -> Said {
    let challenge = rpc(address, &request(1, &Op::Challenge(Challenge {}))).await;
    let Ok(answer::Result::Challenged(challenged)) = challenge else {
        panic!("no nonce");
    };
    let nonce = challenged.nonce.try_into().unwrap();
    let mut request = request(2, operation);
    let proof = person.proof(&person.first, Binding::Name(NAME), &nonce, operation);
    request.proof = Some(proof);
    rpc(address, &request).await
}

/// A live connection.
pub(crate) struct Client<S> {
    socket: WebSocketStream<S>,
    pub(crate) hello: Hello,
    next: u64,
}

impl Client<TcpStream> {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn over(stream: S) -> Self {
        let (mut socket, _) = client_async("ws://x/v1/live", stream).await.unwrap();
        let first = socket.next().await.unwrap().unwrap().into_data();
        let first: ServerFrame = decode(&first, SERVER_FRAME_MAX).unwrap();
        let Some(server_frame::Frame::Hello(hello)) = first.frame else {
            panic!("the first frame is no hello");
        };
        Self {
            socket,
            hello,
            next: 1,
        }
    }

    pub(crate) fn nonce(&self) -> [u8; 32] {
        self.hello.nonce.clone().try_into().unwrap()
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    async fn frame(&mut self, frame: client_frame::Frame) {
        let frame = ClientFrame { frame: Some(frame) };
        self.raw(Message::Binary(encode(&frame).into())).await;
    }

    /// Sends a request under the next id, which it returns.
    pub(crate) async fn ask(&mut self, mut request: Request) -> u64 {
        request.id = self.next;
        self.next += 1;
        let id = request.id;
        self.frame(client_frame::Frame::Request(request)).await;
        id
    }

    /// The next frame, or the code with which the connection was closed.
    pub(crate) async fn next(&mut self) -> Result<server_frame::Frame, Option<u16>> {
        let message = timeout(PATIENCE, self.socket.next()).await.unwrap();
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                let frame: ServerFrame = decode(&bytes, SERVER_FRAME_MAX).unwrap();
                Ok(frame.frame.unwrap())
            }
            Some(Ok(Message::Close(frame))) => Err(frame.map(|frame| frame.code.into())),
            _ => Err(None),
        }
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        match self.next().await {
            Ok(server_frame::Frame::Answer(answer)) => answer,
            other => panic!("{other:?} instead of an answer"),
        }
    }

    pub(crate) async fn event(&mut self) -> Event {
        match self.next().await {
            Ok(server_frame::Frame::Push(push)) => push.event.unwrap(),
            other => panic!("{other:?} instead of a push"),
        }
    }

    /// One request and its answer.
    pub(crate) async fn call(&mut self, operation: &Op) -> Said {
        let id = self.ask(request(0, operation)).await;
        let answer = self.answer().await;
        assert_eq!(answer.id, id);
        said(answer)
    }

    /// The same with a key.
    pub(crate) async fn call_with_key(&mut self, operation: &Op, key: [u8; 16]) -> Said {
        let mut request = request(0, operation);
        request.key = key.to_vec();
        self.ask(request).await;
        said(self.answer().await)
    }

    /// The same with a proof by `device`.
    pub(crate) async fn call_as(
        &mut self,
        person: &Person,
        device: &identity::DeviceKey,
        operation: &Op,
    ) -> Said {
        let proof = person.proof(device, Binding::Name(NAME), &self.nonce(), operation);
        let mut request = request(0, operation);
        request.proof = Some(proof);
        self.ask(request).await;
        said(self.answer().await)
    }

    pub(crate) async fn credit(&mut self, pushes: u32) {
        self.frame(client_frame::Frame::Credit(Credit { pushes }))
            .await;
    }

    /// Whether nothing was sent before the answer to a ping.
    pub(crate) async fn is_silent(&mut self) -> bool {
        let ping = Ping { number: 77 };
        self.frame(client_frame::Frame::Ping(ping)).await;
        self.next().await == Ok(server_frame::Frame::Pong(ping))
    }

    /// Cuts the connection, as a network does.
    pub(crate) fn cut(self) -> S {
        self.socket.into_inner()
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
