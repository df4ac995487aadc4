//! A store that a test stops after a call of its choice: for what happens meanwhile elsewhere.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use journal::{
    Answer, Append, AppendError, Appended, Cell, Entry, Id, Page, Rev, Seq, SetError, Store,
    Subject, Watch,
};
use tokio::sync::Semaphore;

/// One user of a store; others use the store inside.
pub(crate) struct Stepped {
    inner: Arc<dyn Store>,
    calls: AtomicUsize,
    stop_after: AtomicUsize,
    reached: Semaphore,
    go: Semaphore,
}

impl Stepped {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            calls: AtomicUsize::new(0),
            stop_after: AtomicUsize::new(0),
            reached: Semaphore::new(0),
            go: Semaphore::new(0),
        }
    }

    /// Lets the next `calls` happen, and then says nothing of the last one; 0: says everything.
    pub(crate) fn stop_after(&self, calls: usize) {
        self.calls.store(0, Ordering::SeqCst);
        self.stop_after.store(calls, Ordering::SeqCst);
    }

    /// How many calls there were since.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Until the call has happened.
    pub(crate) async fn reached(&self) {
        self.reached.acquire().await.unwrap().forget();
    }

    /// Says what became of it.
    pub(crate) fn go(&self) {
        self.go.add_permits(1);
    }

    /// The same call with a stop behind it.
    fn step<'a, T: Send + 'a, E: Send + 'a>(&'a self, call: Answer<'a, T, E>) -> Answer<'a, T, E> {
        Box::pin(async move {
            let done = call.await;
            let before = self.calls.fetch_add(1, Ordering::SeqCst);
            if before.checked_add(1) == Some(self.stop_after.load(Ordering::SeqCst)) {
                self.reached.add_permits(1);
                self.go.acquire().await.unwrap().forget();
            }
            done
        })
    }
}

impl Store for Stepped {
    fn append(&self, append: Append) -> Answer<'_, Appended, AppendError> {
        self.step(self.inner.append(append))
    }

    fn read<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: u32,
        max_bytes: u32,
    ) -> Answer<'a, Page> {
        self.step(self.inner.read(subject, after, limit, max_bytes))
    }

    fn take<'a>(&'a self, subject: &'a Subject, claim: Id) -> Answer<'a, Option<Entry>> {
        self.step(self.inner.take(subject, claim))
    }

    fn remove<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, bool> {
        self.step(self.inner.remove(subject, seq))
    }

    fn remove_through<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, u64> {
        self.step(self.inner.remove_through(subject, seq))
    }

    fn cell_get<'a>(&'a self, key: &'a Subject) -> Answer<'a, Option<Cell>> {
        self.step(self.inner.cell_get(key))
    }

    fn cell_set<'a>(
        &'a self,
        key: &'a Subject,
        expect: Rev,
        value: Option<Bytes>,
        ttl: Option<Duration>,
    ) -> Answer<'a, Rev, SetError> {
        self.step(self.inner.cell_set(key, expect, value, ttl))
    }

    fn subjects(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        self.step(self.inner.subjects(kind, after, limit))
    }

    fn cells(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        self.step(self.inner.cells(kind, after, limit))
    }

    fn watch(&self) -> Box<dyn Watch> {
        self.inner.watch()
    }

    fn sweep(&self, budget: u32) -> Answer<'_, u32> {
        self.step(self.inner.sweep(budget))
    }
}

impl fmt::Debug for Stepped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stepped")
    }
}
