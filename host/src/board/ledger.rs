use std::collections::HashMap;

use super::Source;
use super::limits::Quota;

/// What is held of one bound: in all, and by each source.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    held: Quota,
    sources: HashMap<Source, Quota>,
}

/// What stands against holding more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refused {
    /// It would be more than the bound.
    Full,
    /// The rest is kept for sources that hold less than this one.
    Reserved,
}

impl Ledger {
    pub(super) fn held(&self) -> Quota {
        self.held
    }

    /// What `source` holds.
    pub(super) fn of(&self, source: Source) -> Quota {
        self.sources.get(&source).copied().unwrap_or_default()
    }

    /// How many sources hold something.
    pub(super) fn sources(&self) -> usize {
        self.sources.len()
    }

    /// Whether `source` may hold `more`. The second half of `bound` is kept for sources that hold at
    /// most one of `shares` equal parts of it.
    pub(super) fn check(
        &self,
        source: Source,
        more: Quota,
        bound: Quota,
        shares: usize,
    ) -> Result<(), Refused> {
        let then = self.held.plus(more);
        if then.exceeds(bound) {
            return Err(Refused::Full);
        }
        let is_large = self.of(source).plus(more).exceeds(bound.share(shares));
        if is_large && then.exceeds(bound.half()) {
            return Err(Refused::Reserved);
        }
        Ok(())
    }

    pub(super) fn add(&mut self, source: Source, more: Quota) {
        self.held = self.held.plus(more);
        if source == Source::ELSEWHERE {
            return;
        }
        let used = self.sources.entry(source).or_default();
        *used = used.plus(more);
    }

    pub(super) fn sub(&mut self, source: Source, less: Quota) {
        self.held = self.held.minus(less);
        if let Some(used) = self.sources.get_mut(&source) {
            *used = used.minus(less);
            if used.records == 0 {
                self.sources.remove(&source);
            }
        }
    }

    /// Gives memory back after many sources have gone.
    pub(super) fn shrink(&mut self) {
        if self.sources.capacity() > self.sources.len().saturating_mul(4).max(64) {
            self.sources.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Quota = Quota {
        records: 100,
        bytes: 100_000,
    };

    fn records(records: usize) -> Quota {
        Quota { records, bytes: 0 }
    }

    fn check(ledger: &Ledger, source: u64, more: usize) -> Result<(), Refused> {
        ledger.check(Source(source), records(more), BOUND, 20)
    }

    #[test]
    fn the_first_half_is_for_anyone_and_the_second_for_small_sources() {
        let mut ledger = Ledger::default();
        assert_eq!(check(&ledger, 1, 50), Ok(()), "half");
        assert_eq!(check(&ledger, 1, 51), Err(Refused::Reserved), "above half");
        ledger.add(Source(1), records(50));
        assert_eq!(check(&ledger, 1, 1), Err(Refused::Reserved));
        assert_eq!(check(&ledger, 2, 5), Ok(()), "a twentieth");
        assert_eq!(
            check(&ledger, 2, 6),
            Err(Refused::Reserved),
            "above a twentieth"
        );
        for source in 2..12 {
            assert_eq!(check(&ledger, source, 5), Ok(()));
            ledger.add(Source(source), records(5));
        }
        assert_eq!(check(&ledger, 12, 1), Err(Refused::Full));
        ledger.sub(Source(1), records(1));
        assert_eq!(check(&ledger, 1, 1), Err(Refused::Reserved));
        assert_eq!(check(&ledger, 12, 1), Ok(()));
    }

    #[test]
    fn bytes_count_like_records() {
        let mut ledger = Ledger::default();
        let bytes = |bytes| Quota { records: 1, bytes };
        ledger.add(Source(1), bytes(50_000));
        let ask = |more| ledger.check(Source(2), bytes(more), BOUND, 20);
        assert_eq!(ask(5_000), Ok(()));
        assert_eq!(ask(5_001), Err(Refused::Reserved));
    }

    #[test]
    fn one_share_is_no_reserve_and_a_tiny_share_is_one_record() {
        let ledger = Ledger::default();
        let all = ledger.check(Source(1), records(100), BOUND, 1);
        assert_eq!(all, Ok(()));
        let tiny = |bytes| {
            let mut ledger = Ledger::default();
            ledger.add(Source(1), records(50));
            ledger.check(Source(2), Quota { records: 1, bytes }, BOUND, 1_000)
        };
        assert_eq!(tiny(768), Ok(()));
        assert_eq!(tiny(769), Err(Refused::Reserved));
    }

    #[test]
    fn what_came_from_elsewhere_counts_in_all_and_for_nobody() {
        let mut ledger = Ledger::default();
        ledger.add(Source::ELSEWHERE, records(60));
        assert_eq!((ledger.sources(), ledger.held()), (0, records(60)));
        assert_eq!(check(&ledger, 1, 5), Ok(()));
        assert_eq!(check(&ledger, 1, 6), Err(Refused::Reserved));
        ledger.sub(Source::ELSEWHERE, records(60));
        assert_eq!(ledger.held(), records(0));
    }

    #[test]
    fn a_source_that_holds_nothing_is_forgotten() {
        let mut ledger = Ledger::default();
        ledger.add(Source(1), records(2));
        ledger.sub(Source(1), records(1));
        assert_eq!((ledger.sources(), ledger.held()), (1, records(1)));
        ledger.sub(Source(1), records(1));
        assert_eq!((ledger.sources(), ledger.held()), (0, records(0)));
    }
}
