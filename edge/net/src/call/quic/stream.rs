use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use quinn::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream of a call. The connection ends when it is dropped, and what is on its way is lost then;
/// it is not if it was shut down before.
pub(in crate::call) struct Stream {
    reader: RecvStream,
    writer: SendStream,
    end: End,
}

enum End {
    Open,
    /// Until the other side has all.
    Waits(Pin<Box<dyn Future<Output = ()> + Send>>),
    Over,
}

impl Stream {
    pub(super) const fn new(reader: RecvStream, writer: SendStream) -> Self {
        Self {
            reader,
            writer,
            end: End::Open,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        AsyncRead::poll_read(Pin::new(&mut self.reader), context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.writer), context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { writer, end, .. } = &mut *self;
        loop {
            match end {
                End::Open => {
                    // Whoever does not want more has ended it before us.
                    drop(writer.finish());
                    let stopped = writer.stopped();
                    *end = End::Waits(Box::pin(async { drop(stopped.await) }));
                }
                End::Waits(last) => {
                    ready!(last.as_mut().poll(context));
                    *end = End::Over;
                }
                End::Over => return Poll::Ready(Ok(())),
            }
        }
    }
}
