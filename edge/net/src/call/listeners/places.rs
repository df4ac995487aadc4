use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use primitives::Secret;
use switch::Token;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Arrival, Came, Heard, Unplaced, take};
use crate::call::broker::{Broker, BrokerError, Registration};
use crate::call::listen::{Caller, Openings};
use crate::call::race::Failure;
use crate::call::relay::{Place, Way};
use crate::call::{Datagrams, Path};

/// Registers at a broker until it answers, and takes whoever comes; by IPv6 and IPv4.
pub(super) async fn at_broker(
    broker: Broker,
    port: u16,
    own: Option<Token>,
    openings: Openings,
    tells: mpsc::Sender<Heard>,
) {
    let mut pause = Pause::default();
    let (found, token) = loop {
        // One token for both, which the broker could not draw.
        let token = own.clone().or_else(drawn).ok_or(BrokerError::NoRandomness);
        match broker.find().await.and_then(|found| Ok((found, token?))) {
            Ok(found) => break found,
            Err(error) => {
                pause.tell(Path::Knocked, error, &tells).await;
                pause.over().await;
            }
        }
    };
    let waiting = Waiting {
        port,
        token,
        openings,
        tells,
        is_placed: AtomicBool::new(false),
    };
    join_all(found.into_iter().map(|at| waiting.at(at))).await;
}

/// How somebody waits at a broker.
struct Waiting {
    port: u16,
    token: Token,
    openings: Openings,
    tells: mpsc::Sender<Heard>,
    /// Whether the broker knows us, by either kind of address.
    is_placed: AtomicBool,
}

impl Waiting {
    /// Waits at one address of the broker.
    async fn at(&self, broker: SocketAddr) {
        let any: IpAddr = match broker {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let (own, mut pause) = (SocketAddr::new(any, self.port), Pause::default());
        let (datagrams, Registration { token, seen }) = loop {
            let (openings, token) = (self.openings.clone(), Some(self.token.clone()));
            match Datagrams::enrol(own, openings, broker, token).await {
                Ok(registered) => break registered,
                Err(error) => {
                    if !self.is_placed.load(Ordering::Relaxed) {
                        pause.tell(Path::Knocked, error, &self.tells).await;
                    }
                    pause.over().await;
                }
            }
        };
        self.is_placed.store(true, Ordering::Relaxed);
        let (path, seen) = (Path::Knocked, Some(seen));
        drop(self.tells.send(Heard::Placed { path, token, seen }).await);
        take(datagrams, self.tells.clone()).await;
    }
}

/// A token that nobody else has.
fn drawn() -> Option<Token> {
    let mut token = [0; 16];
    getrandom::fill(&mut token).ok()?;
    Some(Token::from(Secret::new(token)))
}

/// Creates one place after the other, and tells of whoever comes there.
pub(super) async fn at_relay(
    way: Way,
    own: Option<Token>,
    openings: Openings,
    tells: mpsc::Sender<Heard>,
) {
    let path = way.path();
    let mut pause = Pause::default();
    loop {
        let begun = Instant::now();
        match Place::create(&way, own.clone()).await {
            Ok(mut place) => {
                pause = Pause::default();
                let placed = Heard::Placed {
                    path: path.clone(),
                    token: place.token().clone(),
                    seen: None,
                };
                drop(tells.send(placed).await);
                let is_there = place.arrived().await.is_ok();
                let opening = is_there.then(|| openings.take_as(Caller::By(path.clone())));
                if let Some(opening) = opening.flatten() {
                    let came = Came::Relayed(place, path.clone(), opening);
                    drop(tells.send(Heard::Arrived(Arrival(came))).await);
                }
            }
            Err(error) => {
                pause.tell(path.clone(), error, &tells).await;
                pause.over().await;
            }
        }
        // A relay lets nobody begin more than twenty connections a minute.
        if let Some(next) = begun.checked_add(SPACING) {
            sleep_until(next).await;
        }
    }
}

/// Between two attempts of which the first had no success: each time twice as long.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl Pause {
    /// Tells why there is one.
    async fn tell(
        &self,
        path: Path,
        reason: impl Into<Failure> + Send,
        tells: &mpsc::Sender<Heard>,
    ) {
        let unplaced = Unplaced {
            path,
            reason: reason.into(),
            again: self.0,
        };
        drop(tells.send(Heard::Unplaced(unplaced)).await);
    }

    /// Waits until it is over.
    async fn over(&mut self) {
        sleep(self.0).await;
        self.0 = self.0.saturating_mul(2).min(LONGEST);
    }
}

/// Between two places at one relay, so that fewer than the twenty connections a minute are begun that it allows a source.
const SPACING: Duration = Duration::from_secs(4);
/// Pauses after a server that gives no place.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
