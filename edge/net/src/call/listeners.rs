mod places;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use switch::Token;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::broker::Broker;
use super::listen::{Opening, Openings};
use super::race::Failure;
use super::relay::{Place, Way};
use super::{Call, Datagrams, Incoming, Limits, Listener, Path, Setup, Shelf, quic};

/// Waits for callers in several places at the same time. What it is told to wait in goes on until it is dropped, with pauses
/// while it cannot. Dropping it ends calls that came by UDP, too: they share its sockets.
///
/// How many may be opening a channel is counted over all of them; at a relay, whose callers cannot be told apart, all are
/// one source.
#[derive(Debug)]
pub struct Listeners {
    openings: Openings,
    heard: mpsc::Receiver<Heard>,
    tells: mpsc::Sender<Heard>,
    places: JoinSet<()>,
}

/// Something that listeners tell.
#[derive(Debug)]
#[non_exhaustive]
pub enum Heard {
    /// Somebody calls.
    Arrived(Arrival),
    /// A server knows us now, under this token; and again each time, at a relay, when a place was used or its time was over.
    Placed {
        /// Where.
        path: Path,
        /// By which we are found.
        token: Token,
        /// From where the server sees us, if it says so.
        seen: Option<SocketAddr>,
    },
    /// A server does not know us. It is asked again after a pause.
    Unplaced(Unplaced),
}

/// Why there is no place at a server.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Unplaced {
    /// Where.
    pub path: Path,
    /// Why.
    pub reason: Failure,
    /// When it is asked again.
    pub again: Duration,
}

/// Somebody who calls.
pub struct Arrival(Came);

enum Came {
    Direct(Incoming),
    Relayed(Place, Path, Opening),
}

impl Arrival {
    /// By which way.
    #[must_use]
    pub const fn path(&self) -> &Path {
        match &self.0 {
            Came::Direct(incoming) => incoming.path(),
            Came::Relayed(_, path, _) => path,
        }
    }

    /// From where; `None` through a relay, which does not say.
    #[must_use]
    pub const fn source(&self) -> Option<SocketAddr> {
        match &self.0 {
            Came::Direct(incoming) => Some(incoming.source()),
            Came::Relayed(..) => None,
        }
    }

    /// Takes the call.
    ///
    /// `None`: the system gives no random bytes.
    #[must_use]
    pub fn answer<S: Shelf>(self, setup: Setup<S>) -> Option<Call> {
        match self.0 {
            Came::Direct(incoming) => Call::answer(incoming, setup),
            Came::Relayed(place, _, opening) => place.answer_counted(setup, opening),
        }
    }
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Arrival")
    }
}

impl Listeners {
    /// Waits nowhere yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let (tells, heard) = mpsc::channel(WAITING);
        Self {
            openings: Openings::new(limits),
            heard,
            tells,
            places: JoinSet::new(),
        }
    }

    /// Waits on a TCP port. Returns where.
    ///
    /// # Errors
    ///
    /// The address is taken, not ours, or not allowed.
    pub async fn tcp(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = Listener::open(address, self.openings.clone()).await?;
        let address = listener.address()?;
        let tells = self.tells.clone();
        self.places.spawn(async move {
            while !tells.is_closed() {
                match listener.accept().await {
                    Ok(incoming) => direct(&tells, incoming).await,
                    // The system has no more of something; it may have later.
                    Err(_) => sleep(PAUSE).await,
                }
            }
        });
        Ok(address)
    }

    /// Waits on a UDP port. Returns where.
    ///
    /// # Errors
    ///
    /// As [`tcp`](Self::tcp).
    pub async fn udp(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        self.udp_knocking(address, &[]).await
    }

    /// The same, and knocks from there at `peers`, so that networks in between let their calls in.
    ///
    /// # Errors
    ///
    /// As [`tcp`](Self::tcp).
    pub async fn udp_knocking(
        &mut self,
        address: SocketAddr,
        peers: &[SocketAddr],
    ) -> io::Result<SocketAddr> {
        let datagrams = Datagrams::open(address, self.openings.clone()).await?;
        let address = datagrams.address();
        for peer in peers {
            self.places.spawn(datagrams.knock(*peer));
        }
        self.places.spawn(take(datagrams, self.tells.clone()));
        Ok(address)
    }

    /// Waits on a QUIC port. Returns where.
    ///
    /// # Errors
    ///
    /// As [`tcp`](Self::tcp).
    pub fn quic(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = quic::Listener::open(address, self.openings.clone())?;
        let (address, tells) = (listener.address(), self.tells.clone());
        self.places.spawn(async move {
            while let Ok(incoming) = listener.accept().await {
                direct(&tells, incoming).await;
            }
        });
        Ok(address)
    }

    /// Waits on a UDP port (0: any) for those of whom a broker tells, under a token: `own`, or one that is drawn here. By IPv6
    /// and IPv4, if the broker has both; then [`Heard::Placed`] comes for each. While there is one of them, nobody is told
    /// that there is not the other.
    pub fn broker(&mut self, broker: Broker, port: u16, own: Option<Token>) {
        let (tells, openings) = (self.tells.clone(), self.openings.clone());
        self.places
            .spawn(places::at_broker(broker, port, own, openings, tells));
    }

    /// Waits at a relay, under a token: `own`, or one that the relay draws. A place is for one caller; each time when it
    /// was used, or its time was over, there is another one, with another token if the relay draws it.
    pub fn relay(&mut self, way: Way, own: Option<Token>) {
        let (tells, openings) = (self.tells.clone(), self.openings.clone());
        self.places
            .spawn(places::at_relay(way, own, openings, tells));
    }

    /// What happens next. What is not taken waits, and callers with it. Safe to cancel. Waits for ever if there is nothing
    /// to wait in.
    pub async fn next(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(heard) => heard,
            // Not while we hold a sender.
            None => std::future::pending().await,
        }
    }

    /// How many callers were hung up on because too many were opening.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.openings.refused()
    }
}

/// Takes whoever comes to a UDP port.
async fn take(datagrams: Datagrams, tells: mpsc::Sender<Heard>) {
    while let Ok(incoming) = datagrams.accept().await {
        direct(&tells, incoming).await;
    }
}

async fn direct(tells: &mpsc::Sender<Heard>, incoming: Incoming) {
    // Nobody wants it any more if the listeners were dropped: this ends with them.
    drop(
        tells
            .send(Heard::Arrived(Arrival(Came::Direct(incoming))))
            .await,
    );
}

/// What waits to be heard.
const WAITING: usize = 16;
/// How long a listener leaves the system alone.
const PAUSE: Duration = Duration::from_millis(100);
