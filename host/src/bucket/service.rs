use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use journal::{Append, AppendError, Appended, SetError, Store};
use kernel::Time;
use rendezvous::bucket::server::{self, Answer, Secret};
use rendezvous::bucket::{Entry, Hash, Id, Slots};

use super::error::{FetchError, LeaveError, OpenError};
use super::front::Front;
use super::limits::Tally;
use super::record;
use crate::board::Source;
use crate::pace::{Allowance, Pace};

/// The rules and bounds of a server's buckets; the defaults are those of the spec.
///
/// # Spec
///
/// `spec/11-buckets.md` section 5.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Config {
    /// When buckets open, close and die.
    pub rules: server::Config,
    /// What one source may leave.
    pub source: Allowance,
    /// Sources told apart.
    pub sources: usize,
    /// Entries alive, of all sources.
    pub entries: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rules: server::Config::default(),
            source: Allowance {
                burst: 64,
                every: Duration::from_secs(60),
            },
            sources: 65_536,
            entries: 262_144,
        }
    }
}

/// All buckets of one server.
///
/// Any number of processes may serve one store. Times are on a clock whose origin is 1970; the
/// store has one of its own.
///
/// # Spec
///
/// `spec/11-buckets.md` section 3.
pub struct Buckets {
    store: Arc<dyn Store>,
    config: Config,
    secret: Secret,
    front: tokio::sync::Mutex<Front>,
    /// Entries that wait for a place.
    waiting: AtomicUsize,
    limits: Mutex<Limits>,
}

#[derive(Debug)]
struct Limits {
    sources: Pace,
    tally: Tally,
}

impl Buckets {
    /// Takes up the buckets of `store`, or begins with none. `fresh` becomes the server's secret if
    /// the store has none: 32 bytes from the operating system. Reads one record of every bucket
    /// to know how many entries are alive.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub async fn open(
        store: Arc<dyn Store>,
        config: Config,
        fresh: primitives::Secret<32>,
    ) -> Result<Self, OpenError> {
        let secret = secret(store.as_ref(), fresh).await?;
        let front = Front::load(store.as_ref(), config.rules).await?;
        let mut tally = Tally::new(config.entries, config.rules.life);
        count(store.as_ref(), &mut tally).await?;
        let sources = Pace::slow(config.source, config.sources);
        Ok(Self {
            store,
            config,
            secret,
            front: tokio::sync::Mutex::new(front),
            waiting: AtomicUsize::new(0),
            limits: Mutex::new(Limits { sources, tally }),
        })
    }

    /// Puts `entry`, 256 bytes that a stranger chose, into the open bucket, and answers its id. The
    /// entry is durable then. Leaving it again, while the bucket is open, changes nothing.
    ///
    /// # Errors
    ///
    /// See [`LeaveError`].
    ///
    /// # Spec
    ///
    /// `spec/11-buckets.md` section 3, 1 to 3.
    pub async fn leave(&self, now: Time, source: Source, entry: &Entry) -> Result<Id, LeaveError> {
        let room = self.admit(now, source).inspect_err(|_| {
            metrics::counter!("entrenous_bucket_refused_total").increment(1);
        })?;
        for _ in 0..TRIES {
            let id = self.place(now).await?;
            match self.append(now, id, entry).await {
                Ok(Appended::New(_)) => {
                    room.used(id);
                    metrics::counter!("entrenous_bucket_entries_total").increment(1);
                    return Ok(id);
                }
                Ok(Appended::Duplicate(_)) => {
                    self.front.lock().await.give_back(id);
                    return Ok(id);
                }
                Err(AppendError::Full { .. }) => self.front.lock().await.full(id),
                Err(AppendError::Store(fault)) => return Err(fault.into()),
                Err(_) => return Err(LeaveError::Foreign),
            }
        }
        Err(LeaveError::Busy { retry: SOON })
    }

    /// The bucket `hash`, or that there is none: in either case as many bytes, and as much work.
    ///
    /// # Errors
    ///
    /// See [`FetchError`].
    ///
    /// # Spec
    ///
    /// `spec/11-buckets.md` section 3, 4 and 5.
    pub async fn fetch(&self, now: Time, hash: &Hash) -> Result<Answer, FetchError> {
        let mut entries = Vec::with_capacity(Slots::COUNT);
        if let Ok(subject) = record::entries(hash) {
            let limit = u32::try_from(Slots::COUNT).unwrap_or(u32::MAX);
            let page = self.store.read(&subject, 0, limit, record::BUCKET_BYTES);
            let page = page.await?;
            let records = page.entries.iter();
            let records = records.filter_map(|entry| record::read_entry(&entry.payload));
            let alive = records.filter(|(id, _)| self.config.rules.is_alive(*id, now));
            entries.extend(alive.map(|(_, entry)| entry));
        }
        let answer = self.secret.answer(hash, &entries);
        let found = if answer.is_found() { "yes" } else { "no" };
        metrics::counter!("entrenous_bucket_fetches_total", "found" => found).increment(1);
        Ok(answer)
    }

    /// How many entries are alive, as far as this process knows.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.limits().tally.total()
    }

    fn admit(&self, now: Time, source: Source) -> Result<Room<'_>, LeaveError> {
        let busy = |retry| LeaveError::Busy { retry };
        let mut limits = self.limits();
        limits.tally.begin(now).map_err(busy)?;
        let room = Room(self);
        let allowed = limits.sources.take(now, source);
        // `room` locks them when it goes.
        drop(limits);
        allowed.map_err(busy)?;
        Ok(room)
    }

    async fn place(&self, now: Time) -> Result<Id, LeaveError> {
        let _waiting = Waiting::new(&self.waiting);
        let mut front = self.front.lock().await;
        let wanted = self.waiting.load(Ordering::Relaxed);
        front.place(self.store.as_ref(), now, wanted).await
    }

    async fn append(&self, now: Time, id: Id, entry: &Entry) -> Result<Appended, AppendError> {
        let Ok(subject) = record::entries(&id.hash()) else {
            return Err(AppendError::TooLarge { max: 0 });
        };
        let append = Append {
            dedupe: Some(record::dedupe(entry)),
            ttl: Some(self.config.rules.keep(id, now)),
            max_live: u32::try_from(Slots::COUNT).ok(),
            ..Append::new(subject, record::write_entry(id, entry))
        };
        self.store.append(append).await
    }

    /// Every change is complete before anything that could panic.
    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buckets")
    }
}

