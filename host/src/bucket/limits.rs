//! How many entries may be alive.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::Time;
use rendezvous::bucket::Id;

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

/// As many entries are alive as may be.
const FULL: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO.after(Duration::from_secs(seconds))
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
