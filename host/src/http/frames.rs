//! What comes in on a WebSocket, watched frame by frame before anything keeps it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use wire::FRAME_MAX;

use super::Share;
use super::reading::{Reading, Room};
use crate::board::Source;

/// A stream of frames from one client. A long frame begins only if there is room for it, and comes
/// whole in time; a message is one frame. Otherwise reading fails with an [`Unfit`] inside.
///
/// The WebSocket library reserves what a frame's head announces, so this looks at heads first.
///
/// # Spec
///
/// `spec/40-server.md` section 2.2, `spec/10-rendezvous.md` section 5.4.
#[derive(Debug)]
pub(super) struct Frames<S> {
    stream: S,
    source: Source,
    reading: Arc<Reading>,
    share: Share,
    /// What has come of a head.
    head: Head,
    /// Bytes of the frame that are still to come.
    left: u64,
    /// For a long frame: its room, and when it must have come.
    long: Option<(Room, Pin<Box<Sleep>>)>,
}

/// Why no more is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Unfit {
    /// A message in several frames.
    #[error("a message in several frames")]
    Fragment,
    /// Too much is on its way.
    #[error("too many bytes on their way")]
    Crowded,
    /// A long frame does not come to its end.
    #[error("a frame did not arrive in time")]
    Slow,
}

impl<S> Frames<S> {
    /// Frames from `stream`, which must be at the start of one.
    pub(super) const fn new(
        stream: S,
        source: Source,
        reading: Arc<Reading>,
        share: Share,
    ) -> Self {
        Self {
            stream,
            source,
            reading,
            share,
            head: Head::NONE,
            left: 0,
            long: None,
        }
    }

    /// Follows the frames through `bytes`, which have just come.
    fn follow(&mut self, mut bytes: &[u8]) -> Result<(), Unfit> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let here = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let here = here.min(self.left);
                self.left = self.left.saturating_sub(here);
                let here = usize::try_from(here).unwrap_or(usize::MAX);
                bytes = bytes.get(here..).unwrap_or_default();
                if self.left == 0 {
                    self.long = None;
                }
                continue;
            }
            bytes = rest;
            if let Some(length) = self.head.push(*first)? {
                self.head = Head::NONE;
                self.left = length;
                self.begin(length)?;
            }
        }
        Ok(())
    }

    /// A frame of `length` bytes begins.
    fn begin(&mut self, length: u64) -> Result<(), Unfit> {
        // The library refuses a longer one at its head, and keeps nothing.
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > FRAME_MAX {
            return Ok(());
        }
        let room = self.reading.take(self.source, length, self.share);
        let room = room.ok_or(Unfit::Crowded)?;
        self.long = room.map(|room| (room, Box::pin(sleep(PATIENCE))));
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Frames<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                let news = buf.filled().get(before..).unwrap_or_default();
                Poll::Ready(self.follow(news).map_err(io::Error::other))
            }
            // Only when there is nothing to read: we may have been the slow ones.
            Poll::Pending => match &mut self.long {
                None => Poll::Pending,
                Some((_, end)) => {
                    let slow = |()| Err(io::Error::other(Unfit::Slow));
                    end.as_mut().poll(cx).map(slow)
                }
            },
            failed => failed,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Frames<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The head of a frame (RFC 6455, section 5.2), as far as it has come.
#[derive(Clone, Copy, Debug)]
struct Head {
    bytes: [u8; HEAD_MAX],
    len: usize,
}

impl Head {
    const NONE: Self = Self {
        bytes: [0; HEAD_MAX],
        len: 0,
    };

    /// Takes one more byte; the length of the frame's payload once the head is whole.
    fn push(&mut self, byte: u8) -> Result<Option<u64>, Unfit> {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
        }
        self.len = self.len.saturating_add(1);
        let [flags, short, ..] = self.bytes;
        if self.len < 2 {
            return Ok(None);
        }
        // Neither the first of several, nor a later one.
        if flags & FIN == 0 || flags & OPCODE == 0 {
            return Err(Unfit::Fragment);
        }
        let mask = if short & MASKED == 0 { 0 } else { 4 };
        let (more, length) = match short & !MASKED {
            126 => (2, self.number::<2>()),
            127 => (8, self.number::<8>()),
            short => (0, short.into()),
        };
        let whole = 2_usize.saturating_add(more).saturating_add(mask);
        Ok((self.len >= whole).then_some(length))
    }

    /// The length in `N` bytes.
    fn number<const N: usize>(&self) -> u64 {
        let bytes = self.bytes.iter().skip(2).take(N);
        bytes.fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }
}

