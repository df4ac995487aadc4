use std::net::SocketAddr;
use std::time::Duration;

use channel::{Event, Padding, Resumption};
use switch::Token;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::gate::Gate;
use super::{Config, Failure, Way};
use crate::call::broker::{Broker, BrokerError, Met};
use crate::call::relay::Place;
use crate::call::{Call, Setup, Shelf, datagrams, quic};
use crate::dial::{Dialer, earliest, find, staggered};
use crate::{Proxy, RequestError};

/// What an attempt to reach somebody needs.
#[derive(Clone, Debug)]
pub(super) struct Attempt<S> {
    pub(super) config: Config,
    pub(super) proxy: Option<Proxy>,
    pub(super) setup: Setup<S>,
    pub(super) kept: Option<Resumption>,
}

/// Somebody has answered, and waits to hear who we are.
#[derive(Debug)]
pub(super) struct Answered {
    call: Call,
    open: oneshot::Sender<()>,
}

impl Answered {
    /// Goes on with it.
    pub(super) fn go_on(self) -> Call {
        // The call tells by itself if it is over.
        self.open.send(()).unwrap_or_default();
        self.call
    }
}

impl<S: Shelf + Clone> Attempt<S> {
    /// Tries one way, not for ever.
    pub(super) async fn bounded(self, way: Way) -> Result<Answered, Failure> {
        let after = match self.proxy {
            Some(_) => self.config.within.saturating_mul(VIA_PROXY),
            None => self.config.within,
        };
        let tried = timeout(after, self.run(way)).await;
        tried.unwrap_or(Err(Failure::Silent { after }))
    }

    async fn run(self, way: Way) -> Result<Answered, Failure> {
        match way {
            Way::Tcp { host, port } => {
                let dialer = Dialer::new(host, port, self.proxy.clone());
                let stream = dialer.dial().await?.stream;
                self.ask(stream).await
            }
            Way::Relay(mut way, token) => {
                if self.proxy.is_some() {
                    way.proxy.clone_from(&self.proxy);
                }
                let place = Place::join(&way, token).await?;
                let mut relayed = self;
                relayed.setup.config.padding = Padding::Relayed;
                relayed.ask(place.into_stream()).await
            }
            Way::Udp { .. } | Way::Quic { .. } | Way::Broker(..) if self.proxy.is_some() => {
                Err(Failure::Proxied)
            }
            Way::Udp { host, port } => self.datagrams(host, port).await,
            Way::Quic { host, port } => {
                let stream = quic::connect(&host, port).await?;
                self.ask(stream).await
            }
            Way::Broker(broker, token) => self.by_broker(&broker, &token).await,
        }
    }

    /// Tries all addresses of a host.
    async fn datagrams(self, host: String, port: u16) -> Result<Answered, Failure> {
        let found = find(&host, port).await?;
        let attempts = staggered(found, |address| self.clone().datagrams_to(address));
        let (answered, mut failed) = earliest(attempts).await;
        let none = || RequestError::NoName { host }.into();
        answered.ok_or_else(|| failed.pop().unwrap_or_else(none))
    }

    /// Tries a broker by IPv6 and IPv4.
    async fn by_broker(self, broker: &Broker, token: &Token) -> Result<Answered, Failure> {
        let found = broker.find().await?;
        let attempts = staggered(found, |at| self.clone().by_broker_at(at, token.clone()));
        let (answered, failed) = earliest(attempts).await;
        answered.ok_or_else(|| BrokerError::farthest(failed).into())
    }

    async fn by_broker_at(self, broker: SocketAddr, token: Token) -> Result<Answered, BrokerError> {
        let met = Met::join_at(broker, token, self.config.meet_within).await?;
        let after = self.config.answer_within;
        // Whoever hangs up is as good as nobody there.
        let answered = self.ask(met.into_stream()).await;
        answered.map_err(|_| BrokerError::NoPath { after })
    }

    async fn datagrams_to(self, to: SocketAddr) -> Result<Answered, Failure> {
        let stream = datagrams::dial(to).await;
        let stream = stream.map_err(|error| RequestError::NoConnection {
            host: to.ip().to_string(),
            port: to.port(),
            reason: error.kind(),
        })?;
        self.ask(stream).await
    }

    /// Begins a channel, and waits until the other side answers it.
    async fn ask<T>(self, stream: T) -> Result<Answered, Failure>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (gate, latch) = Gate::new(stream);
        let call = Call::over(gate, self.setup, self.kept);
        let mut call = call.ok_or(Failure::NoRandomness)?;
        let after = self.config.answer_within;
        match timeout(after, latch.answered).await {
            Ok(Ok(())) => Ok(Answered {
                call,
                open: latch.open,
            }),
            Ok(Err(_)) => match timeout(LAST, call.next()).await {
                Ok(Some(Event::Ended(end))) => Err(Failure::Ended(end)),
                _ => Err(Failure::Silent { after }),
            },
            Err(_) => Err(Failure::Silent { after }),
        }
    }
}

/// How long a call that is over has to say why.
const LAST: Duration = Duration::from_secs(1);
/// How much longer a way takes through a proxy.
const VIA_PROXY: u32 = 4;
