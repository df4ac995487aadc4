use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use channel::Resumption;
use switch::{Token, Wish};
use tokio::io::DuplexStream;
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep, timeout_at};

use super::super::datagrams;
use super::super::{Call, Setup, Shelf};
use super::{Broker, BrokerError, Registrar, Told, any, no_socket};
use crate::dial::{earliest, staggered};

/// Somebody was met at a broker: a way to where they are, which nobody has come over yet. Dropping it forgets them.
#[derive(Debug)]
pub struct Met {
    peer: SocketAddr,
    stream: DuplexStream,
}

impl Met {
    /// Meets whoever waits at a broker under `token`, and knocks at where they are. Gives up when nobody came `within`
    /// that time; dropping the future ends it. Of IPv6 and IPv4 it is by which the broker tells of somebody first.
    ///
    /// Whether anything gets there and back shows as the channel opens.
    ///
    /// # Errors
    ///
    /// See [`BrokerError`].
    ///
    /// # Spec
    ///
    /// `spec/22-switch.md` 5.4.
    pub async fn join(
        broker: &Broker,
        token: Token,
        within: Duration,
    ) -> Result<Self, BrokerError> {
        let found = broker.find().await?;
        let attempts = staggered(found, |at| Self::join_at(at, token.clone(), within));
        let (met, failed) = earliest(attempts).await;
        met.ok_or_else(|| BrokerError::farthest(failed))
    }

    /// The same at one address of the broker.
    pub(in crate::call) async fn join_at(
        broker: SocketAddr,
        token: Token,
        within: Duration,
    ) -> Result<Self, BrokerError> {
        let (socket, registrar) = Registrar::open(any(broker), broker, &Wish::Join(token))?;
        let mut joining = Joining { socket, registrar };
        let told = joining.meet(within).await?;
        let peer = joining.knock(told).await;
        let stream = datagrams::over(joining.socket, peer).await;
        let stream = stream.map_err(|error| no_socket(&error))?;
        Ok(Self { peer, stream })
    }

    /// Where they are.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Calls them.
    ///
    /// `None`: the system has no random bytes.
    #[must_use]
    pub fn call<S: Shelf>(self, setup: Setup<S>, kept: Option<Resumption>) -> Option<Call> {
        Call::over(self.stream, setup, kept)
    }

    pub(in crate::call) fn into_stream(self) -> DuplexStream {
        self.stream
    }
}

/// The socket of somebody who joins.
struct Joining {
    socket: Arc<UdpSocket>,
    registrar: Registrar,
}

impl Joining {
    /// Waits until the broker says where somebody is.
    async fn meet(&mut self, within: Duration) -> Result<SocketAddr, BrokerError> {
        let until = Instant::now().checked_add(within);
        let until = until.unwrap_or_else(Instant::now);
        loop {
            self.registrar.drive().await;
            while let Some(told) = self.registrar.next() {
                match told {
                    Told::Met(peer) => return Ok(peer),
                    Told::Silent => return Err(BrokerError::Silent),
                    Told::Registered(_) => {}
                }
            }
            if timeout_at(until, self.step()).await.is_err() {
                return Err(BrokerError::Nobody { after: within });
            }
        }
    }

    /// Knocks until they do, or for [`KNOCKING`]; returns where to call them. Their network may show them at another
    /// port than the broker's saw.
    async fn knock(&mut self, told: SocketAddr) -> SocketAddr {
        let until = Instant::now().checked_add(KNOCKING);
        let until = until.unwrap_or_else(Instant::now);
        loop {
            self.registrar.drive().await;
            match timeout_at(until, self.step()).await {
                Ok(Some(from)) if from.ip() == told.ip() => return from,
                Ok(_) => {}
                Err(_) => return told,
            }
        }
    }

    /// Waits for the next datagram, or for what is due; `Some`: somebody knocked.
    async fn step(&mut self) -> Option<SocketAddr> {
        // What is longer than anything expected here is none of it.
        let mut buffer = [0; 512];
        tokio::select! {
            read = self.socket.recv_from(&mut buffer) => {
                let (length, from) = read.ok()?;
                let bytes = buffer.get(..length)?;
                let is_knock = !self.registrar.takes(from, bytes) && bytes == [0];
                is_knock.then_some(from)
            }
            () = sleep(self.registrar.wait()) => None,
        }
    }
}

/// How long a knock of theirs is waited for before they are called.
const KNOCKING: Duration = Duration::from_millis(500);
