//! Calls: a [`Channel`] over a connection.

pub mod broker;
mod datagrams;
mod frames;
mod listen;
mod listeners;
mod path;
pub mod quic;
pub mod race;
pub mod relay;
mod run;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use channel::{Channel, Config, Event, Resumption, SendError, SessionId, Stamp};
use drive::WallClock;
use identity::IdentityKey;
use kernel::Kind;
use primitives::Secret;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

pub use datagrams::Datagrams;
use listen::Opening;
pub use listen::{Incoming, Limits, Listener};
pub use listeners::{Arrival, Heard, Listeners, Unplaced};
pub use path::Path;

use crate::dial::Dialer;
use crate::reply::reply;
use crate::{Proxy, RequestError};
use run::{Aside, Order, Said, Task};

/// Where a device keeps what lets a session go on.
pub trait Shelf: Send + Sync + 'static {
    /// Keeps `kept` in place of an earlier record of the same session, durably.
    ///
    /// # Errors
    ///
    /// [`NotKept`]; the channel ends before it has sent what relies on it.
    fn save(&self, kept: Resumption) -> impl Future<Output = Result<(), NotKept>> + Send;

    /// What is kept of a session that somebody asks for.
    fn find(&self, session: SessionId) -> impl Future<Output = Option<Resumption>> + Send;
}

/// A record could not be kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the record of a session could not be kept")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct NotKept;

/// Who calls or waits, and with what.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a channel needs")]
pub struct Setup<S> {
    /// Bounds, rhythms, and our name.
    pub config: Config,
    /// Who we are.
    pub key: Arc<IdentityKey>,
    /// Where sessions are kept.
    pub shelf: S,
}

/// Why there is no call.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// There is no connection.
    #[error(transparent)]
    NoConnection(#[from] RequestError),
    /// The system has no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl DialError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoConnection(error) => error.kind(),
            Self::NoRandomness => Kind::Unavailable,
        }
    }
}

/// A channel over a connection. Dropping it, and all [`Handle`]s of it, says goodbye and ends it.
#[derive(Debug)]
pub struct Call {
    events: mpsc::Receiver<Event>,
    handle: Handle,
}

impl Call {
    /// Calls whoever listens on a TCP port of `host`, which may be a name; by way of `proxy`, if there
    /// is one. `resumption` as in [`Channel::dial`].
    ///
    /// # Errors
    ///
    /// See [`DialError`].
    pub async fn dial<S: Shelf>(
        host: &str,
        port: u16,
        proxy: Option<Proxy>,
        setup: Setup<S>,
        resumption: Option<Resumption>,
    ) -> Result<Self, DialError> {
        let dialed = Dialer::new(host.to_owned(), port, proxy).dial().await?;
        Self::over(dialed.stream, setup, resumption).ok_or(DialError::NoRandomness)
    }

    /// Calls whoever listens on the UDP port `to`. Whether anybody is there shows as the channel opens.
    ///
    /// # Errors
    ///
    /// See [`DialError`].
    pub async fn dial_datagrams<S: Shelf>(
        to: SocketAddr,
        setup: Setup<S>,
        resumption: Option<Resumption>,
    ) -> Result<Self, DialError> {
        let stream = datagrams::dial(to).await;
        let stream = stream.map_err(|error| RequestError::NoConnection {
            host: to.ip().to_string(),
            port: to.port(),
            reason: error.kind(),
        })?;
        Self::over(stream, setup, resumption).ok_or(DialError::NoRandomness)
    }

    /// Calls over a connection that is there.
    ///
    /// `None`: the system gives no random bytes.
    pub fn over<T, S>(stream: T, setup: Setup<S>, resumption: Option<Resumption>) -> Option<Self>
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
        S: Shelf,
    {
        let (clock, seed) = (WallClock::new(), seed()?);
        let channel = Channel::dial(clock.now(), setup.config, setup.key, resumption, seed);
        Some(Self::run(channel, clock, stream, setup.shelf, None))
    }

    /// Takes a call.
    ///
    /// `None`: the system gives no random bytes.
    pub fn answer<S: Shelf>(incoming: Incoming, setup: Setup<S>) -> Option<Self> {
        let Incoming {
            stream, opening, ..
        } = incoming;
        Self::answered(stream, setup, Some(opening))
    }

