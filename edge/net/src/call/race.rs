//! A call by whichever of several ways somebody can be reached.
//!
//! Whoever calls knows several ways and not which of them lead anywhere: [`call`] tries them, the direct ones first, and
//! keeps the first over which somebody answers. An attempt goes as far as the first answer of a channel, since a
//! connection by itself shows little: a datagram has none, and a network may accept connections for others. It goes no
//! farther before it has won, so that only one of them says who we are, or spends what lets a session go on.

mod attempt;
mod error;
mod gate;

use std::time::Duration;

use channel::Resumption;
use switch::Token;

pub use error::{Failed, Failure, Unreached};

use super::broker::Broker;
use super::{Call, Path, Setup, Shelf, relay};
use crate::Proxy;
use crate::dial::{STAGGER, earliest};
use attempt::Attempt;

/// A way by which somebody may be reached. A host is a name, or an IP address (IPv6 without brackets); of a name all
/// addresses are tried, IPv6 and IPv4 in turns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Way {
    /// At a TCP port.
    Tcp {
        /// Where.
        host: String,
        /// Which port.
        port: u16,
    },
    /// At a UDP port.
    Udp {
        /// Where.
        host: String,
        /// Which port.
        port: u16,
    },
    /// At a QUIC port.
    Quic {
        /// Where.
        host: String,
        /// Which port.
        port: u16,
    },
    /// Where a broker says, under a token.
    Broker(Broker, Token),
    /// At a relay, under a token.
    Relay(Box<relay::Way>, Token),
}

impl Way {
    /// What a call has that came about so.
    #[must_use]
    pub fn path(&self) -> Path {
        match self {
            Self::Tcp { .. } => Path::Tcp,
            Self::Udp { .. } => Path::Udp,
            Self::Quic { .. } => Path::Quic,
            Self::Broker(..) => Path::Knocked,
            Self::Relay(way, _) => way.path(),
        }
    }
}

/// The rhythm of a race; the defaults are those of the spec.
///
/// # Spec
///
/// `spec/22-switch.md` 9.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Config {
    /// How long a way is tried before the next one is, too.
    pub stagger: Duration,
    /// How long all others are tried before a relay is, too.
    pub relay_after: Duration,
    /// How long to wait at a broker for the other one.
    pub meet_within: Duration,
    /// How long to wait for the first answer over a connection.
    pub answer_within: Duration,
    /// How long to try one way in all; four times as long through a proxy.
    pub within: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            stagger: STAGGER,
            relay_after: Duration::from_secs(2),
            meet_within: Duration::from_secs(10),
            answer_within: Duration::from_secs(10),
            within: Duration::from_secs(30),
        }
    }
}

/// A call, and how it came about.
#[derive(Debug)]
#[non_exhaustive]
pub struct Won {
    /// The call. It is opening: what it tells comes from here on.
    pub call: Call,
    /// By which way.
    pub path: Path,
    /// What had failed by then, the earliest first.
    pub failed: Vec<Failed>,
}

/// Calls by the first of `ways` over which somebody answers: direct ones in their order, then brokers, then relays. Of more
/// than 16 ways the rest is not tried.
///
/// With a `proxy`, only by those that go through it: TCP and relays, whose own [`relay::Way::proxy`] it takes the place of.
/// `kept` as in [`Channel::dial`](channel::Channel::dial). Dropping the future ends all attempts.
///
/// It ends by itself: each attempt has a bound, [`Config::within`].
///
/// # Errors
///
/// [`Unreached`]: nobody answered by any of them.
///
/// # Spec
///
/// `spec/22-switch.md` 9.
pub async fn call<S: Shelf + Clone>(
    ways: Vec<Way>,
    config: Config,
    proxy: Option<Proxy>,
    setup: &Setup<S>,
    kept: Option<Resumption>,
) -> Result<Won, Unreached> {
    let mut ways = ways;
    ways.truncate(WAYS);
    // Stable: those of a kind stay in their order.
    ways.sort_by_key(rank);
    let times = (0..).map(|turn| config.stagger.saturating_mul(turn));
    let attempts = times.zip(ways).map(|(turn, way)| {
        let after = match way {
            Way::Relay(..) => turn.max(config.relay_after),
            _ => turn,
        };
        let attempt = Attempt {
            config,
            proxy: proxy.clone(),
            setup: setup.clone(),
            kept: kept.clone(),
        };
        let path = way.path();
        let run = async move {
            let answered = attempt.bounded(way).await;
            let failed = |reason| Failed {
                path: path.clone(),
                reason,
            };
            answered
                .map(|answered| (answered, path.clone()))
                .map_err(failed)
        };
        (after, run)
    });
    match earliest(attempts.collect()).await {
        (Some((answered, path)), failed) => Ok(Won {
            call: answered.go_on(),
            path,
            failed,
        }),
        (None, failed) => Err(Unreached { failed }),
    }
}

/// The ways of which others learn less come first.
const fn rank(way: &Way) -> u8 {
    match way {
        Way::Tcp { .. } | Way::Udp { .. } | Way::Quic { .. } => 0,
        Way::Broker(..) => 1,
        Way::Relay(..) => 2,
    }
}

/// Ways that are tried.
const WAYS: usize = 16;
