use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use kernel::Time;

use super::budget::Budget;
use crate::Id;

/// A T1 that waits for its work.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: Id,
    pub(super) source: Ipv4Addr,
    pub(super) t1: Vec<u8>,
}

/// T1 waiting for work, taken in turns over source addresses, so that a busy one delays itself.
#[derive(Debug)]
pub(super) struct Queue {
    limit: usize,
    per_source: usize,
    lanes: BTreeMap<Ipv4Addr, VecDeque<Waiting>>,
    turns: VecDeque<Ipv4Addr>,
    ids: BTreeSet<Id>,
}

impl Queue {
    pub(super) const fn new(limit: usize, per_source: usize) -> Self {
        Self {
            limit,
            per_source,
            lanes: BTreeMap::new(),
            turns: VecDeque::new(),
            ids: BTreeSet::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn contains(&self, id: &Id) -> bool {
        self.ids.contains(id)
    }

    /// Puts `new` at the end of its source's lane. Returns what has to go for it: nothing, `new`
    /// itself, or, when the whole queue is full, the last of the longest lane.
    pub(super) fn push(&mut self, new: Waiting) -> Option<Waiting> {
        let lane = self.lanes.get(&new.source).map_or(0, VecDeque::len);
        if lane >= self.per_source {
            return Some(new);
        }
        let mut out = None;
        if self.len() >= self.limit {
            match self.longest() {
                Some((source, len)) if len > lane.saturating_add(1) => out = self.pop_back(source),
                _ => return Some(new),
            }
        }
        self.ids.insert(new.id);
        if lane == 0 {
            self.turns.push_back(new.source);
        }
        self.lanes.entry(new.source).or_default().push_back(new);
        out
    }

    /// The next in turn whose source may start work now; it is paid for.
    pub(super) fn next(&mut self, now: Time, budget: &mut Budget) -> Option<Waiting> {
        for _ in 0..self.turns.len() {
            let source = self.turns.pop_front()?;
            let paid = budget.take(now, source);
            let lane = self.lanes.get_mut(&source);
            let next = if paid {
                lane.and_then(VecDeque::pop_front)
            } else {
                None
            };
            self.settle(source);
            if let Some(next) = next {
                self.ids.remove(&next.id);
                return Some(next);
            }
        }
        None
    }

    /// When [`next`](Self::next) will find something, if nothing else happens.
    pub(super) fn ready_at(&self, now: Time, budget: &Budget) -> Option<Time> {
        let ready = |source: &Ipv4Addr| budget.ready_at(now, *source);
        self.turns.iter().map(ready).min()
    }

    pub(super) fn clear(&mut self) {
        self.lanes.clear();
        self.turns.clear();
        self.ids.clear();
    }

    fn longest(&self) -> Option<(Ipv4Addr, usize)> {
        let lanes = self
            .lanes
            .iter()
            .map(|(source, lane)| (*source, lane.len()));
        lanes.max_by_key(|&(_, len)| len)
    }

    fn pop_back(&mut self, source: Ipv4Addr) -> Option<Waiting> {
        let last = self.lanes.get_mut(&source)?.pop_back()?;
        self.ids.remove(&last.id);
        Some(last)
    }

    /// Sends `source` to the end of the turns, or away if its lane is empty.
    fn settle(&mut self, source: Ipv4Addr) {
        match self.lanes.get(&source) {
            Some(lane) if !lane.is_empty() => self.turns.push_back(source),
            _ => drop(self.lanes.remove(&source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::lan::budget::Rate;

    fn waiting(source: u8, n: u8) -> Waiting {
        Waiting {
            id: Id::of_t1(&[source, n]),
            source: Ipv4Addr::new(10, 0, 0, source),
            t1: vec![source, n],
        }
    }

    fn unlimited() -> Budget {
        Budget::new(Rate::new(1, 1000), Rate::new(1, 1000), Time::ZERO)
    }

    fn drain(queue: &mut Queue, budget: &mut Budget) -> Vec<Vec<u8>> {
        core::iter::from_fn(|| queue.next(Time::ZERO, budget).map(|w| w.t1)).collect()
    }

    #[test]
    fn sources_take_turns() {
        let mut queue = Queue::new(100, 10);
        for (source, n) in [(1, 0), (1, 1), (1, 2), (2, 0), (3, 0), (2, 1)] {
            assert!(queue.push(waiting(source, n)).is_none());
        }
        let order = drain(&mut queue, &mut unlimited());
        assert_eq!(order, [[1, 0], [2, 0], [3, 0], [1, 1], [2, 1], [1, 2]]);
        assert_eq!(queue.len(), 0);
        assert_eq!(queue.ready_at(Time::ZERO, &unlimited()), None);
    }

    #[test]
    fn a_lane_holds_its_limit_and_not_one_more() {
        let mut queue = Queue::new(100, 3);
        assert!((0..3).all(|n| queue.push(waiting(1, n)).is_none()));
        assert_eq!(queue.push(waiting(1, 3)).unwrap().t1, [1, 3]);
        assert!(queue.push(waiting(2, 0)).is_none());
    }

    #[test]
    fn a_full_queue_makes_room_at_the_cost_of_the_longest_lane() {
        let mut queue = Queue::new(4, 3);
        assert!((0..3).all(|n| queue.push(waiting(1, n)).is_none()));
        assert!(queue.push(waiting(2, 0)).is_none());
        assert_eq!(queue.push(waiting(3, 0)).unwrap().t1, [1, 2]);
        assert_eq!(queue.push(waiting(3, 1)).unwrap().t1, [3, 1]);
        assert!(!queue.contains(&Id::of_t1(&[1, 2])) && queue.contains(&Id::of_t1(&[3, 0])));
        assert_eq!(queue.len(), 4);
    }

    #[test]
    fn a_source_without_budget_is_passed_over() {
        let mut budget = Budget::new(Rate::new(60, 1000), Rate::new(60, 1), Time::ZERO);
        let mut queue = Queue::new(100, 10);
        for (source, n) in [(1, 0), (1, 1), (2, 0)] {
            assert!(queue.push(waiting(source, n)).is_none());
        }
        assert_eq!(drain(&mut queue, &mut budget), [[1, 0], [2, 0]]);
        let ready = queue.ready_at(Time::ZERO, &budget).unwrap();
        assert_eq!(ready, Time::from_ms(1000));
        assert_eq!(queue.next(ready, &mut budget).unwrap().t1, [1, 1]);
    }
}
