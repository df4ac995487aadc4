use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use kernel::Time;
use rusqlite::{Connection, Result};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Answer, Append, AppendError, Appended, Cell, Clock, Entry, Fault, Id, Limits, Page, Rev, Seq,
    SetError, Store, Subject, Watch,
};

mod backup;
mod cells;
mod checkpoints;
mod directory;
mod fault;
mod head;
mod ids;
mod log;
mod meta;
mod number;
mod open;
mod query;
mod readers;
mod schema;
mod sweep;
mod writer;

pub use backup::{BackupError, backup, restore};
pub use open::OpenError;

use checkpoints::Checkpoints;
use directory::Directory;
use readers::Readers;
use writer::{Change, Request, Shared, Wakes};

/// A store in one directory of this machine.
///
/// An acknowledged change survives the end of the process and of the machine's power, on a disk
/// that keeps what it says it keeps. Changes that wait together are written together: the more
/// callers, the less each costs. Between the first call and the answer at most 1,024 changes wait
/// here; further callers wait for a place.
///
/// Needs no runtime: it has threads of its own, one that writes and some that read. Dropping it
/// finishes what was asked, and blocks meanwhile.
pub struct Sqlite {
    limits: Limits,
    shared: Arc<Shared>,
    changes: Option<mpsc::Sender<Box<dyn Change>>>,
    writer: Option<JoinHandle<()>>,
    readers: Readers,
    // Last: it is given back when all else is closed.
    _directory: Directory,
}

/// What a store has done since it was opened.
#[expect(clippy::exhaustive_structs, reason = "two numbers")]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Transactions, each made durable by one wait for the disk.
    pub commits: u64,
    /// Changes in them, refused ones included.
    pub changes: u64,
}

impl Sqlite {
    /// Opens the store in `directory`, or makes one; after a crash it is as after its last
    /// acknowledged change. Takes milliseconds, whatever the size. Numbers of entries of a new store
    /// start at the time, in ms: a reader who has seen those of a lost one does not take new ones
    /// for them.
    ///
    /// `directory` is made with mode 700, and must have it. The store is for one process at a
    /// time.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open(
        directory: &Path,
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> std::result::Result<Self, OpenError> {
        let directory = Directory::hold(directory)?;
        let mut connection = open::open(&directory, &limits, clock.now())?;
        let shared = Arc::new(Shared::new(clock));
        let file = directory.file();
        let engine = |error| OpenError::engine(&file, error);
        let checkpoints = Checkpoints::of(&mut connection).map_err(engine)?;
        let readers = Readers::start(&file, READERS, &shared).map_err(engine)?;
        let (sender, changes) = mpsc::channel(writer::BATCH);
        let writer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || writer::run(&connection, checkpoints, &shared, changes))
        };
        Ok(Self {
            limits,
            shared,
            changes: Some(sender),
            writer: Some(writer),
            readers,
            _directory: directory,
        })
    }

    /// What it has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            commits: self.shared.commits.load(Ordering::Relaxed),
            changes: self.shared.changes.load(Ordering::Relaxed),
        }
    }

    /// Hands `make` to the writer. What it returns is the answer once it is durable; then
    /// `subject` is woken if `wakes` says so.
    fn change<'a, T, E, F>(&'a self, wakes: Wakes<T>, make: F) -> Answer<'a, T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
        F: FnMut(&Connection, Time) -> Result<std::result::Result<T, E>> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let request: Box<dyn Change> = Box::new(Request {
            make,
            wakes,
            outcome: None,
            answer: sender,
        });
        Box::pin(async {
            let changes = self.changes.as_ref().ok_or(Fault::Unavailable)?;
            changes
                .send(request)
                .await
                .map_err(|_| Fault::Unavailable)?;
            answer.await.map_err(|_| Fault::Unknown)?
        })
    }
}

/// Threads that read. They wait for the disk more than they compute.
const READERS: usize = 4;

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.changes = None;
        if let Some(writer) = self.writer.take() {
            // A thread that panicked has told so.
            drop(writer.join());
        }
    }
}

impl Store for Sqlite {
    fn append(&self, append: Append) -> Answer<'_, Appended, AppendError> {
        let limits = self.limits;
        if append.payload.len() > limits.payload {
            let max = limits.payload;
            return Box::pin(async move { Err(AppendError::TooLarge { max }) });
        }
        let is_new: fn(&Appended) -> bool = |appended| matches!(appended, Appended::New(_));
        let wakes = Some((append.subject.clone(), is_new));
        self.change(wakes, move |connection, now| {
            log::append(connection, now, &limits, &append)
        })
    }

    fn read<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: u32,
        max_bytes: u32,
    ) -> Answer<'a, Page> {
        let subject = subject.clone();
        self.readers.ask(move |connection, now| {
            query::read(connection, now, &subject, after, limit, max_bytes)
        })
    }

    fn take<'a>(&'a self, subject: &'a Subject, claim: Id) -> Answer<'a, Option<Entry>> {
        let (limits, subject) = (self.limits, subject.clone());
        self.change(None, move |connection, now| {
            log::take(connection, now, &limits, &subject, &claim).map(Ok)
        })
    }

    fn remove<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, bool> {
        let subject = subject.clone();
        self.change(None, move |connection, now| {
            log::remove(connection, now, &subject, seq).map(Ok)
        })
    }

    fn remove_through<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, u64> {
        let subject = subject.clone();
        self.change(None, move |connection, now| {
            log::remove_through(connection, now, &subject, seq).map(Ok)
        })
    }

    fn cell_get<'a>(&'a self, key: &'a Subject) -> Answer<'a, Option<Cell>> {
        let key = key.clone();
        self.readers
            .ask(move |connection, now| cells::get(connection, now, &key))
    }

    fn cell_set<'a>(
        &'a self,
        key: &'a Subject,
        expect: Rev,
        value: Option<Bytes>,
        ttl: Option<Duration>,
    ) -> Answer<'a, Rev, SetError> {
        let max = self.limits.payload;
        if value.as_ref().is_some_and(|value| value.len() > max) {
            return Box::pin(async move { Err(SetError::TooLarge { max }) });
        }
        let key = key.clone();
        let always: fn(&Rev) -> bool = |_| true;
        self.change(Some((key.clone(), always)), move |connection, now| {
            let expires = ttl.map(|ttl| now.after(ttl));
            cells::set(connection, now, &key, expect, value.as_ref(), expires)
        })
    }

    fn subjects(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        self.readers.ask(move |connection, now| {
            query::subjects(connection, now, kind, after.as_ref(), limit)
        })
    }

    fn cells(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        self.readers
            .ask(move |connection, now| query::cells(connection, now, kind, after.as_ref(), limit))
    }

    fn watch(&self) -> Box<dyn Watch> {
        self.shared.watches.open()
    }

    fn sweep(&self, budget: u32) -> Answer<'_, u32> {
        self.change(None, move |connection, now| {
            sweep::sweep(connection, now, budget).map(Ok)
        })
    }
}
