use alloc::collections::BTreeMap;
use core::net::Ipv4Addr;

use kernel::Time;

/// How often something may happen.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// In the long run. Zero: never after the burst.
    pub per_minute: u32,
    /// At once, after a pause.
    pub burst: u32,
}

impl Rate {
    /// `per_minute` in the long run, `burst` at once.
    #[must_use]
    pub const fn new(per_minute: u32, burst: u32) -> Self {
        Self { per_minute, burst }
    }

    fn full(self) -> u64 {
        u64::from(self.burst).saturating_mul(TOKEN)
    }
}

/// Work that may be started: in all, and per source address.
///
/// Remembers only addresses that used some of theirs lately; so it is bounded by the total rate.
#[derive(Debug)]
pub(super) struct Budget {
    rate: Rate,
    per_source: Rate,
    total: Bucket,
    sources: BTreeMap<Ipv4Addr, Bucket>,
}

impl Budget {
    pub(super) fn new(rate: Rate, per_source: Rate, now: Time) -> Self {
        Self {
            rate,
            per_source,
            total: Bucket::new(rate, now),
            sources: BTreeMap::new(),
        }
    }

    /// When `source` may start its next work, as things stand.
    pub(super) fn ready_at(&self, now: Time, source: Ipv4Addr) -> Time {
        let total = self.total.ready_at(self.rate, now);
        self.sources.get(&source).map_or(total, |bucket| {
            total.max(bucket.ready_at(self.per_source, now))
        })
    }

    /// Pays for one work of `source`, if both it and the whole may.
    pub(super) fn take(&mut self, now: Time, source: Ipv4Addr) -> bool {
        if self.ready_at(now, source) > now {
            return false;
        }
        let rate = self.per_source;
        self.sources.retain(|_, bucket| !bucket.is_full(rate, now));
        let fresh = || Bucket::new(rate, now);
        let bucket = self.sources.entry(source).or_insert_with(fresh);
        bucket.take(rate, now) && self.total.take(self.rate, now)
    }
}

/// A token bucket that counts in integers: a token is [`TOKEN`] units, a millisecond brings
/// `per_minute` of them.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: u64,
    at: Time,
}

impl Bucket {
    fn new(rate: Rate, now: Time) -> Self {
        Self {
            level: rate.full(),
            at: now,
        }
    }

    fn level(self, rate: Rate, now: Time) -> u64 {
        let passed = now.as_ms().saturating_sub(self.at.as_ms());
        let gained = passed.saturating_mul(u64::from(rate.per_minute));
        self.level.saturating_add(gained).min(rate.full())
    }

    fn is_full(self, rate: Rate, now: Time) -> bool {
        self.level(rate, now) >= rate.full()
    }

    fn ready_at(self, rate: Rate, now: Time) -> Time {
        let missing = TOKEN.saturating_sub(self.level(rate, now));
        let per_ms = u64::from(rate.per_minute);
        let never = rate.burst == 0;
        let wait = match missing.div_ceil(per_ms.max(1)) {
            0 => 0,
            _ if per_ms == 0 || never => u64::MAX,
            wait => wait,
        };
        Time::from_ms(now.as_ms().saturating_add(wait))
    }

    fn take(&mut self, rate: Rate, now: Time) -> bool {
        let Some(left) = self.level(rate, now).checked_sub(TOKEN) else {
            return false;
        };
        *self = Self {
            level: left,
            at: now,
        };
        true
    }
}

/// Milliseconds per minute, so that `per_minute` is a whole number of units per millisecond.
const TOKEN: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    fn at(ms: u64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn a_source_gets_its_burst_and_then_its_rate() {
        let mut budget = Budget::new(Rate::new(600, 64), Rate::new(60, 3), at(0));
        assert!((0..3).all(|_| budget.take(at(0), A)));
        assert!(!budget.take(at(0), A));
        assert_eq!(budget.ready_at(at(0), A), at(1000));
        assert!(!budget.take(at(999), A));
        assert!(budget.take(at(1000), A));
        assert!(!budget.take(at(1000), A));
        assert!(budget.take(at(1000), B), "another source is not charged");
    }

    #[test]
    fn all_sources_together_keep_to_the_total() {
        let mut budget = Budget::new(Rate::new(60, 5), Rate::new(60, 16), at(0));
        let sources = (0..=255).map(|i| Ipv4Addr::new(10, 0, 1, i));
        assert_eq!(sources.filter(|&s| budget.take(at(0), s)).count(), 5);
        assert_eq!(budget.ready_at(at(0), B), at(1000));
    }

    #[test]
    fn what_is_not_used_is_not_saved_beyond_the_burst() {
        let mut budget = Budget::new(Rate::new(6000, 600), Rate::new(60, 2), at(0));
        assert!(budget.take(at(0), A));
        let later = at(3_600_000);
        assert!(budget.take(later, A) && budget.take(later, A));
        assert!(!budget.take(later, A));
    }

    #[test]
    fn addresses_that_have_recovered_are_forgotten() {
        let mut budget = Budget::new(Rate::new(6000, 6000), Rate::new(60, 4), at(0));
        for i in 0..=255 {
            assert!(budget.take(at(0), Ipv4Addr::new(10, 0, 2, i)));
        }
        assert_eq!(budget.sources.len(), 256);
        assert!(budget.take(at(1000), A));
        assert_eq!(budget.sources.len(), 1);
    }

    #[test]
    fn a_rate_of_zero_ends_after_the_burst() {
        let mut budget = Budget::new(Rate::new(0, 1), Rate::new(60, 16), at(0));
        assert!(budget.take(at(0), A));
        assert_eq!(budget.ready_at(at(5), A), at(u64::MAX));
        let mut none = Budget::new(Rate::new(60, 0), Rate::new(60, 16), at(0));
        assert!(!none.take(at(100_000), A));
    }
}
