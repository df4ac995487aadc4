//! The one thread that writes: it takes all changes that wait, makes them in one transaction, and
//! answers when that is durable. The more wait, the less each costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use kernel::Time;
use rusqlite::{Connection, Result};
use tokio::sync::{mpsc, oneshot};

use super::checkpoints::Checkpoints;
use super::fault::fault;
use crate::watch::Watches;
use crate::{Clock, Fault, Subject};

/// Most changes in one transaction, and most that wait.
pub(super) const BATCH: usize = 1024;

/// What all parts of an open store share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) watches: Watches,
    pub(super) commits: AtomicU64,
    pub(super) changes: AtomicU64,
    stopped: AtomicBool,
}

impl Shared {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            watches: Watches::default(),
            commits: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// The fault of an error; a fatal one stops the store.
    pub(super) fn fault(&self, error: &rusqlite::Error, halfway: Fault) -> Fault {
        let fault = fault(error, halfway);
        if fault.is_fatal() {
            self.stopped.store(true, Ordering::SeqCst);
        }
        fault
    }
}

/// A change that waits for its turn.
pub(super) trait Change: Send {
    /// Makes it, inside a transaction; keeps the outcome to itself.
    fn make(&mut self, connection: &Connection, now: Time) -> Result<()>;

    /// The subject that the outcome wakes, if there is one.
    fn wakes(&self) -> Option<&Subject>;

    /// Answers, now that the outcome is durable.
    fn done(self: Box<Self>);

    /// Answers that it was not made, or that this is unknown.
    fn failed(self: Box<Self>, fault: Fault);
}

/// Which subject a change wakes, and whether this outcome of it does.
pub(super) type Wakes<T> = Option<(Subject, fn(&T) -> bool)>;

/// A change made by `make`, which says what came of it and whether that wakes `subject`.
pub(super) struct Request<F, T, E> {
    pub(super) make: F,
    pub(super) wakes: Wakes<T>,
    pub(super) outcome: Option<std::result::Result<T, E>>,
    pub(super) answer: oneshot::Sender<std::result::Result<T, E>>,
}

impl<F, T, E> Change for Request<F, T, E>
where
    F: FnMut(&Connection, Time) -> Result<std::result::Result<T, E>> + Send,
    T: Send,
    E: From<Fault> + Send,
{
    fn make(&mut self, connection: &Connection, now: Time) -> Result<()> {
        self.outcome = Some((self.make)(connection, now)?);
        Ok(())
    }

    fn wakes(&self) -> Option<&Subject> {
        let (subject, wakes) = self.wakes.as_ref()?;
        let Some(Ok(value)) = &self.outcome else {
            return None;
        };
        wakes(value).then_some(subject)
    }

    fn done(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // Whoever asked may be gone.
            drop(self.answer.send(outcome));
        }
    }

    fn failed(self: Box<Self>, fault: Fault) {
        drop(self.answer.send(Err(fault.into())));
    }
}

/// Runs until the last sender of `changes` is gone, then copies the log into the file.
pub(super) fn run(
    connection: &Connection,
    mut checkpoints: Checkpoints,
    shared: &Shared,
    mut changes: mpsc::Receiver<Box<dyn Change>>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while changes.blocking_recv_many(&mut batch, BATCH) > 0 {
        if shared.is_stopped() {
            fail(&mut batch, Fault::Stopped);
            continue;
        }
        match commit(connection, shared, &mut batch) {
            Ok(()) => finish(shared, &mut batch),
            Err(fault) => fail(&mut batch, fault),
        }
        checkpoints.run(connection, shared);
    }
    if !shared.is_stopped() {
        Checkpoints::finish(connection);
    }
}

/// Makes all of `batch` durable, or none of it.
fn commit(
    connection: &Connection,
    shared: &Shared,
    batch: &mut [Box<dyn Change>],
) -> std::result::Result<(), Fault> {
    let made = connection
        .prepare_cached("BEGIN IMMEDIATE")
        .and_then(|mut begin| begin.execute([]))
        .and_then(|_| {
            let mut batch = batch.iter_mut();
            batch.try_for_each(|change| change.make(connection, shared.clock.now()))
        });
    let result = match made {
        // A disk that fails before the commit has nothing of it that would count.
        Err(error) => Err(shared.fault(&error, Fault::Stopped)),
        Ok(()) => connection
            .prepare_cached("COMMIT")
            .and_then(|mut commit| commit.execute([]))
            .map_err(|error| shared.fault(&error, Fault::Unknown)),
    };
    if result.is_err()
        && !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        shared.fault(&error, Fault::Stopped);
    }
    result?;
    let changes = u64::try_from(batch.len()).unwrap_or(u64::MAX);
    shared.commits.fetch_add(1, Ordering::Relaxed);
    shared.changes.fetch_add(changes, Ordering::Relaxed);
    Ok(())
}

/// Wakes, then answers: who has the answer knows that all are woken.
fn finish(shared: &Shared, batch: &mut Vec<Box<dyn Change>>) {
    shared
        .watches
        .wake(batch.iter().filter_map(|change| change.wakes()));
    for change in batch.drain(..) {
        change.done();
    }
}

fn fail(batch: &mut Vec<Box<dyn Change>>, fault: Fault) {
    for change in batch.drain(..) {
        change.failed(fault);
    }
}