/// Room for one entry under way, also when its request is given up.
struct Room<'a>(&'a Buckets);

impl Room<'_> {
    fn used(self, id: Id) {
        self.0.limits().tally.stored(id, 1);
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.0.limits().tally.end();
    }
}

/// One more that waits for a place, until dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The secret that all processes on the store share.
async fn secret(store: &dyn Store, fresh: primitives::Secret<32>) -> Result<Secret, OpenError> {
    let key = record::secret().map_err(|_| OpenError::Foreign)?;
    let value = Bytes::from_owner(Erased(fresh.clone()));
    match store.cell_set(&key, 0, Some(value), None).await {
        Ok(_) => return Ok(Secret::of(fresh)),
        Err(SetError::Conflict { .. }) => {}
        Err(SetError::Store(fault)) => return Err(fault.into()),
        Err(_) => return Err(OpenError::Foreign),
    }
    let cell = store.cell_get(&key).await?.ok_or(OpenError::Foreign)?;
    let bytes: &[u8; 32] = cell
        .value
        .as_ref()
        .try_into()
        .map_err(|_| OpenError::Foreign)?;
    Ok(Secret::of(primitives::Secret::new(*bytes)))
}

/// Bytes on their way to the store, erased when it has let go of them.
struct Erased(primitives::Secret<32>);

impl AsRef<[u8]> for Erased {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

/// Counts the entries of every bucket.
async fn count(store: &dyn Store, tally: &mut Tally) -> Result<(), OpenError> {
    let mut after = None;
    loop {
        let subjects = store.subjects(record::KIND, after, PAGE).await?;
        for subject in &subjects {
            let page = store.read(subject, 0, 1, record::BUCKET_BYTES).await?;
            let first = page.entries.first();
            let id = first.and_then(|entry| record::read_entry(&entry.payload));
            if let Some((id, _)) = id {
                let live = usize::try_from(page.live).unwrap_or(usize::MAX);
                tally.stored(id, live);
            }
        }
        match subjects.last() {
            Some(last) => after = Some(last.clone()),
            None => return Ok(()),
        }
    }
}

/// Against other processes that fill the same buckets.
const TRIES: usize = 64;
const PAGE: u32 = 1000;
const SOON: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use journal::{Limits, ManualClock, Memory};

    use super::*;

    #[tokio::test]
    async fn a_request_that_is_given_up_leaves_its_room_to_others() {
        let store = Memory::new(Limits::default(), Arc::new(ManualClock::default()));
        let config = Config {
            entries: 1,
            ..Config::default()
        };
        let buckets =
            Buckets::open(Arc::new(store), config, primitives::Secret::new([9; 32])).await;
        let buckets = buckets.unwrap();
        let admit = || buckets.admit(Time::ZERO, Source::new(1));
        for _ in 0..3 {
            let room = admit().unwrap();
            assert!(admit().is_err());
            drop(room);
        }
        assert!(admit().is_ok());
    }
}
