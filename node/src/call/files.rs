//! Files that two people who talk hand to each other: a machine of `transfer`, a disk, and asides.
//!
//! Spec: `spec/23-files.md`.

mod courier;
mod disk;
mod error;
mod kept;
mod lease;
mod note;
mod pace;
mod place;
mod told;

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use bytes::Bytes;
use net::call::Handle;
use primitives::VerifyingKey;
use tokio::sync::{OwnedMutexGuard, oneshot};

use crate::keep::{Keep, KeepError};
use courier::Courier;
use disk::{Disk, Done};
use kept::{Restored, Shelf};

pub use error::FileError;
pub(crate) use lease::Leases;
pub(super) use note::Source;
pub use told::{FileEvent, FileId, FileTold};

/// The files of one talk.
pub(super) struct Files {
    leases: Leases,
    stage: Stage,
    /// The connection that there is.
    line: Option<Line>,
    /// What came, and what was wanted, before the other stage.
    early: Vec<Bytes>,
    wants: Vec<Want>,
}

enum Stage {
    /// Nobody is there yet.
    Early,
    /// Their program knows no files.
    NotOurs,
    /// What was kept is fetched, once no other talk with them needs it.
    Opening(Opening),
    Open(Box<Courier>),
    /// What was kept cannot be read.
    Broken(KeepError),
    Over,
}

type Opening = Pin<Box<dyn Future<Output = Opened> + Send>>;
type Opened = Result<(OwnedMutexGuard<()>, Shelf, Vec<Restored>), KeepError>;

/// A connection, and how many bytes an aside may have on it.
#[derive(Clone, Debug)]
struct Line {
    handle: Handle,
    most: usize,
}

/// What the owner wants, and where to say what became of it.
#[derive(Debug)]
pub(super) enum Want {
    Offer {
        source: Source,
        reply: Reply<FileId>,
    },
    Accept {
        id: FileId,
        into: PathBuf,
        reply: Reply<()>,
    },
    Cancel(FileId),
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, FileError>>;

/// What files wait for.
pub(super) struct Happened(News);

enum News {
    Opened(Opened),
    Done(Done),
    Sent,
    /// Progress is due that came too soon before.
    Late,
}

impl Files {
    pub(super) const fn new(leases: Leases) -> Self {
        Self {
            leases,
            stage: Stage::Early,
            line: None,
            early: Vec::new(),
            wants: Vec::new(),
        }
    }

    /// There is a connection to the program of the holder of `key`, one of ours. Asides may have `most`
    /// bytes on it.
    pub(super) fn back(&mut self, keep: &Keep, key: &VerifyingKey, handle: Handle, most: usize) {
        let line = Line { handle, most };
        match &mut self.stage {
            Stage::Early | Stage::NotOurs => {
                let key = key.to_bytes();
                let (shelf, lease) = (Shelf::new(keep.clone(), key), self.leases.clone().of(key));
                self.stage = Stage::Opening(Box::pin(async move {
                    let lease = lease.await;
                    let restored = shelf.restore().await?;
                    Ok((lease, shelf, restored))
                }));
            }
            Stage::Open(courier) => courier.back(line.clone()),
            Stage::Opening(_) | Stage::Broken(_) | Stage::Over => {}
        }
        self.early.clear();
        self.line = Some(line);
    }

    /// There is a connection to a program that knows no files.
    pub(super) fn not_ours(&mut self) {
        self.lost();
        if let Stage::Early | Stage::Opening(_) = self.stage {
            self.stage = Stage::NotOurs;
            self.refuse(&FileError::NotOurs);
        }
    }

    /// There is no connection any more.
    pub(super) fn lost(&mut self) {
        self.line = None;
        self.early.clear();
        if let Stage::Open(courier) = &mut self.stage {
            courier.lost();
        }
    }

    /// Takes what the other side sent beside messages.
    pub(super) fn aside(&mut self, bytes: Vec<u8>) {
        match &mut self.stage {
            Stage::Open(courier) => courier.aside(&bytes),
            Stage::Opening(_) if self.early.len() < EARLY => self.early.push(bytes.into()),
            // Above what anybody says before they are answered.
            _ => {}
        }
    }

