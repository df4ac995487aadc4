use std::collections::BTreeMap;

use bytes::Bytes;
use kernel::Time;

use crate::{Append, AppendError, Appended, Entry, Id, Page, Seq};

/// One log.
#[derive(Debug)]
pub(super) struct Log {
    /// Numbers start behind this one.
    floor: Seq,
    /// The last number assigned; 0 if none was.
    last: Seq,
    entries: BTreeMap<Seq, Row>,
    /// Until when an id is remembered, and what came of it.
    dedupes: BTreeMap<Id, (Time, Seq)>,
    claims: BTreeMap<Id, (Time, Entry)>,
    /// Someone relies on `last`.
    kept: bool,
}

#[derive(Debug)]
struct Row {
    payload: Bytes,
    expires: Option<Time>,
}

impl Row {
    fn is_live(&self, now: Time) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

impl Log {
    pub(super) const fn new(floor: Seq) -> Self {
        Self {
            floor,
            last: 0,
            entries: BTreeMap::new(),
            dedupes: BTreeMap::new(),
            claims: BTreeMap::new(),
            kept: false,
        }
    }

    pub(super) const fn last(&self) -> Seq {
        self.last
    }

    pub(super) fn live(&self, now: Time) -> u32 {
        let live = self.entries.values().filter(|row| row.is_live(now)).count();
        u32::try_from(live).unwrap_or(u32::MAX)
    }

    pub(super) fn append(
        &mut self,
        now: Time,
        remembered: Time,
        append: Append,
    ) -> Result<Appended, AppendError> {
        let known = append.dedupe.and_then(|id| self.dedupes.get(&id));
        if let Some(&(_, seq)) = known.filter(|(until, _)| *until > now) {
            return Ok(Appended::Duplicate(seq));
        }
        if append.expect_last.is_some_and(|last| last != self.last) {
            return Err(AppendError::Conflict { last: self.last });
        }
        let live = self.live(now);
        if append.max_live.is_some_and(|max| live >= max) {
            return Err(AppendError::Full { live });
        }
        let seq = self.last.max(self.floor).saturating_add(1);
        self.last = seq;
        self.kept |= append.expect_last.is_some();
        if let Some(id) = append.dedupe {
            self.dedupes.insert(id, (remembered, seq));
        }
        let row = Row {
            payload: append.payload,
            expires: append.ttl.map(|ttl| now.after(ttl)),
        };
        self.entries.insert(seq, row);
        Ok(Appended::New(seq))
    }

    pub(super) fn read(&self, now: Time, after: Seq, limit: u32, max_bytes: u32) -> Page {
        let mut entries = Vec::new();
        let mut room = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let rows = self.entries.range(after.saturating_add(1)..);
        for (&seq, row) in rows.filter(|(_, row)| row.is_live(now)).take(limit) {
            if !entries.is_empty() && row.payload.len() > room {
                break;
            }
            room = room.saturating_sub(row.payload.len());
            let payload = row.payload.clone();
            entries.push(Entry { seq, payload });
        }
        Page {
            entries,
            last: self.last,
            live: self.live(now),
        }
    }

    pub(super) fn take(&mut self, now: Time, remembered: Time, claim: Id) -> Option<Entry> {
        if let Some((until, entry)) = self.claims.get(&claim)
            && *until > now
        {
            return Some(entry.clone());
        }
        let mut rows = self.entries.iter();
        let (&seq, row) = rows.find(|(_, row)| row.is_live(now))?;
        let payload = row.payload.clone();
        let entry = Entry { seq, payload };
        self.entries.remove(&seq);
        self.claims.insert(claim, (remembered, entry.clone()));
        Some(entry)
    }

    pub(super) fn remove(&mut self, now: Time, seq: Seq) -> bool {
        let row = self.entries.remove(&seq);
        row.is_some_and(|row| row.is_live(now))
    }

    pub(super) fn remove_through(&mut self, now: Time, seq: Seq) -> u64 {
        let before = self.live(now);
        self.entries.retain(|&other, _| other > seq);
        u64::from(before.saturating_sub(self.live(now)))
    }

    pub(super) fn sweep(&mut self, now: Time, left: &mut u32) {
        let mut gone = |expired: bool| {
            let gone = expired && *left > 0;
            *left = left.saturating_sub(u32::from(gone));
            gone
        };
        self.entries.retain(|_, row| !gone(!row.is_live(now)));
        self.dedupes.retain(|_, (until, _)| !gone(*until <= now));
        self.claims.retain(|_, (until, _)| !gone(*until <= now));
    }

    /// Nobody could tell if this log were forgotten, given that no number is used again.
    pub(super) fn is_of_no_consequence(&self, now: Time) -> bool {
        let forgotten = |until: &Time| *until <= now;
        !self.kept
            && self.entries.values().all(|row| !row.is_live(now))
            && self.dedupes.values().all(|(until, _)| forgotten(until))
            && self.claims.values().all(|(until, _)| forgotten(until))
    }
}
