use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use kernel::Time;

/// Where a store takes the time from; given when it is opened.
///
/// Moments are stored, so they count from 1970 and survive a restart.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Time;
}

/// The clock of the machine. It may jump: lifetimes then end early or late, nothing else changes.
#[expect(clippy::exhaustive_structs, reason = "no state")]
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Time::ZERO.after(since.unwrap_or_default())
    }
}

/// A clock that stands still until it is set, for tests and simulations.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub const fn new(now: Time) -> Self {
        Self(AtomicU64::new(now.as_ms()))
    }

    /// Sets it, forwards or backwards.
    pub fn set(&self, now: Time) {
        self.0.store(now.as_ms(), Ordering::SeqCst);
    }

    /// Moves it forwards.
    pub fn step(&self, by: Duration) {
        self.set(self.now().after(by));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time::from_ms(self.0.load(Ordering::SeqCst))
    }
}
