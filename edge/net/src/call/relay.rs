//! Calls through a relay.

mod carrier;
mod socket;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use channel::{Padding, Resumption};
use drive::WallClock;
use kernel::Kind;
use rustls::pki_types::CertificateDer;
use switch::client::{Client, Config, End};
use switch::link::{Relay, Scheme};
use switch::{Password, Token, Wish};
use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream};
use tokio::sync::oneshot;

use super::listen::Opening;
use super::{Call, Path, Setup, Shelf, seed};
use crate::dial::{Dialer, trust, trusting_anyone};
use crate::{Proxy, RequestError};
use carrier::Carrier;

/// Which relay to meet at, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Way {
    /// The relay.
    pub relay: Relay,
    /// Its password, if it has one.
    pub password: Option<Password>,
    /// The way there.
    pub proxy: Option<Proxy>,
    /// Who may certify its name, beside those whom the system trusts.
    pub roots: Vec<CertificateDer<'static>>,
}

impl Way {
    /// To a relay without a password, directly.
    #[must_use]
    pub const fn to(relay: Relay) -> Self {
        Self {
            relay,
            password: None,
            proxy: None,
            roots: Vec::new(),
        }
    }

    /// What a call has that came about so.
    #[must_use]
    pub fn path(&self) -> Path {
        Path::Relay {
            scheme: self.relay.scheme,
            host: self.relay.address.host().to_string(),
        }
    }
}

/// A place at a relay. Dropping it leaves the relay.
#[derive(Debug)]
pub struct Place {
    token: Token,
    waits: Option<Duration>,
    lasts: Option<Duration>,
    stream: BufReader<DuplexStream>,
}

impl Place {
    /// Waits at a relay for whoever knows the token: `own`, or one that the relay draws.
    ///
    /// # Errors
    ///
    /// See [`RelayError`].
    pub async fn create(way: &Way, own: Option<Token>) -> Result<Self, RelayError> {
        Self::wish(way, Wish::Create(own)).await
    }

    /// Meets whoever waits at a relay under `token`.
    ///
    /// # Errors
    ///
    /// See [`RelayError`].
    pub async fn join(way: &Way, token: Token) -> Result<Self, RelayError> {
        Self::wish(way, Wish::Join(token)).await
    }

    async fn wish(way: &Way, wish: Wish) -> Result<Self, RelayError> {
        let stream = connect(way).await?;
        let (clock, seed) = (WallClock::new(), seed().ok_or(RelayError::NoRandomness)?);
        let password = way.password.clone();
        let client = Client::new(clock.now(), Config::default(), wish, password, seed);
        let (registered, place) = oneshot::channel();
        let (carrier, pipe) = Carrier::new(client, clock, stream, registered);
        tokio::spawn(carrier.run());
        let placed = place.await.map_err(|_| RelayError::Ended(End::Lost))?;
        let placed = placed.map_err(RelayError::Ended)?;
        Ok(Self {
            token: placed.token,
            waits: placed.waits,
            lasts: placed.lasts,
            stream: BufReader::new(pipe),
        })
    }

    /// By which the place is found.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// How long it waits for a partner; `None` for who joined.
    #[must_use]
    pub const fn waits(&self) -> Option<Duration> {
        self.waits
    }

    /// How long two may talk; `None`: without end.
    #[must_use]
    pub const fn lasts(&self) -> Option<Duration> {
        self.lasts
    }

    /// Calls whoever waits here.
    ///
    /// `None`: the system has no random bytes.
    #[must_use]
    pub fn call<S: Shelf>(self, mut setup: Setup<S>, kept: Option<Resumption>) -> Option<Call> {
        setup.config.padding = Padding::Relayed;
        Call::over(self.stream, setup, kept)
    }

    /// Takes the call of whoever comes here. The limit of the opening begins now, so this is for
    /// when somebody is there: see [`arrived`](Self::arrived).
    ///
    /// `None`: the system has no random bytes.
    #[must_use]
    pub fn answer<S: Shelf>(self, mut setup: Setup<S>) -> Option<Call> {
        setup.config.padding = Padding::Relayed;
        Call::answer_over(self.stream, setup)
    }

    /// The same, as one of those that a listener counts.
    pub(super) fn answer_counted<S: Shelf>(
        self,
        mut setup: Setup<S>,
        opening: Opening,
    ) -> Option<Call> {
        setup.config.padding = Padding::Relayed;
        Call::answered(self.stream, setup, Some(opening))
    }

    pub(super) fn into_stream(self) -> BufReader<DuplexStream> {
        self.stream
    }

    /// Waits until somebody speaks here. Safe to cancel.
    ///
    /// # Errors
    ///
    /// The relay has ended the connection, as it does when nobody came in time.
    pub async fn arrived(&mut self) -> io::Result<()> {
        match self.stream.fill_buf().await?.is_empty() {
            true => Err(io::ErrorKind::UnexpectedEof.into()),
            false => Ok(()),
        }
    }
}

/// A stream to the relay on which frames have two bytes of length.
async fn connect(way: &Way) -> Result<socket::Stream, RelayError> {
    let Way {
        relay,
        proxy,
        roots,
        ..
    } = way;
    let host = relay.address.host().to_string();
    let host = host.trim_matches(['[', ']']).to_owned();
    let dialer = Dialer::new(host, relay.port(), proxy.clone());
    let dialer = match relay.scheme {
        Scheme::Tls | Scheme::Wss => dialer.with_tls(Arc::new(tls(relay, roots)?)),
        _ => dialer,
    };
    let stream = dialer.dial().await?.stream;
    Ok(match relay.scheme {
        Scheme::Ws | Scheme::Wss => socket::open(&relay.address.to_string(), stream).await?,
        _ => stream,
    })
}

fn tls(
    relay: &Relay,
    roots: &[CertificateDer<'static>],
) -> Result<rustls::ClientConfig, RequestError> {
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let config = match relay.is_insecure {
        true => trusting_anyone(&versions),
        false => trust(roots, &versions),
    };
    config.map_err(|error| RequestError::Tls {
        reason: error.to_string(),
    })
}

/// Why there is no place at a relay.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    /// There is no connection.
    #[error(transparent)]
    NoConnection(#[from] RequestError),
    /// The relay ended it.
    #[error(transparent)]
    Ended(End),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl RelayError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoConnection(error) => error.kind(),
            Self::Ended(end) => end.kind(),
            Self::NoRandomness => Kind::Unavailable,
        }
    }
}
