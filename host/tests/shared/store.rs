//! A store of each kind, with a clock that the test moves.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use journal::{Limits, ManualClock, Memory, Sqlite, Store};
use kernel::Time;

/// One store, and its clock.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn Store>,
    /// Where it is, unless it is in memory only.
    pub(crate) place: Option<Place>,
}

/// A directory of its own, removed at the end.
pub(crate) struct Place(PathBuf);

impl World {
    /// A store on the disk that is made at `time`.
    pub(crate) fn sqlite(time: Time) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("store-{}-{number}", std::process::id());
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let clock = Arc::new(ManualClock::new(time));
        Self {
            store: open(&place, &clock),
            clock,
            place: Some(Place(place)),
        }
    }

    /// A store in memory that is made at `time`.
    pub(crate) fn memory(time: Time) -> Self {
        let clock = Arc::new(ManualClock::new(time));
        let store = Memory::new(Limits::default(), clock.clone());
        Self {
            clock,
            store: Arc::new(store),
            place: None,
        }
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
