use std::io::{self, Read, Write};

use primitives::{
    NONCE_LEN, Secret, TAG_LEN, Zeroize as _, Zeroizing, open_in_place, seal_in_place,
};

/// Seals a stream in chunks.
///
/// # Spec
///
/// `spec/16-vault.md` 6.
#[derive(Debug)]
pub(crate) struct Sealer<W> {
    to: W,
    key: Secret<32>,
    /// Less than a chunk, or a whole one that may be the last.
    text: Zeroizing<Vec<u8>>,
    number: u64,
}

impl<W: Write> Sealer<W> {
    pub(crate) fn new(to: W, key: Secret<32>) -> Self {
        let text = Zeroizing::new(Vec::with_capacity(CHUNK_LEN.saturating_add(TAG_LEN)));
        Self {
            to,
            key,
            text,
            number: 0,
        }
    }

    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.text.len() >= CHUNK_LEN {
                self.flush_chunk(false)?;
            }
            let room = CHUNK_LEN.saturating_sub(self.text.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.text.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Seals what is left and marks it as the end.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.flush_chunk(true)?;
        Ok(self.to)
    }

    fn flush_chunk(&mut self, last: bool) -> io::Result<()> {
        let nonce = nonce(self.number, last);
        self.number = self.number.saturating_add(1);
        let tag = seal_in_place(&self.key, &nonce, &mut self.text, &[]);
        self.to.write_all(&self.text)?;
        self.to.write_all(&tag)?;
        self.text.clear();
        Ok(())
    }
}

/// Opens such a stream.
#[derive(Debug)]
pub(crate) struct Opener<R> {
    from: R,
    key: Secret<32>,
    /// Opened and not yet taken.
    text: Zeroizing<Vec<u8>>,
    taken: usize,
    /// The sealed chunk after what is in `text`; empty behind the last one.
    next: Vec<u8>,
    number: u64,
}

/// Why a stream goes on no further.
#[derive(Debug)]
pub(crate) enum StreamError {
    /// Altered, cut or lengthened, or opened with another key.
    Damaged,
    Io(io::Error),
}

impl<R: Read> Opener<R> {
    pub(crate) fn new(from: R, key: Secret<32>) -> Result<Self, StreamError> {
        let mut opener = Self {
            from,
            key,
            text: Zeroizing::default(),
            taken: 0,
            next: Vec::new(),
            number: 0,
        };
        opener.next = opener.read_chunk()?;
        Ok(opener)
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&[u8], StreamError> {
        while self.text.len().saturating_sub(self.taken) < length {
            self.open_chunk()?;
        }
        let start = self.taken;
        self.taken = start.saturating_add(length);
        self.text.get(start..self.taken).ok_or(StreamError::Damaged)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], StreamError> {
        self.take(N)?.try_into().map_err(|_| StreamError::Damaged)
    }

    /// Whether everything was taken.
    pub(crate) fn is_done(&self) -> bool {
        self.next.is_empty() && self.taken == self.text.len()
    }

    fn open_chunk(&mut self) -> Result<(), StreamError> {
        let mut chunk = Zeroizing::new(std::mem::take(&mut self.next));
        self.next = self.read_chunk()?;
        let nonce = nonce(self.number, self.next.is_empty());
        self.number = self.number.saturating_add(1);
        let (text, tag) = chunk
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(StreamError::Damaged)?;
        open_in_place(&self.key, &nonce, text, tag, &[]).map_err(|_| StreamError::Damaged)?;
        if text.is_empty() {
            return Err(StreamError::Damaged);
        }
        // What was taken is not kept, so a record is all that memory ever holds.
        let left = self.text.get(self.taken..).unwrap_or_default();
        let mut joined = Vec::with_capacity(left.len().saturating_add(text.len()));
        joined.extend_from_slice(left);
        joined.extend_from_slice(text);
        self.text.zeroize();
        (self.text, self.taken) = (Zeroizing::new(joined), 0);
        Ok(())
    }

    fn read_chunk(&mut self) -> Result<Vec<u8>, StreamError> {
        let mut chunk = Vec::new();
        let most = u64::try_from(CHUNK_LEN.saturating_add(TAG_LEN)).unwrap_or(0);
        let read = self.from.by_ref().take(most).read_to_end(&mut chunk);
        read.map_err(StreamError::Io)?;
        Ok(chunk)
    }
}

fn nonce(number: u64, last: bool) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    let bytes = number.to_le_bytes().into_iter().chain([u8::from(last)]);
    for (to, from) in nonce.iter_mut().zip(bytes) {
        *to = from;
    }
    nonce
}

/// Bytes of text in each chunk but the last.
pub(crate) const CHUNK_LEN: usize = 65_536;
