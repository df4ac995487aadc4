use std::fmt;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::watch::Watches;
use crate::{
    Answer, Append, AppendError, Appended, Cell, Clock, Entry, Id, Limits, Page, Rev, Seq,
    SetError, Store, Subject, Watch,
};

mod cells;
mod log;
mod state;

use state::State;

/// A store that forgets everything at the end of the process: the reference that every other one
/// is compared with, and the store of what is promised to be lost.
///
/// Each call locks the whole store for some microseconds and never waits for anything else.
pub struct Memory {
    limits: Limits,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    watches: Watches,
}

impl Memory {
    /// An empty store. Its numbers start at the time, in ms: a reader who has seen those of an
    /// earlier one does not take new ones for them.
    #[must_use]
    pub fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let floor = clock.now().as_ms();
        Self {
            limits,
            clock,
            state: Mutex::new(State::new(floor)),
            watches: Watches::default(),
        }
    }

    /// Every change of the state is complete before anything that could panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// An answer that is known at once.
fn answer<'a, T: Send + 'a, E: Send + 'a>(result: Result<T, E>) -> Answer<'a, T, E> {
    Box::pin(ready(result))
}

impl Store for Memory {
    fn append(&self, append: Append) -> Answer<'_, Appended, AppendError> {
        let now = self.clock.now();
        let result = self.state().append(now, &self.limits, &append);
        if matches!(result, Ok(Appended::New(_))) {
            self.watches.wake([&append.subject]);
        }
        answer(result)
    }

    fn read<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: u32,
        max_bytes: u32,
    ) -> Answer<'a, Page> {
        let now = self.clock.now();
        let page = self.state().read(now, subject, after, limit, max_bytes);
        answer(Ok(page))
    }

    fn take<'a>(&'a self, subject: &'a Subject, claim: Id) -> Answer<'a, Option<Entry>> {
        let now = self.clock.now();
        let taken = self.state().take(now, &self.limits, subject, claim);
        answer(Ok(taken))
    }

    fn remove<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, bool> {
        let now = self.clock.now();
        let removed = self.state().remove(now, subject, seq);
        answer(Ok(removed))
    }

    fn remove_through<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, u64> {
        let now = self.clock.now();
        let removed = self.state().remove_through(now, subject, seq);
        answer(Ok(removed))
    }

    fn cell_get<'a>(&'a self, key: &'a Subject) -> Answer<'a, Option<Cell>> {
        let now = self.clock.now();
        let cell = self.state().cell_get(now, key);
        answer(Ok(cell))
    }

    fn cell_set<'a>(
        &'a self,
        key: &'a Subject,
        expect: Rev,
        value: Option<Bytes>,
        ttl: Option<Duration>,
    ) -> Answer<'a, Rev, SetError> {
        let now = self.clock.now();
        let mut state = self.state();
        let result = state.cell_set(now, &self.limits, key, expect, value, ttl);
        drop(state);
        if result.is_ok() {
            self.watches.wake([key]);
        }
        answer(result)
    }

    fn subjects(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        let now = self.clock.now();
        let subjects = self.state().subjects(now, kind, after.as_ref(), limit);
        answer(Ok(subjects))
    }

    fn cells(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        let now = self.clock.now();
        let cells = self.state().cells(now, kind, after.as_ref(), limit);
        answer(Ok(cells))
    }

    fn watch(&self) -> Box<dyn Watch> {
        self.watches.open()
    }

    fn sweep(&self, budget: u32) -> Answer<'_, u32> {
        let now = self.clock.now();
        let freed = self.state().sweep(now, budget);
        answer(Ok(freed))
    }
}
