//! The disk of a talk, on a thread that may wait for it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::task::spawn_blocking;
use transfer::{Id, Way};

use super::FileError;
use super::note::{Source, Target};
use super::place::{self, place, prepare};

/// Something to do. How much there is at a time is bounded by the machine that asks for it.
#[derive(Debug)]
pub(super) enum Job {
    /// A file of ours may be read.
    Source(Id, Source),
    /// A file of theirs has its place.
    Target(Id, Target),
    /// Find a place for a file of theirs.
    Prepare {
        id: Id,
        into: PathBuf,
        name: String,
        size: u64,
    },
    Read {
        way: Way,
        id: Id,
        offset: u64,
        len: usize,
    },
    Write {
        id: Id,
        offset: u64,
        bytes: Vec<u8>,
    },
    /// Put a whole file where it belongs.
    Place(Id),
    /// Let go of a file. What is there of one of theirs, and not at its place, is removed.
    Over(Way, Id),
}

/// What became of a job.
#[derive(Debug)]
pub(super) enum Done {
    Prepared {
        id: Id,
        target: Result<Target, FileError>,
    },
    Read {
        way: Way,
        id: Id,
        offset: u64,
        bytes: Vec<u8>,
    },
    /// All before this offset is durable.
    Written {
        id: Id,
        upto: u64,
    },
    Placed {
        id: Id,
        path: Result<PathBuf, FileError>,
    },
    Failed {
        way: Way,
        id: Id,
        error: FileError,
    },
}

/// The way to the thread; it ends when this is dropped and all was done.
#[derive(Debug)]
pub(super) struct Disk {
    jobs: mpsc::UnboundedSender<Job>,
    done: mpsc::UnboundedReceiver<Done>,
}

impl Disk {
    /// `lease` is held as long as a file may be touched.
    pub(super) fn start(lease: OwnedMutexGuard<()>) -> Self {
        let (jobs, to_do) = mpsc::unbounded_channel();
        let (tell, done) = mpsc::unbounded_channel();
        spawn_blocking(move || {
            Worker::new(to_do, tell).run();
            drop(lease);
        });
        Self { jobs, done }
    }

    pub(super) fn give(&self, job: Job) {
        // The thread ends after this does.
        drop(self.jobs.send(job));
    }

    /// What was done next. Safe to cancel.
    pub(super) async fn next(&mut self) -> Done {
        match self.done.recv().await {
            Some(done) => done,
            None => std::future::pending().await,
        }
    }
}

struct Worker {
    jobs: mpsc::UnboundedReceiver<Job>,
    done: mpsc::UnboundedSender<Done>,
    sources: BTreeMap<Id, (Source, Option<File>)>,
    targets: BTreeMap<Id, Partial>,
}

/// A partial file.
struct Partial {
    target: Target,
    file: Option<File>,
    /// Where the next bytes belong.
    end: u64,
    /// How many bytes may not be durable yet.
    unsynced: u64,
    is_broken: bool,
}

impl Partial {
    const fn new(target: Target) -> Self {
        Self {
            target,
            file: None,
            end: 0,
            unsynced: 0,
            is_broken: false,
        }
    }

    fn file(&mut self) -> io::Result<&mut File> {
        opened(&mut self.file, || place::open(&self.target))
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let file = self.file()?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.end = offset.saturating_add(length);
        self.unsynced = self.unsynced.saturating_add(length);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.unsynced = 0;
        self.file()?.sync_data()
    }
}

impl Worker {
    const fn new(jobs: mpsc::UnboundedReceiver<Job>, done: mpsc::UnboundedSender<Done>) -> Self {
        Self {
            jobs,
            done,
            sources: BTreeMap::new(),
            targets: BTreeMap::new(),
        }
    }