    /// Does what the owner wants, or says why not.
    pub(super) fn want(&mut self, want: Want) {
        match &mut self.stage {
            Stage::Open(courier) => courier.want(want),
            Stage::Opening(_) if self.wants.len() < WANTS => self.wants.push(want),
            Stage::Opening(_) => want.refuse(FileError::TooMany),
            Stage::Early => want.refuse(FileError::TooEarly),
            Stage::NotOurs => want.refuse(FileError::NotOurs),
            Stage::Broken(error) => want.refuse(error.clone().into()),
            Stage::Over => want.refuse(FileError::Over),
        }
    }

    /// What happens next. Safe to cancel.
    pub(super) async fn next(&mut self) -> Happened {
        match &mut self.stage {
            Stage::Opening(opening) => Happened(News::Opened(opening.await)),
            Stage::Open(courier) => Happened(courier.next().await),
            Stage::Early | Stage::NotOurs | Stage::Broken(_) | Stage::Over => {
                std::future::pending().await
            }
        }
    }

    pub(super) fn take(&mut self, happened: Happened) {
        match (happened.0, &mut self.stage) {
            (News::Opened(opened), Stage::Opening(_)) => self.opened(opened),
            (News::Done(done), Stage::Open(courier)) => courier.done(done),
            (News::Sent, Stage::Open(courier)) => courier.sent(),
            (News::Late, Stage::Open(courier)) => courier.late(),
            // Of an earlier stage.
            _ => {}
        }
    }

    fn opened(&mut self, opened: Opened) {
        let (lease, shelf, restored) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                // No reason to end a talk.
                self.refuse(&error.clone().into());
                self.stage = Stage::Broken(error);
                return;
            }
        };
        let mut courier = Courier::new(shelf, Disk::start(lease), restored);
        if let Some(line) = &self.line {
            courier.back(line.clone());
        }
        for bytes in self.early.drain(..) {
            courier.aside(&bytes);
        }
        for want in self.wants.drain(..) {
            courier.want(want);
        }
        self.stage = Stage::Open(Box::new(courier));
    }

    /// Does what is to be done now, and gives what is to be told.
    pub(super) async fn drain(&mut self) -> Result<Vec<FileTold>, KeepError> {
        match &mut self.stage {
            Stage::Open(courier) => courier.drain().await,
            _ => Ok(Vec::new()),
        }
    }

    /// Whether nothing that is wanted is on its way, and all was sent that was to be.
    pub(super) fn is_settled(&self) -> bool {
        match &self.stage {
            Stage::Open(courier) => courier.is_settled(),
            Stage::Opening(_) => self.wants.is_empty(),
            Stage::Early | Stage::NotOurs | Stage::Broken(_) | Stage::Over => true,
        }
    }

    /// Ends, once whole files are where they belong. Gives what is to be told.
    pub(super) async fn settle(&mut self) -> Vec<FileTold> {
        self.lost();
        let mut told = Vec::new();
        while let Stage::Open(courier) = &mut self.stage {
            let Ok(news) = courier.drain().await else {
                break;
            };
            told.extend(news);
            if !courier.is_placing() {
                break;
            }
            let happened = Happened(courier.next().await);
            self.take(happened);
        }
        told
    }

    /// Lets go of everything.
    pub(super) fn close(&mut self) {
        self.stage = Stage::Over;
        self.refuse(&FileError::Over);
    }

    fn refuse(&mut self, error: &FileError) {
        for want in self.wants.drain(..) {
            want.refuse(error.clone());
        }
    }
}

/// How many bytes the file at `path` has, if it can be offered. Blocks.
///
/// # Errors
///
/// See [`FileError`].
pub fn look_at(path: &Path) -> Result<u64, FileError> {
    Ok(Source::find(path)?.size())
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

impl Want {
    /// Whoever does not wait for the answer does not need it.
    fn refuse(self, error: FileError) {
        match self {
            Self::Offer { reply, .. } => drop(reply.send(Err(error))),
            Self::Accept { reply, .. } => drop(reply.send(Err(error))),
            Self::Cancel(_) => {}
        }
    }
}

/// Asides that wait until what was kept is there: a list, sixteen offers, and what may be said of ours.
const EARLY: usize = 64;
const WANTS: usize = 32;
