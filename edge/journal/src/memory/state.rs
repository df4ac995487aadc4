use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use bytes::Bytes;
use kernel::Time;

use super::cells::Cells;
use super::log::Log;
use crate::{
    Append, AppendError, Appended, Cell, Entry, Id, Limits, Page, Rev, Seq, SetError, Subject,
};

/// All logs and cells. Time is an argument.
#[derive(Debug, Default)]
pub(super) struct State {
    logs: BTreeMap<Subject, Log>,
    /// No log that was forgotten ever had a higher number.
    floor: Seq,
    cells: Cells,
}

impl State {
    /// Nothing yet; numbers start behind `floor`.
    pub(super) fn new(floor: Seq) -> Self {
        Self {
            floor,
            ..Self::default()
        }
    }

    pub(super) fn append(
        &mut self,
        now: Time,
        limits: &Limits,
        append: &Append,
    ) -> Result<Appended, AppendError> {
        let max = limits.payload;
        if append.payload.len() > max {
            return Err(AppendError::TooLarge { max });
        }
        let remembered = now.after(limits.window);
        if let Some(log) = self.logs.get_mut(&append.subject) {
            return log.append(now, remembered, append);
        }
        // A refused entry must leave no trace, not even an empty log.
        let mut log = Log::new(self.floor);
        let appended = log.append(now, remembered, append)?;
        self.logs.insert(append.subject.clone(), log);
        Ok(appended)
    }

    pub(super) fn read(
        &self,
        now: Time,
        subject: &Subject,
        after: Seq,
        limit: u32,
        max_bytes: u32,
    ) -> Page {
        let log = self.logs.get(subject);
        log.map_or_else(Page::default, |log| log.read(now, after, limit, max_bytes))
    }

    pub(super) fn take(
        &mut self,
        now: Time,
        limits: &Limits,
        subject: &Subject,
        claim: Id,
    ) -> Option<Entry> {
        let log = self.logs.get_mut(subject)?;
        log.take(now, now.after(limits.window), claim)
    }

    pub(super) fn remove(&mut self, now: Time, subject: &Subject, seq: Seq) -> bool {
        let log = self.logs.get_mut(subject);
        log.is_some_and(|log| log.remove(now, seq))
    }

    pub(super) fn remove_through(&mut self, now: Time, subject: &Subject, seq: Seq) -> u64 {
        let log = self.logs.get_mut(subject);
        log.map_or(0, |log| log.remove_through(now, seq))
    }

    pub(super) fn cell_get(&self, now: Time, key: &Subject) -> Option<Cell> {
        self.cells.get(now, key)
    }

    pub(super) fn cell_set(
        &mut self,
        now: Time,
        limits: &Limits,
        key: &Subject,
        expect: Rev,
        value: Option<Bytes>,
        ttl: Option<Duration>,
    ) -> Result<Rev, SetError> {
        let max = limits.payload;
        if value.as_ref().is_some_and(|value| value.len() > max) {
            return Err(SetError::TooLarge { max });
        }
        let expires = ttl.map(|ttl| now.after(ttl));
        self.cells.set(now, key, expect, value, expires)
    }

    pub(super) fn subjects(
        &self,
        now: Time,
        kind: u8,
        after: Option<&Subject>,
        limit: u32,
    ) -> Vec<Subject> {
        let live = |(subject, log): (&Subject, &Log)| (log.live(now) > 0).then(|| subject.clone());
        of_kind(&self.logs, kind, after)
            .filter_map(live)
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect()
    }

    pub(super) fn cells(
        &self,
        now: Time,
        kind: u8,
        after: Option<&Subject>,
        limit: u32,
    ) -> Vec<Subject> {
        self.cells.list(now, kind, after, limit)
    }

    pub(super) fn sweep(&mut self, now: Time, budget: u32) -> u32 {
        let mut left = budget;
        self.cells.sweep(now, &mut left);
        for log in self.logs.values_mut() {
            log.sweep(now, &mut left);
        }
        let floor = &mut self.floor;
        self.logs.retain(|_, log| {
            let gone = left > 0 && log.is_of_no_consequence(now);
            if gone {
                left = left.saturating_sub(1);
                *floor = (*floor).max(log.last());
            }
            !gone
        });
        budget.saturating_sub(left)
    }
}

/// The part of `map` that is of `kind` and behind `after`.
pub(super) fn of_kind<'a, T>(
    map: &'a BTreeMap<Subject, T>,
    kind: u8,
    after: Option<&'a Subject>,
) -> impl Iterator<Item = (&'a Subject, &'a T)> {
    let after = after.map_or(Bound::Unbounded, Bound::Excluded);
    map.range((after, Bound::Unbounded))
        .skip_while(move |(subject, _)| subject.kind() < kind)
        .take_while(move |(subject, _)| subject.kind() == kind)
}
