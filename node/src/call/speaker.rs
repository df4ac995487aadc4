use bytes::Bytes;
use kernel::Kind;
use tokio::sync::{mpsc, oneshot};

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

    /// Ends the talk once all that was said is delivered, or on its way where nobody will say whether it
    /// came; for which there may have to be a connection first.
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
