use std::io;

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Takes frames off a stream: two bytes of length, then that many.
///
/// # Spec
///
/// `spec/20-channel.md` 2.
#[derive(Debug)]
pub(super) struct Frames {
    buffer: BytesMut,
    /// Bytes to read at a time: more while there is more.
    at_once: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            buffer: BytesMut::new(),
            at_once: READ,
        }
    }
}

impl Frames {
    /// The next frame. Safe to cancel.
    ///
    /// # Errors
    ///
    /// The stream has ended or broken.
    pub(super) async fn next(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<BytesMut> {
        loop {
            if let Some(frame) = self.ready() {
                return Ok(frame);
            }
            self.buffer.reserve(self.missing().max(self.at_once));
            let room = self.buffer.capacity().saturating_sub(self.buffer.len());
            let read = from.read_buf(&mut self.buffer).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if read == room {
                self.at_once = self.at_once.saturating_mul(2).min(READ_MOST);
            }
        }
    }

    /// The next frame, if all of it was read.
    pub(super) fn ready(&mut self) -> Option<BytesMut> {
        (self.missing() == 0).then(|| {
            let length = usize::from(self.buffer.get_u16());
            self.buffer.split_to(length)
        })
    }

    /// Nothing came for a while: gives back what memory it can.
    pub(super) fn rest(&mut self) {
        self.at_once = READ;
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Bytes of the next frame that were not read.
    fn missing(&self) -> usize {
        match self.buffer.first_chunk() {
            Some(length) => {
                let whole = usize::from(u16::from_be_bytes(*length)).saturating_add(PREFIX);
                whole.saturating_sub(self.buffer.len())
            }
            None => PREFIX,
        }
    }
}

/// Puts a frame of at most 65,535 bytes at the end of `out`.
pub(super) fn put(frame: &[u8], out: &mut BytesMut) {
    let length = u16::try_from(frame.len()).unwrap_or(u16::MAX);
    out.reserve(frame.len().saturating_add(PREFIX));
    out.put_u16(length);
    out.put_slice(frame);
}

const PREFIX: usize = 2;
/// Bytes to read at a time, at first and at most.
const READ: usize = 2048;
const READ_MOST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_come_out_as_they_were_put_however_they_are_cut() {
        let sent: Vec<Vec<u8>> = [0, 1, 2, 2046, 2048, 65_535, 3]
            .map(|length| vec![7; length])
            .into();
        let mut bytes = BytesMut::new();
        for frame in &sent {
            put(frame, &mut bytes);
        }
        for piece in [1, 3, 1000, 1 << 20] {
            let mut reader = pieces(&bytes, piece);
            let mut frames = Frames::default();
            for frame in &sent {
                assert_eq!(frames.next(&mut reader).await.unwrap(), frame[..]);
            }
            let end = frames.next(&mut reader).await.unwrap_err();
            assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[tokio::test]
    async fn an_empty_buffer_at_rest_holds_no_memory() {
        let mut bytes = BytesMut::new();
        put(&[1; 60_000], &mut bytes);
        let mut frames = Frames::default();
        frames.next(&mut &bytes[..]).await.unwrap();
        assert!(frames.at_once > READ);
        frames.rest();
        assert_eq!((frames.buffer.capacity(), frames.at_once), (0, READ));
    }

    /// A reader that gives at most `piece` bytes at a time.
    fn pieces(bytes: &[u8], piece: usize) -> impl AsyncRead + Unpin {
        let (mut here, there) = tokio::io::duplex(piece);
        let bytes = bytes.to_vec();
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            here.write_all(&bytes).await.unwrap();
        });
        there
    }
}
