//! A store whose calls are timed, for the metrics.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use journal::{
    Answer, Append, AppendError, Appended, Cell, Entry, Id, Page, Rev, Seq, SetError, Store,
    Subject, Watch,
};

/// A store, and how long each kind of call to it takes: `entrenous_store_seconds{op}`. Nothing is
/// counted per subject.
pub(crate) struct Timed(Arc<dyn Store>);

impl Timed {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self(inner)
    }
}

/// The same call; its time is recorded when it is answered.
fn time<'a, T: Send + 'a, E: Send + 'a>(
    op: &'static str,
    call: Answer<'a, T, E>,
) -> Answer<'a, T, E> {
    let start = Instant::now();
    Box::pin(async move {
        let done = call.await;
        metrics::histogram!("entrenous_store_seconds", "op" => op).record(start.elapsed());
        done
    })
}

impl Store for Timed {
    fn append(&self, append: Append) -> Answer<'_, Appended, AppendError> {
        time("append", self.0.append(append))
    }

    fn read<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: u32,
        max_bytes: u32,
    ) -> Answer<'a, Page> {
        time("read", self.0.read(subject, after, limit, max_bytes))
    }

    fn take<'a>(&'a self, subject: &'a Subject, claim: Id) -> Answer<'a, Option<Entry>> {
        time("take", self.0.take(subject, claim))
    }

    fn remove<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, bool> {
        time("remove", self.0.remove(subject, seq))
    }

    fn remove_through<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, u64> {
        time("remove", self.0.remove_through(subject, seq))
    }

    fn cell_get<'a>(&'a self, key: &'a Subject) -> Answer<'a, Option<Cell>> {
        time("cell_get", self.0.cell_get(key))
    }

    fn cell_set<'a>(
        &'a self,
        key: &'a Subject,
        expect: Rev,
        value: Option<Bytes>,
        ttl: Option<Duration>,
    ) -> Answer<'a, Rev, SetError> {
        time("cell_set", self.0.cell_set(key, expect, value, ttl))
    }

    fn subjects(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        time("list", self.0.subjects(kind, after, limit))
    }

    fn cells(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        time("list", self.0.cells(kind, after, limit))
    }

    fn watch(&self) -> Box<dyn Watch> {
        self.0.watch()
    }

    fn sweep(&self, budget: u32) -> Answer<'_, u32> {
        time("sweep", self.0.sweep(budget))
    }
}

impl fmt::Debug for Timed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timed")
    }
}
