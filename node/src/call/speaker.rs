use std::path::PathBuf;

use bytes::Bytes;
use kernel::Kind;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;

use super::files::{FileError, FileId, Source, Want};
use super::talk::{Order, Said};
use crate::keep::KeepError;

/// Speaks in a [`Talk`](super::Talk).
#[derive(Clone, Debug)]
pub struct Speaker {
    order: mpsc::Sender<Order>,
    say: mpsc::Sender<Said>,
}

impl Speaker {
    pub(super) const fn new(order: mpsc::Sender<Order>, say: mpsc::Sender<Said>) -> Self {
        Self { order, say }
    }

    /// Bytes that a message has at most, so that it fits on every way.
    pub const MOST: usize = 30_000;

    /// Says something, now or once there is a connection: in a later call, if this one ends before. Gives
    /// the number of the line, which is kept. Waits while too many lines wait already, or nobody has been
    /// taken yet: take what [`Talk::next`](super::Talk::next) tells meanwhile, or it may wait for ever.
    ///
    /// # Errors
    ///
    /// See [`SayError`]; it was not taken then.
    pub async fn say(&self, text: Bytes) -> Result<u64, SayError> {
        if text.len() > Self::MOST {
            return Err(SayError::TooLong {
                bytes: text.len(),
                most: Self::MOST,
            });
        }
        let (reply, replied) = oneshot::channel();
        let said = self.say.send(Said { text, reply }).await;
        said.map_err(|_| SayError::Over)?;
        replied.await.unwrap_or(Err(SayError::Over))
    }

    /// Offers the file at `path`, in this call and every later one until it is over, and keeps that. It
    /// must stay as it is for so long. One that is offered already, and is as it was, goes on instead. What
    /// becomes of it is told by
    /// [`Told::File`](super::Told::File).
    ///
    /// # Errors
    ///
    /// See [`FileError`]; it is not offered then.
    pub async fn offer_file(&self, path: PathBuf) -> Result<FileId, FileError> {
        let found = spawn_blocking(move || Source::find(&path)).await;
        let source = found.map_err(|_| KeepError::Bug("to look at a file ends"))??;
        let (reply, replied) = oneshot::channel();
        self.order(Order::File(Want::Offer { source, reply })).await;
        replied.await.unwrap_or(Err(FileError::Over))
    }

    /// Takes a file of [`FileEvent::Offered`](super::FileEvent::Offered): `into` a folder, by its own name,
    /// or to a whole path. Another file that is there stays, and this one gets a number. It goes on in
    /// later calls until it is over.
    ///
    /// # Errors
    ///
    /// See [`FileError`]; it is offered still, unless that says it is not.
    pub async fn accept_file(&self, id: FileId, into: PathBuf) -> Result<(), FileError> {
        let (reply, replied) = oneshot::channel();
        let want = Want::Accept { id, into, reply };
        self.order(Order::File(want)).await;
        replied.await.unwrap_or(Err(FileError::Over))
    }

    /// Declines a file, or ends one that is on its way, either way. Does nothing if it is over. Nothing
    /// more is told of it.
    pub async fn cancel_file(&self, id: FileId) {
        self.order(Order::File(Want::Cancel(id))).await;
    }

    /// Ends the talk once all that was said is delivered, or on its way where nobody will say whether it
    /// came, and accepted files are there; for which there may have to be a connection first.
    pub async fn finish(&self) {
        self.order(Order::Finish).await;
    }

    /// Ends the talk.
    pub async fn close(&self) {
        self.order(Order::Close).await;
    }

    pub(super) async fn order(&self, order: Order) {
        // A talk that is over obeys nobody.
        drop(self.order.send(order).await);
    }
}

/// Why nothing was said.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SayError {
    /// It is longer than a message can be.
    #[error("a message of {bytes} bytes, where at most {most} fit")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// The talk is over.
    #[error("the call is over")]
    Over,
    /// It could not be kept.
    #[error(transparent)]
    NotKept(#[from] KeepError),
}

impl SayError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::TooLong { .. } => Kind::BadInput,
            Self::Over => Kind::Unavailable,
            Self::NotKept(error) => error.kind(),
        }
    }
}
