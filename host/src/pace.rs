//! How many requests a source may make: a token bucket each, in bounded memory.

use std::collections::HashMap;
use std::time::Duration;

use kernel::Time;

use crate::board::Source;

/// How fast one source may go on.
#[expect(clippy::exhaustive_structs, reason = "two numbers")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// Requests per second, for ever; at least 1.
    pub per_second: u32,
    /// Requests at once after a silence; at least 1.
    pub burst: u32,
}

/// The same for what is seldom.
#[expect(clippy::exhaustive_structs, reason = "a number and a time")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Allowance {
    /// At once, after a silence; at least 1.
    pub burst: u32,
    /// The time in which one more is allowed.
    pub every: Duration,
}

/// The buckets of all sources.
///
/// Times may be of a clock that is set: a bucket that seems emptier than empty is one of before, and
/// counts as full.
#[derive(Debug)]
pub struct Pace {
    /// The time of one token, in microseconds.
    step: u64,
    /// The time in which an empty bucket fills.
    depth: u64,
    max: usize,
    /// When each bucket will be full again, in microseconds; absent means it is.
    full_at: HashMap<Source, u64>,
}

impl Pace {
    /// Full buckets for everyone; at most `max` sources are kept apart at a time.
    #[must_use]
    pub fn new(rate: Rate, max: usize) -> Self {
        let mut pace = Self {
            step: 0,
            depth: 0,
            max,
            full_at: HashMap::new(),
        };
        pace.set_rate(rate);
        pace
    }

    /// The same for what is seldom.
    #[must_use]
    pub fn slow(allowance: Allowance, max: usize) -> Self {
        let step = u64::try_from(allowance.every.as_micros()).unwrap_or(u64::MAX);
        Self {
            step,
            depth: step.saturating_mul(allowance.burst.max(1).into()),
            max,
            full_at: HashMap::new(),
        }
    }

    /// Replaces the rate.
    pub fn set_rate(&mut self, rate: Rate) {
        self.step = 1_000_000_u64.div_ceil(u64::from(rate.per_second.max(1)));
        self.depth = self.step.saturating_mul(u64::from(rate.burst.max(1)));
    }

    /// Takes one token of `source`.
    ///
    /// # Errors
    ///
    /// There is none; one will be there after the returned time. The same is said to a newcomer
    /// when `max` other sources are using theirs.
    pub fn take(&mut self, now: Time, source: Source) -> Result<(), Duration> {
        let next = self.next(now, source)?;
        self.full_at.insert(source, next);
        Ok(())
    }

    /// Whether there is a token of `source`; leaves it there.
    ///
    /// # Errors
    ///
    /// As for [`take`](Self::take).
    pub fn check(&mut self, now: Time, source: Source) -> Result<(), Duration> {
        self.next(now, source).map(drop)
    }

    /// Forgets full buckets.
    pub fn tidy(&mut self, now: Time) {
        self.forget(micros(now));
        self.full_at.shrink_to(1024);
    }

    /// When the bucket of `source` will be full, once a token is taken.
    fn next(&mut self, now: Time, source: Source) -> Result<u64, Duration> {
        let now = micros(now);
        let empty = now.saturating_add(self.depth);
        if !self.full_at.contains_key(&source) && self.full_at.len() >= self.max {
            self.forget(now);
            if self.full_at.len() >= self.max {
                return Err(CROWDED.max(Duration::from_micros(self.step)));
            }
        }
        let full_at = self.full_at.get(&source).copied().unwrap_or(now);
        // No bucket is emptier than empty: the clock was set back since.
        let full_at = if full_at > empty { now } else { full_at };
        let next = full_at.max(now).saturating_add(self.step);
        match next.saturating_sub(empty) {
            0 => Ok(next),
            over => Err(Duration::from_micros(over)),
        }
    }

    /// Forgets full buckets, and those that seem emptier than empty.
    fn forget(&mut self, now: u64) {
        let empty = now.saturating_add(self.depth);
        self.full_at
            .retain(|_, full_at| now < *full_at && *full_at <= empty);
    }
}

