use std::io;

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Takes frames off a stream: two bytes of length, then that many.
///
/// # Spec
///
/// `spec/20-channel.md` 2.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: BytesMut,
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
            let missing = match self.buffer.first_chunk() {
                Some(length) => {
                    let whole = usize::from(u16::from_be_bytes(*length)).saturating_add(PREFIX);
                    whole.saturating_sub(self.buffer.len())
                }
                None => PREFIX,
            };
            if missing == 0 {
                return Ok(self.take());
            }
            self.buffer.reserve(missing.max(READ));
            if from.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Takes the frame that is there. A buffer that is empty then gives its memory back.
    fn take(&mut self) -> BytesMut {
        let length = usize::from(self.buffer.get_u16());
        let frame = self.buffer.split_to(length);
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        frame
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
/// Bytes to read at a time.
const READ: usize = 2048;

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
    async fn an_empty_buffer_holds_no_memory() {
        let mut bytes = BytesMut::new();
        put(&[1; 60_000], &mut bytes);
        let mut frames = Frames::default();
        frames.next(&mut &bytes[..]).await.unwrap();
        assert_eq!(frames.buffer.capacity(), 0);
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
