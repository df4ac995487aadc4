use std::time::{Duration, Instant};

use kernel::Time;

/// A machine's time: milliseconds since the driver began. It never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock at [`Time::ZERO`].
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "each call gives another clock; that should be visible"
    )]
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::ZERO.after(self.0.elapsed())
    }

    /// How long to sleep before the machine wants to be called again at `time`; an hour if it does
    /// not. A little longer than that, for `time` is in whole milliseconds: waking late spares a
    /// second round.
    #[must_use]
    pub fn until(&self, time: Option<Time>) -> Duration {
        wait(self.now(), time)
    }
}

pub(crate) fn wait(now: Time, until: Option<Time>) -> Duration {
    let wait = until.map_or(LONGEST_WAIT, |time| time.since(now));
    wait.saturating_add(ROUNDING)
}

const ROUNDING: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_until_a_time_is_over_and_never_for_one_that_is() {
        let clock = Clock::new();
        assert_eq!(clock.until(Some(Time::ZERO)), ROUNDING);
        let far = clock.until(Some(Time::from_ms(60_000)));
        assert!(far <= Duration::from_millis(60_001), "{far:?}");
        assert_eq!(clock.until(None), LONGEST_WAIT + ROUNDING);
    }

    #[test]
    fn goes_on() {
        let clock = Clock::new();
        assert!(clock.now() <= clock.now());
    }
}
