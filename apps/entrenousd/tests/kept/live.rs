use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use wire::v1::{Answer, ClientFrame, Request, ServerFrame, answer, client_frame, server_frame};
use wire::{Refusal, SERVER_FRAME_MAX, decode, encode};

/// A live connection.
pub(crate) struct Live {
    socket: WebSocketStream<TcpStream>,
    /// What proofs on it are bound to.
    pub(crate) nonce: [u8; 32],
}

impl Live {
    /// One that says it comes from 198.51.100.`source`, which a server that trusts this machine
    /// believes.
    pub(crate) async fn connect(address: &str, source: usize) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let uri = "ws://x/v1/live".parse().unwrap();
        let request = ClientRequestBuilder::new(uri)
            .with_header("x-forwarded-for", format!("198.51.100.{source}"));
        let (mut socket, _) = client_async(request, stream).await.unwrap();
        let first = socket.next().await.unwrap().unwrap().into_data();
        let first: ServerFrame = decode(&first, SERVER_FRAME_MAX).unwrap();
        let Some(server_frame::Frame::Hello(hello)) = first.frame else {
            panic!("the first frame is no hello");
        };
        let nonce = hello.nonce.try_into().unwrap();
        Self { socket, nonce }
    }

    /// Sends all requests at once, and calls `heard` with the id of each answer and what it says, until
    /// all are there or the connection ends.
    pub(crate) async fn ask_all(
        &mut self,
        requests: Vec<Request>,
        mut heard: impl FnMut(u64, Result<answer::Result, Refusal>),
    ) {
        let mut left = requests.len();
        let (mut sink, mut stream) = (&mut self.socket).split();
        let send = async {
            for request in requests {
                let frame = ClientFrame {
                    frame: Some(client_frame::Frame::Request(request)),
                };
                let message = Message::Binary(encode(&frame).into());
                // A server that was killed takes nothing: its answers are missing then.
                if sink.feed(message).await.is_err() {
                    break;
                }
            }
            drop(sink.flush().await);
        };
        let listen = async {
            while left > 0 {
                let Some(Ok(Message::Binary(bytes))) = stream.next().await else {
                    break;
                };
                let frame: ServerFrame = decode(&bytes, SERVER_FRAME_MAX).unwrap();
                let Some(server_frame::Frame::Answer(answer)) = frame.frame else {
                    continue;
                };
                left -= 1;
                let (id, said) = said(answer);
                heard(id, said);
            }
        };
        tokio::join!(send, listen);
    }

    /// One request and its answer, by a server that is not killed meanwhile.
    pub(crate) async fn ask(&mut self, request: Request) -> Result<answer::Result, Refusal> {
        let mut answer = None;
        self.ask_all(vec![request], |_, said| answer = Some(said))
            .await;
        answer.unwrap()
    }
}

fn said(answer: Answer) -> (u64, Result<answer::Result, Refusal>) {
    let said = match answer.result.unwrap() {
        answer::Result::Error(error) => Err(Refusal::from_message(&error)),
        other => Ok(other),
    };
    (answer.id, said)
}
