use alloc::collections::{BTreeSet, VecDeque};
use core::time::Duration;

use kernel::Time;

use crate::lan::Rate;
use crate::{Encounter, Id};

/// T1 that wait for work, and how much work may be started.
///
/// The newest and the oldest are taken in turns: those who come now are still there, and a flood
/// does not bury who was there before.
#[derive(Debug)]
pub(super) struct Queue {
    max: usize,
    rate: Rate,
    waiting: VecDeque<Encounter>,
    /// Ids waiting or at work.
    ids: BTreeSet<Id>,
    at_work: usize,
    newest_next: bool,
    dropped: u64,
    /// When all of the burst may be used again.
    rested_at: Time,
}

impl Queue {
    pub(super) fn new(max: usize, rate: Rate, now: Time) -> Self {
        Self {
            max,
            rate,
            waiting: VecDeque::new(),
            ids: BTreeSet::new(),
            at_work: 0,
            newest_next: false,
            dropped: 0,
            rested_at: now,
        }
    }

    /// Takes one in, unless it is there already; `false` if there is no room.
    pub(super) fn push(&mut self, encounter: Encounter) -> bool {
        let id = encounter.peer();
        if self.ids.contains(&id) {
            return true;
        }
        if self.waiting.len() >= self.max {
            self.dropped = self.dropped.saturating_add(1);
            return false;
        }
        self.ids.insert(id);
        self.waiting.push_back(encounter);
        true
    }

    /// The next one to work on, if work may be started now.
    pub(super) fn start(&mut self, now: Time, parallel: usize) -> Option<Encounter> {
        if self.ready_at(now, parallel)? > now {
            return None;
        }
        self.newest_next = !self.newest_next;
        let encounter = match self.newest_next {
            true => self.waiting.pop_front(),
            false => self.waiting.pop_back(),
        }?;
        self.rested_at = self.rested_at.max(now).after(self.step());
        self.at_work = self.at_work.saturating_add(1);
        Some(encounter)
    }

    /// When the next one may be started; `None` if there is none, or all hands are busy.
    pub(super) fn ready_at(&self, now: Time, parallel: usize) -> Option<Time> {
        if self.waiting.is_empty() || self.at_work >= parallel.max(1) {
            return None;
        }
        let burst = self.step().saturating_mul(self.rate.burst.max(1));
        let over = self.rested_at.after(self.step()).since(now.after(burst));
        Some(now.after(over))
    }

    /// Work on this one has ended.
    pub(super) fn done(&mut self, id: Id) {
        if self.ids.remove(&id) {
            self.at_work = self.at_work.saturating_sub(1);
        }
    }

    pub(super) fn clear(&mut self) {
        for encounter in self.waiting.drain(..) {
            self.ids.remove(&encounter.peer());
        }
    }

    /// How many were dropped since this was last asked, if any.
    pub(super) fn dropped_since(&mut self) -> Option<u64> {
        Some(core::mem::take(&mut self.dropped)).filter(|dropped| *dropped > 0)
    }

    fn step(&self) -> Duration {
        let per_minute = u64::from(self.rate.per_minute.max(1));
        Duration::from_millis(60_000_u64.div_ceil(per_minute))
    }
}
