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

/// The buckets of all sources.
#[derive(Debug)]
pub struct Pace {
    rate: Rate,
    max: usize,
    /// When each bucket will be full again, in microseconds; absent means it is.
    full_at: HashMap<Source, u64>,
}

impl Pace {
    /// Full buckets for everyone; at most `max` sources are kept apart at a time.
    #[must_use]
    pub fn new(rate: Rate, max: usize) -> Self {
        Self {
            rate,
            max,
            full_at: HashMap::new(),
        }
    }

    /// Replaces the rate.
    pub fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
    }

    /// Takes one token of `source`.
    ///
    /// # Errors
    ///
    /// There is none; one will be there after the returned time. The same is said to a newcomer
    /// when `max` other sources are using theirs.
    pub fn take(&mut self, now: Time, source: Source) -> Result<(), Duration> {
        let now = now.as_ms().saturating_mul(1000);
        let step = 1_000_000_u64.div_ceil(u64::from(self.rate.per_second.max(1)));
        let depth = step.saturating_mul(u64::from(self.rate.burst.max(1)));
        if !self.full_at.contains_key(&source) && self.full_at.len() >= self.max {
            self.full_at.retain(|_, full_at| *full_at > now);
            if self.full_at.len() >= self.max {
                return Err(Duration::from_secs(1));
            }
        }
        let full_at = self.full_at.entry(source).or_insert(now);
        let next = (*full_at).max(now).saturating_add(step);
        let over = next.saturating_sub(now.saturating_add(depth));
        if over > 0 {
            return Err(Duration::from_micros(over));
        }
        *full_at = next;
        Ok(())
    }

    /// Forgets full buckets.
    pub fn tidy(&mut self, now: Time) {
        let now = now.as_ms().saturating_mul(1000);
        self.full_at.retain(|_, full_at| *full_at > now);
        self.full_at.shrink_to(1024);
    }
}

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
}
