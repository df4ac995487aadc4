use bytes::Bytes;
use channel::Padding;
use kernel::Kind;
use tokio::sync::mpsc;

use super::talk::Order;

/// Speaks in a [`Talk`](super::Talk).
#[derive(Clone, Debug)]
pub struct Speaker {
    order: mpsc::Sender<Order>,
    say: mpsc::Sender<Bytes>,
}

impl Speaker {
    pub(super) const fn new(order: mpsc::Sender<Order>, say: mpsc::Sender<Bytes>) -> Self {
        Self { order, say }
    }

    /// Bytes that a message has at most.
    pub const MOST: usize = Padding::Direct.most_text();

    /// Says something, now or once there is a connection. Waits while too much waits already: take what
    /// [`Talk::next`](super::Talk::next) tells meanwhile, or it may wait for ever.
    ///
    /// That it was taken does not say that it has come: what is on its way when a connection breaks can
    /// be lost, and nobody is told.
    ///
    /// # Errors
    ///
    /// See [`SayError`]; it was not taken then.
    pub async fn say(&self, text: Bytes) -> Result<(), SayError> {
        if text.len() > Self::MOST {
            return Err(SayError::TooLong {
                bytes: text.len(),
                most: Self::MOST,
            });
        }
        self.say.send(text).await.map_err(|_| SayError::Over)
    }

    /// Ends the talk once all that was said is on its way, for which there may have to be a connection
    /// first.
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
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
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
}

impl SayError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::TooLong { .. } => Kind::BadInput,
            Self::Over => Kind::Unavailable,
        }
    }
}
