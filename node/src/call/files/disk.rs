//! The disk of a talk, on a thread that may wait for it.

mod partial;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::task::spawn_blocking;
use transfer::{Id, Way};

use super::FileError;
use super::note::{Source, Target};
use super::place::{place, prepare};
use partial::Partial;

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
    jobs: Sender<Job>,
    done: mpsc::UnboundedReceiver<Done>,
}

impl Disk {
    /// `lease` is held as long as a file may be touched.
    pub(super) fn start(lease: OwnedMutexGuard<()>) -> Self {
        let (jobs, to_do) = channel();
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
    jobs: Receiver<Job>,
    done: mpsc::UnboundedSender<Done>,
    sources: BTreeMap<Id, (Source, Option<File>)>,
    targets: BTreeMap<Id, Partial>,
    /// Until when a little that was written waits for more.
    rests_until: Instant,
}

impl Worker {
    fn new(jobs: Receiver<Job>, done: mpsc::UnboundedSender<Done>) -> Self {
        Self {
            jobs,
            done,
            sources: BTreeMap::new(),
            targets: BTreeMap::new(),
            rests_until: Instant::now(),
        }
    }

    fn run(mut self) {
        while let Some(job) = self.next() {
            self.take(job);
            if self.unsynced() >= SYNC {
                self.sync();
            }
        }
    }

    /// What to do next; while that is nothing, makes durable what was written.
    fn next(&mut self) -> Option<Job> {
        while self.unsynced() > 0 {
            let rest = self.rests_until.saturating_duration_since(Instant::now());
            match self.jobs.recv_timeout(rest) {
                Err(RecvTimeoutError::Timeout) => self.sync(),
                job => return job.ok(),
            }
        }
        self.jobs.recv().ok()
    }

    /// Bytes that may not be durable yet.
    fn unsynced(&self) -> u64 {
        let targets = self.targets.values();
        targets.fold(0, |bytes, partial| bytes.saturating_add(partial.unsynced))
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
            partial.breaks();
            self.failed(id, &error);
        }
    }

    /// Makes durable all that was written, and says so. Then it rests as long as that took: a disk takes
    /// as long for a little as for much.
    fn sync(&mut self) {
        let mut failed = Vec::new();
        let began = Instant::now();
        for (id, partial) in &mut self.targets {
            if partial.unsynced == 0 {
                continue;
            }
            match partial.sync() {
                Ok(upto) => {
                    // Whoever does not wait for it does not need it.
                    drop(self.done.send(Done::Written { id: *id, upto }));
                }
                Err(error) => {
                    partial.breaks();
                    failed.push((*id, error));
                }
            }
        }
        let now = Instant::now();
        let rest = now.duration_since(began).min(REST);
        self.rests_until = now.checked_add(rest).unwrap_or(now);
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

/// Bytes that are made durable together, at least, while more comes: half of what may be under way, so
/// that the other half comes meanwhile.
const SYNC: u64 = 512 << 10;
/// How long fewer wait for more, at most.
const REST: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
