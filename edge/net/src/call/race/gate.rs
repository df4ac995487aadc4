use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// A stream that holds back what comes until its attempt has won. It reads the first byte and tells of it; the rest waits
/// where it is.
#[derive(Debug)]
pub(super) struct Gate<T> {
    inner: T,
    state: State,
    /// `None`: it was told.
    answered: Option<oneshot::Sender<()>>,
    opened: oneshot::Receiver<()>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing came.
    Silent,
    /// This came, and is held back.
    Held(u8),
    /// The attempt has won, and what was held back is given.
    Open,
}

/// The other side of a [`Gate`].
#[derive(Debug)]
pub(super) struct Latch {
    /// Ends when something came; with an error, when nothing will.
    pub(super) answered: oneshot::Receiver<()>,
    /// Opens it. Dropped, it ends the stream.
    pub(super) open: oneshot::Sender<()>,
}

impl<T> Gate<T> {
    pub(super) fn new(inner: T) -> (Self, Latch) {
        let (answered, is_answered) = oneshot::channel();
        let (open, opened) = oneshot::channel();
        let gate = Self {
            inner,
            state: State::Silent,
            answered: Some(answered),
            opened,
        };
        let latch = Latch {
            answered: is_answered,
            open,
        };
        (gate, latch)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Gate<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        if let State::Silent = gate.state {
            let mut byte = [0];
            let mut one = ReadBuf::new(&mut byte);
            ready!(Pin::new(&mut gate.inner).poll_read(context, &mut one))?;
            let Some(byte) = one.filled().first() else {
                // It ended, and whoever waits for an answer sees that as this is dropped.
                return Poll::Ready(Ok(()));
            };
            gate.state = State::Held(*byte);
            if let Some(answered) = gate.answered.take() {
                answered.send(()).unwrap_or_default();
            }
        }
        if let State::Held(byte) = gate.state {
            if into.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if ready!(Pin::new(&mut gate.opened).poll(context)).is_ok() {
                into.put_slice(&[byte]);
                gate.state = State::Open;
            }
            // Else it has lost: the end of the stream.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut gate.inner).poll_read(context, into)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Gate<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn nothing_passes_before_it_is_opened_and_everything_after() {
        let (mut far, near) = duplex(64);
        let (mut gate, mut latch) = Gate::new(near);
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            gate.read_to_end(&mut all).await.unwrap();
            all
        });
        assert!(latch.answered.try_recv().is_err());
        far.write_all(b"answer").await.unwrap();
        latch.answered.await.unwrap();
        tokio::task::yield_now().await;
        assert!(!reading.is_finished());
        latch.open.send(()).unwrap();
        far.write_all(b", and more").await.unwrap();
        drop(far);
        assert_eq!(reading.await.unwrap(), b"answer, and more");
    }

    #[tokio::test]
    async fn one_that_is_never_opened_ends() {
        let (mut far, near) = duplex(64);
        let (mut gate, latch) = Gate::new(near);
        far.write_all(b"answer").await.unwrap();
        drop(latch);
        assert_eq!(gate.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_stream_that_ends_answers_nothing() {
        let (far, near) = duplex(64);
        let (mut gate, latch) = Gate::new(near);
        drop(far);
        assert_eq!(gate.read(&mut [0; 8]).await.unwrap(), 0);
        drop(gate);
        assert!(latch.answered.await.is_err());
    }

    #[tokio::test]
    async fn what_is_written_passes() {
        let (mut far, near) = duplex(64);
        let (mut gate, _latch) = Gate::new(near);
        gate.write_all(b"first").await.unwrap();
        gate.shutdown().await.unwrap();
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"first");
    }
}
