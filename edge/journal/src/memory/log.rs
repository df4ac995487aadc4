use std::collections::{BTreeMap, VecDeque};

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
    /// In the order of their numbers.
    entries: VecDeque<Row>,
    /// No entry expires before.
    soonest: Time,
    /// Until when an id is remembered, and what came of it.
    dedupes: BTreeMap<Id, (Time, Seq)>,
    claims: BTreeMap<Id, (Time, Entry)>,
    /// Someone relies on `last`.
    kept: bool,
}

/// Small: a board has one for each post.
#[derive(Debug)]
struct Row {
    seq: Seq,
    /// [`NEVER`], or when.
    expires: Time,
    payload: Box<[u8]>,
}

impl Row {
    fn is_live(&self, now: Time) -> bool {
        self.expires > now || self.expires == NEVER
    }
}

impl Log {
    pub(super) const fn new(floor: Seq) -> Self {
        Self {
            floor,
            last: 0,
            entries: VecDeque::new(),
            soonest: NEVER,
            dedupes: BTreeMap::new(),
            claims: BTreeMap::new(),
            kept: false,
        }
    }

    pub(super) const fn last(&self) -> Seq {
        self.last
    }

    /// How many entries are live; counts them only when some may have expired.
    pub(super) fn live(&self, now: Time) -> u32 {
        let live = if self.soonest > now {
            self.entries.len()
        } else {
            self.entries.iter().filter(|row| row.is_live(now)).count()
        };
        u32::try_from(live).unwrap_or(u32::MAX)
    }

    pub(super) fn append(
        &mut self,
        now: Time,
        remembered: Time,
        append: &Append,
    ) -> Result<Appended, AppendError> {
        let known = append.dedupe.and_then(|id| self.dedupes.get(&id));
        if let Some(&(_, seq)) = known.filter(|(until, _)| *until > now) {
            return Ok(Appended::Duplicate(seq));
        }
        if append.expect_last.is_some_and(|last| last != self.last) {
            return Err(AppendError::Conflict { last: self.last });
        }
        if let Some(max) = append.max_live {
            let live = self.live(now);
            if live >= max {
                return Err(AppendError::Full { live });
            }
        }
        let seq = self.last.max(self.floor).saturating_add(1);
        self.last = seq;
        self.kept |= append.expect_last.is_some();
        if let Some(id) = append.dedupe {
            self.dedupes.insert(id, (remembered, seq));
        }
        let expires = append.ttl.map_or(NEVER, |ttl| now.after(ttl));
        self.soonest = self.soonest.min(expires);
        self.entries.push_back(Row {
            seq,
            expires,
            payload: append.payload[..].into(),
        });
        Ok(Appended::New(seq))
    }

    pub(super) fn read(&self, now: Time, after: Seq, limit: u32, max_bytes: u32) -> Page {
        let mut entries = Vec::new();
        let mut room = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let rows = self.entries.range(self.behind(after)..);
        for row in rows.filter(|row| row.is_live(now)).take(limit) {
            if !entries.is_empty() && row.payload.len() > room {
                break;
            }
            room = room.saturating_sub(row.payload.len());
            let payload = Bytes::copy_from_slice(&row.payload);
            let seq = row.seq;
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
        let oldest = self.entries.iter().position(|row| row.is_live(now))?;
        let Row { seq, payload, .. } = self.entries.remove(oldest)?;
        let payload = payload.into();
        let entry = Entry { seq, payload };
        self.claims.insert(claim, (remembered, entry.clone()));
        Some(entry)
    }

    pub(super) fn remove(&mut self, now: Time, seq: Seq) -> bool {
        let place = self.entries.binary_search_by_key(&seq, |row| row.seq);
        let row = place.ok().and_then(|place| self.entries.remove(place));
        row.is_some_and(|row| row.is_live(now))
    }

    pub(super) fn remove_through(&mut self, now: Time, seq: Seq) -> u64 {
        let removed = self.entries.drain(..self.behind(seq));
        let live = removed.filter(|row| row.is_live(now)).count();
        u64::try_from(live).unwrap_or(u64::MAX)
    }

    pub(super) fn sweep(&mut self, now: Time, left: &mut u32) {
        let mut gone = |expired: bool| {
            let gone = expired && *left > 0;
            *left = left.saturating_sub(u32::from(gone));
            gone
        };
        if self.soonest <= now {
            self.entries.retain(|row| !gone(!row.is_live(now)));
            let soonest = self.entries.iter().map(|row| row.expires).min();
            self.soonest = soonest.unwrap_or(NEVER);
            let spare = self.entries.len().saturating_mul(4).max(64);
            if self.entries.capacity() > spare {
                self.entries.shrink_to_fit();
            }
        }
        self.dedupes.retain(|_, (until, _)| !gone(*until <= now));
        self.claims.retain(|_, (until, _)| !gone(*until <= now));
    }

    /// Nobody could tell if this log were forgotten, given that no number is used again.
    pub(super) fn is_of_no_consequence(&self, now: Time) -> bool {
        let forgotten = |until: &Time| *until <= now;
        !self.kept
            && self.live(now) == 0
            && self.dedupes.values().all(|(until, _)| forgotten(until))
            && self.claims.values().all(|(until, _)| forgotten(until))
    }

    /// The place of the first entry behind number `seq`.
    fn behind(&self, seq: Seq) -> usize {
        self.entries.partition_point(|row| row.seq <= seq)
    }
}

/// When an entry expires that does not.
const NEVER: Time = Time::from_ms(u64::MAX);
