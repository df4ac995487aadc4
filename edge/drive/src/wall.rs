use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kernel::Time;

use crate::clock::wait;

/// A machine's time: milliseconds since 1970, as this computer has it. It never goes back: a clock
/// that is put back counts on from where it was. While the computer sleeps it goes on.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    base: Time,
    start: Instant,
}

impl WallClock {
    /// A clock at this computer's time.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "each call gives another clock; that should be visible"
    )]
    pub fn new() -> Self {
        Self {
            base: since_1970(),
            start: Instant::now(),
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        let steady = self.base.after(self.start.elapsed());
        steady.max(since_1970())
    }

    /// How long to sleep before the machine wants to be called again at `time`; as
    /// [`Clock::until`](crate::Clock::until).
    #[must_use]
    pub fn until(&self, time: Option<Time>) -> Duration {
        wait(self.now(), time)
    }
}

/// A clock before 1970 counts as 1970.
fn since_1970() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Time::ZERO.after(since.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_at_the_time_of_the_computer_and_goes_on_when_that_is_put_back() {
        let clock = WallClock::new();
        assert!(clock.now() >= since_1970());
        let ahead = WallClock {
            base: since_1970().after(Duration::from_secs(3600)),
            ..clock
        };
        assert!(ahead.now() >= ahead.base);
        let behind = WallClock {
            base: Time::ZERO,
            ..clock
        };
        assert!(behind.now() >= clock.base);
    }
}
