//! Typed records in a [`Store`]: read, and change by compare-and-swap.

#[cfg(test)]
pub(crate) mod stepped;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use journal::{AppendError, Cell, Fault, Rev, SetError, Store, Subject, SubjectError};
use tokio::sync::{Mutex, MutexGuard};
use wire::{Bounded, Code, Refusal, STORED_MAX, decode, encode};

/// A store and its record format: one byte of version, then a message of `stored.proto`.
#[derive(Clone)]
pub(crate) struct Keep {
    store: Arc<dyn Store>,
    /// Who changes a record of this process waits here, so that many of them at once do not
    /// outdate each other again and again. Other servers on the store are met by the store.
    turns: Arc<[Mutex<()>]>,
    key: RandomState,
}

impl std::fmt::Debug for Keep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keep")
    }
}

/// What to do with a record.
#[derive(Debug)]
pub(crate) enum Step<T, R> {
    /// Nothing.
    Leave(R),
    /// Replace or create it; it goes after the time, if there is one.
    Put(T, Option<Duration>, R),
    /// Remove it.
    Remove(R),
}

impl Keep {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            turns: (0..TURNS).map(|_| Mutex::new(())).collect(),
            key: RandomState::new(),
        }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The store, for another part of the server.
    pub(crate) fn share(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// The record of this name.
    pub(crate) async fn get<T: Bounded>(&self, key: &Subject) -> Result<Option<T>, Refusal> {
        let cell = self.store.cell_get(key).await.map_err(fault)?;
        cell.map(|cell| read(&cell.value)).transpose()
    }

    /// The same with its revision.
    pub(crate) async fn get_at<T: Bounded>(
        &self,
        key: &Subject,
    ) -> Result<Option<(Rev, T)>, Refusal> {
        let cell = self.store.cell_get(key).await.map_err(fault)?;
        let pair = |cell: Cell| Ok((cell.rev, read(&cell.value)?));
        cell.map(pair).transpose()
    }

    /// Removes the record if it is still the one of this revision; says whether.
    pub(crate) async fn remove_at(&self, key: &Subject, rev: Rev) -> Result<bool, Refusal> {
        match self.store.cell_set(key, rev, None, None).await {
            Ok(_) => Ok(true),
            Err(SetError::Conflict { .. }) => Ok(false),
            Err(SetError::Store(error)) => Err(fault(error)),
            Err(_) => Err(BUG),
        }
    }

    /// Changes the record of this name as `step` says, all at once. `step` sees the record as it
    /// is and may be called again when another was faster.
    pub(crate) async fn change<T: Bounded, R>(
        &self,
        key: &Subject,
        mut step: impl FnMut(Option<T>) -> Result<Step<T, R>, Refusal>,
    ) -> Result<R, Refusal> {
        let _turn = self.turn(key).await;
        for _ in 0..TRIES {
            let cell = self.store.cell_get(key).await.map_err(fault)?;
            let expect = cell.as_ref().map_or(0, |cell| cell.rev);
            let record = cell.map(|cell| read(&cell.value)).transpose()?;
            let (value, ttl, result) = match step(record)? {
                Step::Leave(result) => return Ok(result),
                Step::Put(record, ttl, result) => (Some(write(&record)), ttl, result),
                Step::Remove(result) => (None, None, result),
            };
            match self.store.cell_set(key, expect, value, ttl).await {
                Ok(_) => return Ok(result),
                Err(SetError::Conflict { .. }) => {}
                Err(SetError::TooLarge { .. }) => {
                    return Err(Refusal::new(Code::Quota, "the record is full"));
                }
                Err(SetError::Store(error)) => return Err(fault(error)),
                Err(_) => return Err(BUG),
            }
        }
        Err(Refusal::after(Code::Busy, "too many at once", AGAIN))
    }

    async fn turn(&self, key: &Subject) -> Option<MutexGuard<'_, ()>> {
        let count = u64::try_from(self.turns.len()).unwrap_or(1).max(1);
        let place = self.key.hash_one(key).checked_rem(count).unwrap_or(0);
        let turn = self.turns.get(usize::try_from(place).unwrap_or(0))?;
        Some(turn.lock().await)
    }
}

/// The name of a record or list.
pub(crate) fn subject(kind: u8, id: &[u8]) -> Result<Subject, Refusal> {
    Subject::of(kind, &[id]).map_err(|SubjectError { .. }| BUG)
}

/// Kinds of names in the store: those of records here. `r` is of buckets, `b` of boards.
pub(crate) mod kind {
    pub(crate) const PIN: u8 = b'P';
    pub(crate) const ACCOUNT: u8 = b'A';
    pub(crate) const EVENTS: u8 = b'E';
    pub(crate) const INVITATION: u8 = b'I';
    pub(crate) const REPLIES: u8 = b'R';
    pub(crate) const SERVER: u8 = b'S';
}

pub(crate) fn read<T: Bounded>(bytes: &[u8]) -> Result<T, Refusal> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => decode(rest, STORED_MAX).map_err(|_| BUG),
        _ => Err(BUG),
    }
}

pub(crate) fn write<T: Bounded>(record: &T) -> Bytes {
    let mut bytes = vec![VERSION];
    bytes.extend(encode(record));
    bytes.into()
}

/// What a client hears of a store that could not.
pub(crate) fn fault(fault: Fault) -> Refusal {
    metrics::counter!("entrenous_store_errors_total").increment(1);
    match fault {
        Fault::Unknown => Refusal::after(Code::Unknown, "it may have happened", AGAIN),
        Fault::DiskFull => Refusal::after(Code::Store, "the server has no room left", LATER),
        Fault::Unavailable => Refusal::after(Code::Store, "the store is away", AGAIN),
        _ => Refusal::after(Code::Store, "the store has stopped", LATER),
    }
}

/// What a client hears of an entry that was not appended, where a full list is no answer.
pub(crate) fn not_appended(error: AppendError) -> Refusal {
    match error {
        AppendError::Store(error) => fault(error),
        AppendError::Full { .. } => Refusal::new(Code::Quota, "the list is full"),
        AppendError::TooLarge { .. } => Refusal::new(Code::TooLarge, "too long"),
        _ => BUG,
    }
}

/// A record that is not what we wrote, or the like.
pub(crate) const BUG: Refusal = Refusal::new(Code::Bug, "the server has a fault");

const VERSION: u8 = 1;
const TURNS: usize = 256;
/// Against other servers on the same store only.
const TRIES: usize = 64;
const AGAIN: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(60);