fn micros(time: Time) -> u64 {
    time.as_ms().saturating_mul(1000)
}

/// For a newcomer when as many sources are told apart as can be; at least.
const CROWDED: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_second: 10,
        burst: 3,
    };

    fn at(ms: u64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn a_source_gets_its_burst_and_then_its_rate() {
        let mut pace = Pace::new(RATE, 10);
        let source = Source::new(1);
        for _ in 0..3 {
            assert_eq!(pace.take(at(0), source), Ok(()));
        }
        assert_eq!(pace.take(at(0), source), Err(Duration::from_millis(100)));
        assert_eq!(pace.take(at(99), source), Err(Duration::from_millis(1)));
        assert_eq!(pace.take(at(100), source), Ok(()));
        assert!(pace.take(at(100), source).is_err());
        assert_eq!(pace.take(at(100), Source::new(2)), Ok(()));
    }

    #[test]
    fn the_number_of_sources_kept_apart_is_bounded() {
        let mut pace = Pace::new(RATE, 2);
        assert!(pace.take(at(0), Source::new(1)).is_ok());
        assert!(pace.take(at(0), Source::new(2)).is_ok());
        assert!(pace.take(at(0), Source::new(3)).is_err());
        assert!(pace.take(at(0), Source::new(1)).is_ok());
        assert!(pace.take(at(300), Source::new(3)).is_ok());
        assert_eq!(pace.full_at.len(), 1);
    }

    #[test]
    fn looking_takes_nothing() {
        let mut pace = Pace::new(RATE, 10);
        let source = Source::new(1);
        for _ in 0..9 {
            assert_eq!(pace.check(at(0), source), Ok(()));
        }
        for _ in 0..3 {
            assert_eq!(pace.take(at(0), source), Ok(()));
        }
        assert_eq!(pace.check(at(0), source), Err(Duration::from_millis(100)));
    }

    #[test]
    fn what_is_seldom_comes_one_at_a_time() {
        let allowance = Allowance {
            burst: 2,
            every: Duration::from_secs(60),
        };
        let mut pace = Pace::slow(allowance, 2);
        let (one, two, three) = (Source::new(1), Source::new(2), Source::new(3));
        let minute = Duration::from_secs(60);
        assert_eq!(pace.take(at(0), one), Ok(()));
        assert_eq!(pace.take(at(0), one), Ok(()));
        assert_eq!(pace.take(at(0), one), Err(minute));
        assert_eq!(pace.take(at(59_000), one), Err(Duration::from_secs(1)));
        assert_eq!(pace.take(at(60_000), one), Ok(()));
        assert!(pace.take(at(60_000), one).is_err());
        assert_eq!(pace.take(at(60_000), two), Ok(()));
        assert_eq!(pace.take(at(60_000), three), Err(minute), "crowded");
        // The second has its whole burst again, and is forgotten.
        assert_eq!(pace.take(at(120_000), three), Ok(()));
        assert_eq!(pace.full_at.len(), 2);
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let mut pace = Pace::new(RATE, 1);
        let source = Source::new(1);
        let (late, early) = (at(3_600_000), at(0));
        for now in [late, early, late, early] {
            for _ in 0..3 {
                assert_eq!(pace.take(now, source), Ok(()));
            }
            assert!(pace.take(now, source).is_err());
        }
        // Nor does who was seen before the step keep newcomers out.
        assert_eq!(pace.take(late, source), Ok(()));
        assert_eq!(pace.take(early, Source::new(2)), Ok(()));
        assert_eq!(pace.full_at.len(), 1);
        // By less than a bucket takes to fill it costs at most what was used.
        let mut pace = Pace::new(RATE, 1);
        assert_eq!(pace.take(at(1000), source), Ok(()));
        assert_eq!(pace.take(at(900), source), Ok(()));
        assert_eq!(pace.take(at(900), source), Err(Duration::from_millis(100)));
    }
}
