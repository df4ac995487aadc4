use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use switch::server::{Cause, Framing};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::{Instant, timeout_at};

use super::super::hub::Hub;
use super::super::reading::Room;
use crate::board::Source;
use crate::relay::{Incoming, Outgoing, Relay, Unread};

/// Carries the frames of a stream, each behind two bytes of length.
pub(in crate::http) async fn serve(
    hub: Arc<Hub>,
    relay: Arc<Relay>,
    from: IpAddr,
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
) {
    let (reader, writer) = split(stream);
    let frames = Frames {
        source: hub.source_of(from),
        hub,
        reader,
        buffer: BytesMut::new(),
        long: None,
    };
    let connection = relay.connect(from, Framing::Length);
    connection.carry(frames, Writer(writer)).await;
}

/// What comes. A long frame begins only if there is room for it, and is whole in time.
struct Frames<S> {
    hub: Arc<Hub>,
    source: Source,
    reader: ReadHalf<S>,
    buffer: BytesMut,
    /// For a long frame: its room, and when it must have come.
    long: Option<(Option<Room>, Instant)>,
}

impl<S: AsyncRead + Send> Frames<S> {
    /// Reads more of a frame that is not whole.
    async fn more(&mut self) -> Result<(), Unread> {
        // What was only announced takes no memory.
        self.buffer.reserve(READ);
        let read = self.reader.read_buf(&mut self.buffer);
        let read = match &self.long {
            None => read.await,
            Some((_, end)) => timeout_at(*end, read).await.map_err(|_| {
                rejected("time");
                Unread::Gone
            })?,
        };
        match read {
            Ok(0) | Err(_) => Err(Unread::Gone),
            Ok(_) => Ok(()),
        }
    }

    /// A frame of `length` bytes begins.
    fn begin(&mut self, length: usize) -> Result<(), Unread> {
        let share = self.hub.reading_share();
        let Some(room) = self.hub.reading.take(self.source, length, share) else {
            rejected("uploads");
            return Err(Unread::Gone);
        };
        let now = Instant::now();
        let end = now.checked_add(PATIENCE).unwrap_or(now);
        self.long = Some((room, end));
        Ok(())
    }
}

impl<S: AsyncRead + Send> Incoming for Frames<S> {
    type Frame = BytesMut;

    /// Safe to cancel.
    async fn next(&mut self) -> Result<BytesMut, Unread> {
        loop {
            let Some(length) = self.buffer.first_chunk() else {
                self.more().await?;
                continue;
            };
            let length = usize::from(u16::from_be_bytes(*length));
            let whole = length.saturating_add(PREFIX);
            if self.buffer.len() < whole {
                if self.long.is_none() {
                    self.begin(length)?;
                }
                self.more().await?;
                continue;
            }
            self.long = None;
            self.buffer.advance(PREFIX);
            let frame = self.buffer.split_to(length);
            if self.buffer.is_empty() {
                // Gives its memory back.
                self.buffer = BytesMut::new();
            }
            return Ok(frame);
        }
    }

    async fn goodbye(&mut self) {}
}

struct Writer<S>(WriteHalf<S>);

impl<S: AsyncWrite + Send> Outgoing for Writer<S> {
    async fn send(&mut self, frame: Vec<u8>) -> io::Result<()> {
        // The relay seals no longer one for such a connection.
        let length = u16::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let prefix = length.to_be_bytes();
        let mut both = Buf::chain(&prefix[..], &frame[..]);
        self.0.write_all_buf(&mut both).await?;
        self.0.flush().await
    }

    async fn close(&mut self, _: Cause) -> io::Result<()> {
        self.0.shutdown().await
    }
}

fn rejected(limit: &'static str) {
    metrics::counter!("entrenous_rejected_total", "limit" => limit).increment(1);
}

const PREFIX: usize = 2;
/// Bytes to read at a time, at least.
const READ: usize = 2 << 10;
/// For a frame that has begun, as on a WebSocket.
const PATIENCE: Duration = Duration::from_secs(30);
