use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use journal::{Append, Appended, Limits, ManualClock, Memory, Page, Sqlite, Store, Subject};
use kernel::Time;

/// How to open one back end, with a clock that tests step.
pub(crate) trait World: Send {
    fn store(&self) -> Arc<dyn Store>;

    /// Another handle on the same store.
    fn other(&self) -> Arc<dyn Store>;

    fn clock(&self) -> &ManualClock;

    /// Closes the store, if nobody else holds it, and opens it again if it is one that lasts.
    fn reopen(&mut self);

    /// Closes it for good.
    fn close(&mut self);
}

/// Small, so that a test reaches them.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.payload = 2_000;
    limits.window = WINDOW;
    limits
}

pub(crate) const WINDOW: Duration = Duration::from_secs(60);

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Time::from_ms(1_000_000)))
}

pub(crate) struct InMemory {
    clock: Arc<ManualClock>,
    store: Option<Arc<dyn Store>>,
}

impl InMemory {
    pub(crate) fn new() -> Self {
        let clock = clock();
        let store = Arc::new(Memory::new(limits(), Arc::clone(&clock) as _));
        Self {
            clock,
            store: Some(store),
        }
    }
}

impl World for InMemory {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.store.as_ref().unwrap())
    }

    fn other(&self) -> Arc<dyn Store> {
        self.store()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn reopen(&mut self) {}

    fn close(&mut self) {
        self.store = None;
    }
}

pub(crate) struct OnDisk {
    directory: PathBuf,
    clock: Arc<ManualClock>,
    store: Option<Arc<dyn Store>>,
}

impl OnDisk {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("conformance-{}-{number}", std::process::id());
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut world = Self {
            directory,
            clock: clock(),
            store: None,
        };
        world.reopen();
        world
    }
}

impl World for OnDisk {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.store.as_ref().unwrap())
    }

    /// Reads of one handle come from connections of their own.
    fn other(&self) -> Arc<dyn Store> {
        self.store()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn reopen(&mut self) {
        self.close();
        let clock = Arc::clone(&self.clock) as _;
        let store = Sqlite::open(&self.directory, limits(), clock).unwrap();
        self.store = Some(Arc::new(store));
    }

    fn close(&mut self) {
        self.store = None;
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        self.close();
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

pub(crate) fn log(name: &str) -> Subject {
    Subject::of(b'm', &[name.as_bytes()]).unwrap()
}

pub(crate) fn id(number: u8) -> [u8; 16] {
    [number; 16]
}

/// Appends unconditionally.
pub(crate) async fn put(store: &dyn Store, subject: &Subject, payload: &'static str) -> u64 {
    let append = Append::new(subject.clone(), payload);
    match store.append(append).await.unwrap() {
        Appended::New(seq) => seq,
        Appended::Duplicate(_) => panic!("nothing to be a duplicate of"),
    }
}

/// All of a log.
pub(crate) async fn all(store: &dyn Store, subject: &Subject) -> Page {
    store.read(subject, 0, u32::MAX, u32::MAX).await.unwrap()
}

pub(crate) fn payloads(page: &Page) -> Vec<Bytes> {
    let entries = page.entries.iter();
    entries.map(|entry| entry.payload.clone()).collect()
}