    /// Takes a call over a connection that is there.
    ///
    /// `None`: the system has no random bytes.
    pub fn answer_over<T, S>(stream: T, setup: Setup<S>) -> Option<Self>
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
        S: Shelf,
    {
        Self::answered(stream, setup, None)
    }

    fn answered<T, S>(stream: T, setup: Setup<S>, opening: Option<Opening>) -> Option<Self>
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
        S: Shelf,
    {
        let (clock, seed) = (WallClock::new(), seed()?);
        let channel = Channel::answer(clock.now(), setup.config, setup.key, seed);
        Some(Self::run(channel, clock, stream, setup.shelf, opening))
    }

    fn run<T, S>(
        channel: Channel,
        clock: WallClock,
        stream: T,
        shelf: S,
        opening: Option<Opening>,
    ) -> Self
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
        S: Shelf,
    {
        let (task, handle, events) = Task::new(channel, clock, stream, shelf, opening);
        tokio::spawn(task.run());
        Self { events, handle }
    }

    /// What happens next; never [`Event::Resuming`], which is answered from the shelf. `None` after
    /// [`Event::Ended`]. Safe to cancel. What is not taken waits, and then the other side does.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// What has happened already, if anything has; see [`next`](Self::next).
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// A way to speak from elsewhere.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// Speaks on a [`Call`].
#[derive(Clone, Debug)]
pub struct Handle {
    orders: mpsc::Sender<Order>,
    asides: mpsc::Sender<Aside>,
}

impl Handle {
    /// The person of [`Event::Introduced`] is wanted.
    pub async fn accept(&self) {
        drop(self.orders.send(Order::Accept).await);
    }

    /// The person of [`Event::Introduced`] is not wanted.
    pub async fn reject(&self) {
        drop(self.orders.send(Order::Reject).await);
    }

    /// Says goodbye, and ends the call.
    pub async fn close(&self) {
        drop(self.orders.send(Order::Close).await);
    }

    /// Sends a message. Waits while the other side is slow to read, or not ready yet.
    ///
    /// # Errors
    ///
    /// See [`SendError`]; never [`SendError::Full`]. That a message was taken says that it is on its way, not that it has come.
    pub async fn send(&self, text: Bytes) -> Result<(), SendError> {
        self.say(text, None).await
    }

    /// Sends a message that may have been sent in another session; see [`Channel::send_stamped`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_stamped(&self, stamp: Stamp, text: Bytes) -> Result<(), SendError> {
        self.say(text, Some(stamp)).await
    }

    /// Sends bytes of another protocol; see [`Channel::send_aside`]. Waits while the other side is slow to
    /// read, and lets messages go first that are asked for meanwhile.
    ///
    /// # Errors
    ///
    /// See [`SendError`]. That it was taken says that it is on its way.
    pub async fn send_aside(&self, bytes: Bytes) -> Result<(), SendError> {
        let (answer, replied) = oneshot::channel();
        let aside = Aside {
            bytes,
            reply: answer,
        };
        let sent = self.asides.send(aside).await;
        sent.map_err(|_| SendError::NotOpen)?;
        reply(&self.asides, replied)
            .await
            .unwrap_or(Err(SendError::NotOpen))
    }

    /// What the other side sent up to message `number` is kept here, durably; see [`Channel::keep`].
    pub async fn keep(&self, number: u64) {
        drop(self.orders.send(Order::Keep(number)).await);
    }

    async fn say(&self, text: Bytes, stamp: Option<Stamp>) -> Result<(), SendError> {
        let (answer, replied) = oneshot::channel();
        let said = Said {
            text,
            stamp,
            reply: answer,
        };
        let sent = self.orders.send(Order::Send(said)).await;
        sent.map_err(|_| SendError::NotOpen)?;
        reply(&self.orders, replied)
            .await
            .unwrap_or(Err(SendError::NotOpen))
    }
}

/// A seed for one machine.
fn seed() -> Option<Secret<32>> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).ok()?;
    Some(Secret::new(seed))
}
