use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::http::HeaderMap;
use ipnet::IpNet;
use journal::{Clock as _, Memory, SystemClock};
use kernel::Time;
use tokio::sync::watch;
use tokio::time::Instant;
use wire::FRAME_MAX;

use super::proxy::Unlisted;
use super::reading::{self, Reading};
use super::waiting::Waiting;
use super::{Settings, Share};
use crate::board::{Boards, ReadError, Source};
use crate::pace::Pace;
use crate::relay::Relay;
use crate::respond::Responder;

/// What all requests share.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) boards: Arc<Boards>,
    pub(super) waiting: Mutex<Waiting>,
    /// Bodies and frames on their way.
    pub(super) reading: Arc<Reading>,
    /// Says `true` when the server is stopping.
    pub(super) draining: watch::Sender<bool>,
    /// Accounts and what they can do, where there is a store.
    pub(super) responder: Option<Arc<Responder>>,
    /// Where WebSockets to a relay go, if it has any.
    pub(super) relay: Option<Arc<Relay>>,
    pub(super) unlisted: Unlisted,
    pace: Mutex<Pace>,
    settings: RwLock<Arc<Settings>>,
    clock: Arc<Clock>,
    key: RandomState,
}

impl Hub {
    /// The boards are in the store of `responder`, or else in memory.
    pub(super) fn new(settings: Settings, responder: Option<Arc<Responder>>) -> Self {
        let wall = match &responder {
            Some(responder) => Wall::Responder(Arc::clone(responder)),
            None => Wall::Own(SystemClock),
        };
        let clock = Arc::new(Clock::start(wall));
        let boards = match &responder {
            Some(responder) => Boards::new(responder.store(), settings.limits),
            None => in_memory(&settings, Arc::clone(&clock)),
        };
        Self {
            boards: Arc::new(boards),
            waiting: Mutex::new(Waiting::default()),
            reading: Arc::default(),
            draining: watch::Sender::new(false),
            responder,
            relay: None,
            unlisted: Unlisted::default(),
            pace: Mutex::new(Pace::new(settings.requests, SOURCES)),
            settings: RwLock::new(Arc::new(settings)),
            clock,
            key: RandomState::new(),
        }
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        let settings = self.settings.read();
        Arc::clone(&settings.unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set(&self, settings: Settings) {
        self.boards.set_limits(settings.limits);
        lock(&self.pace).set_rate(settings.requests);
        let mut place = self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *place = Arc::new(settings);
        self.unlisted.forget();
    }

    /// For boards and what is in memory only: follows the wall's time forward and never goes back. What
    /// else has a date goes by the [responder's](Responder::now) time.
    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// How many bytes may be on their way.
    pub(super) fn reading_share(&self) -> Share {
        reading::share(self.settings().body.max(FRAME_MAX))
    }

    pub(super) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// One request of `source`; an error is when to come back.
    pub(super) fn take(&self, source: Source) -> Result<(), Duration> {
        lock(&self.pace).take(self.now(), source)
    }

    /// Drops what is over, follows other processes, and sets the gauges; for a timer.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub(super) async fn tidy(&self) -> Result<(), ReadError> {
        let now = self.now();
        lock(&self.pace).tidy(now);
        let tidied = self.boards.tidy(now).await;
        let stats = self.boards.stats();
        let gauge = |name, value: usize, step: usize| {
            let rounded = value.div_ceil(step).saturating_mul(step);
            metrics::gauge!(name).set(u32::try_from(rounded).unwrap_or(u32::MAX));
        };
        gauge("entrenous_board_records", stats.held.records, 10);
        gauge("entrenous_board_bytes", stats.held.bytes, 4096);
        gauge("entrenous_boards", stats.boards, 10);
        tidied
    }

    /// Where a request of `peer` comes from: the peer, or who it says if it is a trusted hop.
    pub(super) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> Source {
        self.source_of(self.origin(peer, headers))
    }

    /// The same as an address.
    pub(super) fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let settings = self.settings();
        let trusted = &settings.trusted_proxies;
        let forwarded = headers.get_all(FORWARDED);
        let hops = forwarded.iter().filter_map(|value| value.to_str().ok());
        origin(peer, hops, trusted).unwrap_or(peer)
    }

