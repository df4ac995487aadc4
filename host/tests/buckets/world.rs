//! Stores of every kind, with a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use host::board::Source;
use host::bucket::{Buckets, Config};
use journal::{Clock, ManualClock};
use kernel::Time;
use primitives::Secret;
use rendezvous::bucket::{Entry, Hash, Id, Slots};

pub(crate) use crate::store::World;

pub(crate) const START: u64 = 1_795_219_200;

/// When every world begins.
pub(crate) fn start() -> Time {
    Id::new(START, 0).opened()
}

impl World {
    /// One of each kind.
    pub(crate) fn all() -> Vec<Self> {
        vec![Self::memory(start()), Self::sqlite(start())]
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
