//! Which bucket the next entry goes into, agreed on with the other processes on the store.

use journal::{Fault, Rev, SetError, Store, Subject};
use kernel::Time;
use rendezvous::bucket::server::{Desk, Opening, PlaceError};
use rendezvous::bucket::{Id, server};

use super::error::{LeaveError, OpenError};
use super::record;

/// The desk, and the revision of the record that all desks agree on.
#[derive(Debug)]
pub(super) struct Front {
    desk: Desk,
    newest: Subject,
    rev: Rev,
}

impl Front {
    /// Goes on where the store is.
    pub(super) async fn load(store: &dyn Store, rules: server::Config) -> Result<Self, OpenError> {
        let newest = record::newest().map_err(|_| OpenError::Foreign)?;
        let mut front = Self {
            desk: Desk::new(rules, None),
            newest,
            rev: 0,
        };
        front.learn(store).await.map_err(|error| match error {
            LeaveError::Store(fault) => OpenError::Store(fault),
            _ => OpenError::Foreign,
        })?;
        Ok(front)
    }

    /// A place for one of `wanted` entries that wait for one.
    pub(super) async fn place(
        &mut self,
        store: &dyn Store,
        now: Time,
        wanted: usize,
    ) -> Result<Id, LeaveError> {
        for _ in 0..TRIES {
            if let Some(id) = self.desk.place(now) {
                return Ok(id);
            }
            self.open(store, now, wanted).await?;
        }
        Err(LeaveError::Busy { retry: SOON })
    }

    pub(super) fn give_back(&mut self, id: Id) {
        self.desk.give_back(id);
    }

    pub(super) fn full(&mut self, id: Id) {
        self.desk.full(id);
    }

    /// Opens as many buckets as are wanted; or learns what another process opened.
    async fn open(
        &mut self,
        store: &dyn Store,
        now: Time,
        wanted: usize,
    ) -> Result<(), LeaveError> {
        // The clock may have been set back, also before this process began.
        let mut opening = self.desk.open(now, wanted)?;
        while let Some(used) = first_used(store, opening).await? {
            if used != opening.first {
                opening.last = Id::new(used.seconds(), used.number().saturating_sub(1));
                break;
            }
            opening = self.desk.skip(used, wanted)?;
        }
        let value = Some(record::write_newest(opening.last));
        match store.cell_set(&self.newest, self.rev, value, None).await {
            Ok(rev) => {
                self.rev = rev;
                self.desk.opened(opening);
                let count = opening.last.number().abs_diff(opening.first.number());
                let count = u64::from(count).saturating_add(1);
                metrics::counter!("entrenous_buckets_opened_total").increment(count);
                Ok(())
            }
            Err(SetError::Conflict { .. }) => self.learn(store).await,
            Err(SetError::Store(fault)) => Err(fault.into()),
            Err(_) => Err(LeaveError::Foreign),
        }
    }

    /// Reads which bucket is the newest.
    async fn learn(&mut self, store: &dyn Store) -> Result<(), LeaveError> {
        let Some(cell) = store.cell_get(&self.newest).await? else {
            self.rev = 0;
            return Ok(());
        };
        let id = record::read_newest(&cell.value).ok_or(LeaveError::Foreign)?;
        let used = live(store, id).await?;
        self.rev = cell.rev;
        self.desk.learn(id, used);
        Ok(())
    }
}

impl From<PlaceError> for LeaveError {
    fn from(error: PlaceError) -> Self {
        let PlaceError::TooMany { retry } = error else {
            return Self::Busy { retry: SOON };
        };
        Self::Busy { retry }
    }
}

/// The first of these buckets that the store still has.
async fn first_used(store: &dyn Store, opening: Opening) -> Result<Option<Id>, Fault> {
    for number in opening.first.number()..=opening.last.number() {
        let id = Id::new(opening.first.seconds(), number);
        if live(store, id).await? > 0 {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Entries of a bucket.
async fn live(store: &dyn Store, id: Id) -> Result<usize, Fault> {
    let Ok(subject) = record::entries(&id.hash()) else {
        return Ok(0);
    };
    let page = store.read(&subject, 0, 0, 0).await?;
    Ok(usize::try_from(page.live).unwrap_or(usize::MAX))
}

/// Against other processes that open buckets all the time.
const TRIES: usize = 64;
const SOON: std::time::Duration = std::time::Duration::from_secs(1);