const FIN: u8 = 0x80;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
/// Flags, length in up to nine bytes, mask.
const HEAD_MAX: usize = 14;
/// For a long frame, as for a body.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const SHARE: Share = Share {
        total: 300_000,
        per_source: 10_000,
    };

    /// The client's end, and the server's.
    fn pair(reading: &Arc<Reading>, source: u64) -> (DuplexStream, Frames<DuplexStream>) {
        let (client, server) = duplex(1 << 20);
        let source = Source::new(source);
        let frames = Frames::new(server, source, Arc::clone(reading), SHARE);
        (client, frames)
    }

    /// The head of a masked binary frame of this length, the shortest that says it.
    fn head(length: u64) -> Vec<u8> {
        let mut head = vec![0x82];
        match length {
            0..126 => head.push(0x80 | u8::try_from(length).unwrap()),
            126..65_536 => {
                head.push(0x80 | 126);
                head.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                head.push(0x80 | 127);
                head.extend(length.to_be_bytes());
            }
        }
        head.extend([1, 2, 3, 4]);
        head
    }

    async fn read(frames: &mut Frames<DuplexStream>) -> Result<usize, Option<Unfit>> {
        let read = frames.read(&mut [0; 1 << 16]).await;
        read.map_err(|error| {
            error
                .get_ref()
                .and_then(|unfit| unfit.downcast_ref().copied())
        })
    }

    #[tokio::test]
    async fn frames_are_followed_however_they_are_cut() {
        let mut stream = Vec::new();
        for length in [0_usize, 1, 125, 126, 4096, 4097, 9_000, 70_000] {
            stream.extend(head(u64::try_from(length).unwrap()));
            stream.extend(vec![7; length]);
        }
        for cut in [1, 2, 3, 7, 4_099, 100_000] {
            let reading = Arc::<Reading>::default();
            let (_client, mut frames) = pair(&reading, 1);
            frames.share.per_source = 70_000;
            for part in stream.chunks(cut) {
                assert_eq!(frames.follow(part), Ok(()), "{cut}");
            }
            assert_eq!((frames.left, frames.head.len), (0, 0), "{cut}");
            assert!(frames.long.is_none());
        }
    }

    #[tokio::test]
    async fn long_frames_that_are_not_whole_are_bounded_and_make_room_when_they_are() {
        let reading = Arc::<Reading>::default();
        let (mut one, mut first) = pair(&reading, 1);
        let (mut two, mut second) = pair(&reading, 1);
        one.write_all(&head(6_000)).await.unwrap();
        assert_eq!(read(&mut first).await, Ok(8));
        two.write_all(&head(4_001)).await.unwrap();
        assert_eq!(read(&mut second).await, Ok(8), "short");
        let (mut three, mut third) = pair(&reading, 1);
        three.write_all(&head(4_097)).await.unwrap();
        assert_eq!(read(&mut third).await, Err(Some(Unfit::Crowded)));
        one.write_all(&[0; 6_000]).await.unwrap();
        assert_eq!(read(&mut first).await, Ok(6_000));
        let (mut four, mut fourth) = pair(&reading, 1);
        four.write_all(&head(4_097)).await.unwrap();
        assert_eq!(read(&mut fourth).await, Ok(8));
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_frame_that_does_not_end_is_given_up_with_its_room() {
        let reading = Arc::<Reading>::default();
        let (mut slow, mut frames) = pair(&reading, 1);
        slow.write_all(&head(10_000)).await.unwrap();
        assert_eq!(read(&mut frames).await, Ok(8));
        assert_eq!(read(&mut frames).await, Err(Some(Unfit::Slow)));
        drop(frames);
        let (mut next, mut frames) = pair(&reading, 1);
        next.write_all(&head(10_000)).await.unwrap();
        assert_eq!(read(&mut frames).await, Ok(8));
    }

    #[tokio::test]
    async fn a_message_in_several_frames_is_none() {
        for flags in [0x02, 0x80, 0x00] {
            let reading = Arc::<Reading>::default();
            let (mut client, mut frames) = pair(&reading, 1);
            client.write_all(&[flags, 0x80, 0, 0, 0, 0]).await.unwrap();
            assert_eq!(read(&mut frames).await, Err(Some(Unfit::Fragment)));
        }
    }
}