    fn run(mut self) {
        loop {
            let job = match self.jobs.try_recv() {
                Ok(job) => Some(job),
                Err(TryRecvError::Empty) => {
                    self.sync(0);
                    self.jobs.blocking_recv()
                }
                Err(TryRecvError::Disconnected) => None,
            };
            let Some(job) = job else {
                return;
            };
            self.take(job);
            self.sync(SYNC);
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Source(id, source) => drop(self.sources.insert(id, (source, None))),
            Job::Target(id, target) => drop(self.targets.insert(id, Partial::new(target))),
            Job::Prepare {
                id,
                into,
                name,
                size,
            } => {
                let target = prepare(&into, &name, size);
                if let Ok(target) = &target {
                    self.targets.insert(id, Partial::new(target.clone()));
                }
                self.tell(Done::Prepared { id, target });
            }
            Job::Read {
                way,
                id,
                offset,
                len,
            } => {
                let read = match way {
                    Way::Out => self.read_source(id, offset, len),
                    Way::In => self.read_partial(id, offset, len),
                };
                self.tell(match read {
                    Ok(bytes) => Done::Read {
                        way,
                        id,
                        offset,
                        bytes,
                    },
                    Err(error) => {
                        let error = FileError::reading(&error);
                        Done::Failed { way, id, error }
                    }
                });
            }
            Job::Write { id, offset, bytes } => self.write(id, offset, &bytes),
            Job::Place(id) => {
                if let Some(partial) = self.targets.remove(&id) {
                    let path = place(&partial.target);
                    self.tell(Done::Placed { id, path });
                }
            }
            Job::Over(Way::Out, id) => drop(self.sources.remove(&id)),
            Job::Over(Way::In, id) => {
                if let Some(partial) = self.targets.remove(&id) {
                    // If it cannot be removed, its name says what it is.
                    drop(fs::remove_file(partial.target.partial()));
                }
            }
        }
    }

    /// Nothing, if it is not the file any more that was offered.
    fn read_source(&mut self, id: Id, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let found = self.sources.get_mut(&id);
        let (source, file) = found.ok_or(io::ErrorKind::NotFound)?;
        let file = opened(file, || File::open(&source.path))?;
        let bytes = read(file, offset, len)?;
        match source.is_the_same(&file.metadata()?) {
            true => Ok(bytes),
            false => Ok(Vec::new()),
        }
    }

    fn read_partial(&mut self, id: Id, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let found = self.targets.get_mut(&id);
        read(found.ok_or(io::ErrorKind::NotFound)?.file()?, offset, len)
    }

    fn write(&mut self, id: Id, offset: u64, bytes: &[u8]) {
        let found = self.targets.get_mut(&id);
        let Some(partial) = found.filter(|partial| !partial.is_broken) else {
            return;
        };
        if let Err(error) = partial.write(offset, bytes) {
            partial.is_broken = true;
            self.failed(id, &error);
        }
    }

    /// Makes durable what has at least so many bytes, and says so.
    fn sync(&mut self, least: u64) {
        let mut failed = Vec::new();
        for (id, partial) in &mut self.targets {
            if partial.is_broken || partial.unsynced == 0 || partial.unsynced < least {
                continue;
            }
            match partial.sync() {
                Ok(()) => {
                    let (id, upto) = (*id, partial.end);
                    // Whoever does not wait for it does not need it.
                    drop(self.done.send(Done::Written { id, upto }));
                }
                Err(error) => {
                    partial.is_broken = true;
                    failed.push((*id, error));
                }
            }
        }
        for (id, error) in failed {
            self.failed(id, &error);
        }
    }

    fn failed(&self, id: Id, error: &io::Error) {
        let (way, error) = (Way::In, FileError::writing(error));
        self.tell(Done::Failed { way, id, error });
    }

    fn tell(&self, done: Done) {
        // Whoever does not wait for it does not need it.
        drop(self.done.send(done));
    }
}

fn opened(
    file: &mut Option<File>,
    open: impl FnOnce() -> io::Result<File>,
) -> io::Result<&mut File> {
    match file {
        Some(file) => Ok(file),
        None => Ok(file.insert(open()?)),
    }
}

/// `len` bytes, or fewer at the end of the file.
fn read(file: &mut File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let most = u64::try_from(len).unwrap_or(u64::MAX);
    let mut bytes = Vec::with_capacity(len);
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Bytes of a file that are made durable together, at least, while more is to be done.
const SYNC: u64 = 256 << 10;

#[cfg(test)]
mod tests;
