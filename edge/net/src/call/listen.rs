use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switch::Source;
use tokio::net::TcpListener;

use super::Path;
use crate::dial::Stream;

/// Waits for callers on TCP.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    openings: Openings,
}

/// How many channels may be opening at a time. An opening costs work before anything is known of the caller.
///
/// # Spec
///
/// `spec/20-channel.md` 11.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Of everyone.
    pub openings: usize,
    /// From one address; of IPv6, from one network of 64 bits.
    pub openings_per_source: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            openings: 64,
            openings_per_source: 8,
        }
    }
}

/// Somebody has connected.
pub struct Incoming {
    pub(super) stream: Pin<Box<dyn Stream>>,
    pub(super) source: SocketAddr,
    pub(super) path: Path,
    pub(super) opening: Opening,
}

impl Incoming {
    /// From where.
    #[must_use]
    pub const fn source(&self) -> SocketAddr {
        self.source
    }

    /// By which way.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Incoming")
    }
}

impl Listener {
    /// Listens on `address`.
    ///
    /// # Errors
    ///
    /// It is taken, not ours, or not allowed.
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        Self::open(address, Openings::new(limits)).await
    }

    /// The same, among others who count openings.
    pub(super) async fn open(address: SocketAddr, openings: Openings) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self { socket, openings })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next caller. Those that are too many are hung up on. Safe to cancel.
    ///
    /// # Errors
    ///
    /// The system gives no connection now; it may give one later.
    pub async fn accept(&self) -> io::Result<Incoming> {
        loop {
            let (stream, source) = self.socket.accept().await?;
            if let Some(opening) = self.openings.take(source.ip()) {
                drop(stream.set_nodelay(true));
                return Ok(Incoming {
                    stream: Box::pin(stream),
                    source,
                    path: Path::Tcp,
                    opening,
                });
            }
        }
    }

    /// How many were hung up on because too many were opening.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.openings.refused()
    }
}

/// Whom the limit of one source counts.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Caller {
    /// Everybody who comes from there.
    At(Source),
    /// Everybody who comes by this path, of whom no more is known.
    By(Path),
}

/// Counts who is opening a channel.
#[derive(Clone, Debug)]
pub(super) struct Openings {
    limits: Limits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    of: BTreeMap<Caller, usize>,
    refused: u64,
}

impl Openings {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            counts: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn refused(&self) -> u64 {
        self.lock().refused
    }

    /// Whether whoever comes from there has to show first that they receive there: so that nobody takes
    /// more than one place in the name of another, nor more than a quarter of all in the names of many.
    pub(super) fn is_pressed(&self, from: IpAddr) -> bool {
        let counts = self.lock();
        let caller = Caller::At(from.into());
        counts.of.contains_key(&caller) || counts.all >= self.limits.openings / 4
    }

    pub(super) fn take(&self, from: IpAddr) -> Option<Opening> {
        self.take_as(Caller::At(from.into()))
    }

    pub(super) fn take_as(&self, caller: Caller) -> Option<Opening> {
        let mut counts = self.lock();
        let theirs = counts.of.get(&caller).copied().unwrap_or_default();
        if counts.all >= self.limits.openings || theirs >= self.limits.openings_per_source {
            counts.refused = counts.refused.saturating_add(1);
            return None;
        }
        counts.all = counts.all.saturating_add(1);
        counts.of.insert(caller.clone(), theirs.saturating_add(1));
        drop(counts);
        Some(Opening {
            openings: self.clone(),
            caller,
            progress: Progress(Arc::new(AtomicBool::new(true))),
        })
    }
}

/// A place among those who open a channel; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Opening {
    openings: Openings,
    caller: Caller,
    progress: Progress,
}

/// Whether a channel is opening still.
#[derive(Clone, Debug)]
pub(super) struct Progress(Arc<AtomicBool>);

impl Progress {
    pub(super) fn is_opening(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Opening {
    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.progress.0.store(false, Ordering::Relaxed);
        let mut counts = self.openings.lock();
        counts.all = counts.all.saturating_sub(1);
        if let Some(theirs) = counts.of.get_mut(&self.caller) {
            *theirs = theirs.saturating_sub(1);
            if *theirs == 0 {
                counts.of.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_open_at_a_time_than_may_and_a_place_comes_back() {
        let limits = Limits {
            openings: 3,
            openings_per_source: 2,
        };
        let openings = Openings::new(limits);
        let [a, b] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let held = [openings.take(a), openings.take(a), openings.take(b)];
        assert!(held.iter().all(Option::is_some));
        assert!(openings.take(b).is_none(), "the fourth");
        let [first, ..] = held;
        drop(first);
        assert!(openings.take(a).is_some());
        assert_eq!(openings.lock().refused, 1);
    }

    #[test]
    fn who_may_be_somebody_else_has_one_place_and_all_of_those_a_quarter() {
        let openings = Openings::new(Limits::default());
        let source = |n| format!("192.0.2.{n}").parse().unwrap();
        let mut held = Vec::new();
        for n in 0..16 {
            assert!(!openings.is_pressed(source(n)), "{n}");
            held.push(openings.take(source(n)).unwrap());
            assert!(openings.is_pressed(source(n)), "{n}");
        }
        assert!(openings.is_pressed(source(16)));
        held.pop();
        assert!(!openings.is_pressed(source(16)));
    }

    #[test]
    fn one_source_has_its_own_limit_and_one_network_is_one_source() {
        let openings = Openings::new(Limits::default());
        let held: Vec<_> = (0..8)
            .map(|n| openings.take(format!("2001:db8::{n}").parse().unwrap()))
            .collect();
        assert!(held.iter().all(Option::is_some));
        assert!(openings.take("2001:db8::9".parse().unwrap()).is_none());
        assert!(openings.take("2001:db8:0:1::".parse().unwrap()).is_some());
        drop(held);
        assert!(openings.lock().of.is_empty());
    }
}
