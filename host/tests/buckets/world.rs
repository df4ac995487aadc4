//! Stores of every kind, with a clock that the test moves.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use host::board::Source;
use host::bucket::{Buckets, Config};
use journal::{Clock, Limits, ManualClock, Memory, Sqlite, Store};
use kernel::Time;
use primitives::Secret;
use rendezvous::bucket::{Entry, Hash, Id, Slots};

pub(crate) const START: u64 = 1_795_219_200;

/// One store, and its clock.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn Store>,
    place: Option<Place>,
}

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl World {
    /// One of each kind.
    pub(crate) fn all() -> Vec<Self> {
        vec![Self::memory(), Self::sqlite()]
    }

    fn sqlite() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("buckets-{}-{number}", std::process::id());
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let clock = Arc::new(ManualClock::new(Id::new(START, 0).opened()));
        Self {
            store: open(&place, &clock),
            clock,
            place: Some(Place(place)),
        }
    }

    pub(crate) fn memory() -> Self {
        let clock = Arc::new(ManualClock::new(Id::new(START, 0).opened()));
        let store = Memory::new(Limits::default(), clock.clone());
        Self {
            clock,
            store: Arc::new(store),
            place: None,
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.step(Duration::from_secs(seconds));
    }

    /// A process that serves the store.
    pub(crate) async fn process(&self, config: Config) -> Server {
        let fresh = Secret::new([9; 32]);
        let buckets = Buckets::open(self.store.clone(), config, fresh).await;
        Server {
            clock: self.clock.clone(),
            buckets: Arc::new(buckets.unwrap()),
        }
    }

    pub(crate) async fn server(&self) -> Server {
        self.process(plenty()).await
    }

    /// Closes the store and opens it again, as at the end of a process. What is promised to be lost
    /// in memory is kept, so that the same tests serve all.
    pub(crate) fn restart(self) -> Self {
        let Self {
            clock,
            mut store,
            place,
        } = self;
        if let Some(Place(directory)) = &place {
            // One process at a time: a handle that is still held would fail the second opening.
            drop(store);
            store = open(directory, &clock);
        }
        Self {
            clock,
            store,
            place,
        }
    }
}

fn open(place: &Path, clock: &Arc<ManualClock>) -> Arc<dyn Store> {
    let store = Sqlite::open(place, Limits::default(), clock.clone());
    Arc::new(store.unwrap())
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

/// No limit but those of the buckets.
pub(crate) fn plenty() -> Config {
    let mut config = Config::default();
    config.source.burst = u32::MAX;
    config.source.every = Duration::from_millis(1);
    config
}

/// A process, told the time by its world.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    clock: Arc<ManualClock>,
    pub(crate) buckets: Arc<Buckets>,
}

impl Server {
    pub(crate) async fn leave(&self, number: usize) -> Id {
        let entry = entry(number);
        let left = self.buckets.leave(self.clock.now(), Source::new(1), &entry);
        left.await.unwrap()
    }

    pub(crate) async fn leave_all(&self, numbers: std::ops::Range<usize>) -> Vec<Id> {
        let mut ids = Vec::new();
        for number in numbers {
            ids.push(self.leave(number).await);
        }
        ids
    }

    /// The answer as it travels.
    pub(crate) async fn fetch(&self, hash: &Hash) -> Vec<u8> {
        let answer = self.buckets.fetch(self.clock.now(), hash).await;
        answer.unwrap().into_bytes()
    }

    /// The slots, if there is such a bucket.
    pub(crate) async fn slots(&self, id: Id) -> Option<Vec<u8>> {
        let answer = self.fetch(&id.hash()).await;
        assert_eq!(answer.len(), 1 + Slots::LEN);
        (answer[0] == 1).then(|| answer[1..].to_vec())
    }

    /// Which of the entries `0..count` are in the bucket, in the order of the slots.
    pub(crate) async fn entries(&self, id: Id, count: usize) -> Vec<usize> {
        let slots = self.slots(id).await.unwrap_or_default();
        let slots = slots.chunks_exact(Entry::LEN);
        slots
            .filter_map(|slot| (0..count).find(|number| entry(*number).as_bytes() == slot))
            .collect()
    }
}

/// Entry number `number`; all differ.
pub(crate) fn entry(number: usize) -> Entry {
    let mut bytes = [0xee; Entry::LEN];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Entry::from_bytes(&bytes).unwrap()
}
