//! How much one source may leave, and all of them together.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use kernel::Time;
use rendezvous::bucket::Id;

use crate::board::Source;

/// How many entries one source may leave.
#[expect(clippy::exhaustive_structs, reason = "a number and a time")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Allowance {
    /// At once, after a silence; at least 1.
    pub burst: u32,
    /// The time in which one more is allowed.
    pub every: Duration,
}

/// What each source has left to leave; in memory only, and forgotten as soon as it is all.
#[derive(Debug)]
pub(super) struct Sources {
    allowance: Allowance,
    max: usize,
    /// When each will have its whole burst again, in milliseconds; absent means it has.
    full_at: HashMap<Source, u64>,
}

impl Sources {
    pub(super) fn new(allowance: Allowance, max: usize) -> Self {
        Self {
            allowance,
            max,
            full_at: HashMap::new(),
        }
    }

    /// Takes one from `source`, or says when there is one.
    pub(super) fn take(&mut self, now: Time, source: Source) -> Result<(), Duration> {
        let now = now.as_ms();
        let step = u64::try_from(self.allowance.every.as_millis()).unwrap_or(u64::MAX);
        let depth = step.saturating_mul(self.allowance.burst.max(1).into());
        if !self.full_at.contains_key(&source) && self.full_at.len() >= self.max {
            self.full_at.retain(|_, full_at| *full_at > now);
            if self.full_at.len() >= self.max {
                return Err(CROWDED);
            }
        }
        let full_at = self.full_at.entry(source).or_insert(now);
        let next = (*full_at).max(now).saturating_add(step);
        let over = next.saturating_sub(now.saturating_add(depth));
        if over > 0 {
            return Err(Duration::from_millis(over));
        }
        *full_at = next;
        Ok(())
    }
}

/// How many entries are alive: stored ones by their bucket, and those under way.
#[derive(Debug)]
pub(super) struct Tally {
    max: usize,
    life: Duration,
    /// By the second in which their bucket was opened.
    stored: BTreeMap<u64, usize>,
    total: usize,
    under_way: usize,
}

impl Tally {
    pub(super) fn new(max: usize, life: Duration) -> Self {
        Self {
            max,
            life,
            stored: BTreeMap::new(),
            total: 0,
            under_way: 0,
        }
    }

    /// Makes room for one entry, or says when there may be some.
    pub(super) fn begin(&mut self, now: Time) -> Result<(), Duration> {
        while let Some(oldest) = self.stored.first_entry() {
            if now < Id::new(*oldest.key(), 0).opened().after(self.life) {
                break;
            }
            self.total = self.total.saturating_sub(oldest.remove());
        }
        if self.total.saturating_add(self.under_way) >= self.max {
            return Err(FULL);
        }
        self.under_way = self.under_way.saturating_add(1);
        Ok(())
    }

    /// The entry is no more under way.
    pub(super) fn end(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// `count` entries are stored in the bucket.
    pub(super) fn stored(&mut self, id: Id, count: usize) {
        let of_second = self.stored.entry(id.seconds()).or_default();
        *of_second = of_second.saturating_add(count);
        self.total = self.total.saturating_add(count);
    }

    pub(super) const fn total(&self) -> usize {
        self.total
    }
}

/// As many sources are told apart as can be.
const CROWDED: Duration = Duration::from_secs(60);
/// As many entries are alive as may be.
const FULL: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO.after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_source_has_its_burst_and_then_one_at_a_time() {
        let allowance = Allowance {
            burst: 2,
            every: Duration::from_secs(60),
        };
        let mut sources = Sources::new(allowance, 2);
        let (one, two, three) = (Source::new(1), Source::new(2), Source::new(3));
        assert_eq!(sources.take(at(0), one), Ok(()));
        assert_eq!(sources.take(at(0), one), Ok(()));
        assert_eq!(sources.take(at(0), one), Err(Duration::from_secs(60)));
        assert_eq!(sources.take(at(59), one), Err(Duration::from_secs(1)));
        assert_eq!(sources.take(at(60), one), Ok(()));
        assert!(sources.take(at(60), one).is_err());
        assert_eq!(sources.take(at(60), two), Ok(()));
        assert_eq!(sources.take(at(60), three), Err(CROWDED));
        // the second has its whole burst again, and is forgotten
        assert_eq!(sources.take(at(120), three), Ok(()));
        assert_eq!(sources.full_at.len(), 2);
    }

    #[test]
    fn entries_count_until_their_bucket_is_gone() {
        let mut tally = Tally::new(3, Duration::from_secs(100));
        tally.stored(Id::new(10, 0), 1);
        tally.stored(Id::new(20, 1), 1);
        assert_eq!(tally.begin(at(50)), Ok(()));
        assert_eq!(tally.begin(at(50)), Err(FULL));
        tally.end();
        assert_eq!(tally.begin(at(50)), Ok(()));
        tally.stored(Id::new(20, 1), 1);
        tally.end();
        assert_eq!(tally.begin(at(109)), Err(FULL));
        assert_eq!(tally.begin(at(110)), Ok(()));
        assert_eq!(tally.total(), 2);
    }
}