    /// The source of one address: a keyed hash of its /32 or /64.
    pub(super) fn source_of(&self, address: IpAddr) -> Source {
        let prefix = match address.to_canonical() {
            IpAddr::V4(address) => (4, address.to_bits().into()),
            IpAddr::V6(address) => (6, address.to_bits() >> 64),
        };
        Source(self.key.hash_one::<(u8, u128)>(prefix))
    }

    pub(super) fn is_trusted(&self, peer: IpAddr) -> bool {
        is_in(&self.settings().trusted_proxies, peer)
    }
}

/// Walks `x-forwarded-for` from its end through trusted hops; `None` if it cannot be believed.
fn origin<'a>(
    peer: IpAddr,
    lines: impl Iterator<Item = &'a str>,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    if !is_in(trusted, peer) {
        return None;
    }
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
    let mut last = None;
    for hop in hops.iter().rev() {
        let address: IpAddr = hop.trim().parse().ok()?;
        last = Some(address);
        if !is_in(trusted, address) {
            break;
        }
    }
    last
}

/// An IPv4 address inside IPv6 counts as IPv4.
fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// The contents, also after a panic elsewhere: every critical section leaves them whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since 1970 of the wall, which may be set and stands still for nobody who sleeps; but
/// never less than before, and never slower than a steady clock.
#[derive(Debug)]
struct Clock {
    wall: Wall,
    /// The last answer, and when it was given.
    last: Mutex<(Time, Instant)>,
}

/// Whose time is the wall's.
#[derive(Debug)]
enum Wall {
    Own(SystemClock),
    Responder(Arc<Responder>),
}

impl journal::Clock for Clock {
    fn now(&self) -> Time {
        let mut last = lock(&self.last);
        let (time, given) = *last;
        let steady = time.after(given.elapsed());
        *last = (self.wall.now().max(steady), Instant::now());
        last.0
    }
}

impl Clock {
    fn start(wall: Wall) -> Self {
        let last = Mutex::new((wall.now(), Instant::now()));
        Self { wall, last }
    }
}

impl Wall {
    fn now(&self) -> Time {
        match self {
            Self::Own(clock) => clock.now(),
            Self::Responder(responder) => responder.now(),
        }
    }
}

/// Boards in a store that is promised to be lost.
fn in_memory(settings: &Settings, clock: Arc<Clock>) -> Boards {
    let mut limits = journal::Limits::default();
    limits.payload = limits.payload.max(Boards::payload(settings.body));
    let store = Arc::new(Memory::new(limits, clock));
    Boards::with_tails(store, settings.limits, 0)
}

const FORWARDED: &str = "x-forwarded-for";
/// Sources whose request rate is kept apart; spec 5.4.
const SOURCES: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_trusted_hops_are_believed() {
        let trusted = ["127.0.0.1/32", "10.0.0.0/8"].map(|net| net.parse().unwrap());
        let from = |peer, line: &'static str| origin(ip(peer), [line].into_iter(), &trusted);
        assert_eq!(from("127.0.0.1", "203.0.113.7"), Some(ip("203.0.113.7")));
        assert_eq!(
            from("127.0.0.1", "6.6.6.6, 203.0.113.7"),
            Some(ip("203.0.113.7"))
        );
        assert_eq!(
            from("127.0.0.1", "203.0.113.7, 10.1.1.1"),
            Some(ip("203.0.113.7"))
        );
        assert_eq!(
            from("203.0.113.9", "203.0.113.7"),
            None,
            "not trusted itself"
        );
        assert_eq!(
            from("::ffff:127.0.0.1", "2001:db8::1"),
            Some(ip("2001:db8::1")),
            "IPv4 inside IPv6"
        );
        assert_eq!(from("127.0.0.1", "unknown"), None);
        assert_eq!(from("127.0.0.1", ""), None);
    }

    #[test]
    fn sources_are_prefixes() {
        let hub = Hub::new(Settings::default(), None);
        let source = |text| hub.source_of(ip(text));
        assert_eq!(source("2001:db8:0:1::1"), source("2001:db8:0:1:ffff::2"));
        assert_ne!(source("2001:db8:0:1::1"), source("2001:db8:0:2::1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
        assert_eq!(source("192.0.2.1"), source("::ffff:192.0.2.1"));
    }
}
