//! A client that reads only when a test wants it to.

use std::net::SocketAddr;

use kernel::Time;
use primitives::Secret;
use switch::client::{Client, Config, Event, Input, Output};
use switch::{Token, Wish};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::PATIENCE;

pub(crate) struct Raw {
    client: Client,
    pub(crate) stream: TcpStream,
    events: Vec<Event>,
}

impl Raw {
    /// Takes a place by TCP.
    pub(crate) async fn place(at: SocketAddr, wish: Wish) -> (Self, Token) {
        let seed = match wish {
            Wish::Create(_) => Secret::new([1; 32]),
            Wish::Join(_) => Secret::new([2; 32]),
        };
        let mut raw = Self {
            client: Client::new(Time::ZERO, Config::default(), wish, None, seed),
            stream: TcpStream::connect(at).await.unwrap(),
            events: Vec::new(),
        };
        raw.drain().await;
        match raw.next().await.unwrap() {
            Event::Registered { token, .. } => (raw, token),
            other => panic!("{other:?}"),
        }
    }

    /// Has a frame carried.
    pub(crate) async fn say(&mut self, frame: &[u8]) -> std::io::Result<()> {
        self.client.send(frame).unwrap();
        while let Output::Send(bytes) = self.client.poll() {
            self.write(&bytes).await?;
        }
        Ok(())
    }

    /// The next thing that is told; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        while self.events.is_empty() {
            let Ok(length) = timeout(PATIENCE, self.stream.read_u16()).await.unwrap() else {
                return None;
            };
            let mut bytes = vec![0; length.into()];
            self.stream.read_exact(&mut bytes).await.unwrap();
            self.client.handle(Time::ZERO, Input::Frame(&bytes));
            self.drain().await;
        }
        Some(self.events.remove(0))
    }

    async fn drain(&mut self) {
        loop {
            match self.client.poll() {
                Output::Send(bytes) => self.write(&bytes).await.unwrap(),
                Output::Tell(event) => self.events.push(event),
                Output::Close | Output::Wait(_) => return,
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let length = u16::try_from(bytes.len()).unwrap();
        self.stream.write_u16(length).await?;
        self.stream.write_all(bytes).await
    }
}

/// Two who have met: who waited, who came.
pub(crate) async fn meet(at: SocketAddr) -> [Raw; 2] {
    let (waiting, token) = Raw::place(at, Wish::Create(None)).await;
    let (coming, _) = Raw::place(at, Wish::Join(token)).await;
    [waiting, coming]
}
