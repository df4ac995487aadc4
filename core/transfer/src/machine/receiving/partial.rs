use primitives::Sha256;

use super::super::parts::{READ, Span, WINDOW, count};

/// What is there of a file that we want.
pub(super) struct Partial {
    /// Whether the other side was told on this connection to send.
    is_open: bool,
    /// Bytes that came; those that are durable; those that we said to be.
    came: u64,
    written: u64,
    said: u64,
    hash: Sha256,
    /// How many of them are in it.
    hashed: u64,
    reading: Option<Span>,
    /// The hash of the whole, as the sender says.
    complete: Option<[u8; 32]>,
}

impl Partial {
    /// Of which `there` bytes are durable, and not hashed.
    pub(super) fn there(there: u64) -> Self {
        Self {
            is_open: false,
            came: there,
            written: there,
            said: there,
            hash: Sha256::default(),
            hashed: 0,
            reading: None,
            complete: None,
        }
    }

    pub(super) const fn lost(&mut self) {
        self.is_open = false;
        self.complete = None;
    }

    /// From where it goes on; not yet, while anything is to be written or hashed.
    pub(super) const fn open(&self) -> Option<u64> {
        let is_settled = self.written == self.came && self.hashed == self.came;
        match is_settled && !self.is_open {
            true => Some(self.came),
            false => None,
        }
    }

    /// The other side is told so.
    pub(super) const fn opened(&mut self) {
        self.is_open = true;
        self.said = self.came;
    }

    /// Bytes that came on this connection and were not said to be written.
    pub(super) const fn under_way(&self) -> u64 {
        match self.is_open {
            true => self.came.saturating_sub(self.said),
            false => 0,
        }
    }

    /// Takes bytes of anyone's; not if they are not those that follow.
    pub(super) fn take(&mut self, offset: u64, bytes: &[u8], size: u64) -> bool {
        let end = offset.checked_add(count(bytes.len()));
        let Some(end) = end.filter(|end| *end <= size) else {
            return false;
        };
        if !self.is_open || self.complete.is_some() || offset != self.came {
            return false;
        }
        // What was there is hashed before the other side is told to send.
        self.hash.update(bytes);
        (self.came, self.hashed) = (end, end);
        true
    }

    /// Whether it is news that all before `upto` is durable.
    pub(super) const fn written(&mut self, upto: u64) -> bool {
        let is_news = self.written < upto && upto <= self.came;
        if is_news {
            self.written = upto;
        }
        is_news
    }

    /// What to say of it now.
    pub(super) const fn say(&mut self) -> Option<u64> {
        let news = self.written.saturating_sub(self.said);
        if !self.is_open || (self.written < self.came && news < SAY) {
            return None;
        }
        self.said = self.written;
        Some(self.written)
    }

    /// Takes the hash of the whole; not if it is not due.
    pub(super) const fn complete(&mut self, hash: [u8; 32], size: u64) -> bool {
        let is_due = self.is_open && self.came == size && self.complete.is_none();
        if is_due {
            self.complete = Some(hash);
        }
        is_due
    }

    /// Whether it is the file that was sent, once all is there.
    pub(super) fn is_right(&self) -> Option<bool> {
        let hash = self.complete.filter(|_| self.written == self.came)?;
        Some(hash == self.hash.clone().finish())
    }

    /// What to read, so as to hash it.
    pub(super) fn wants(&mut self) -> Option<Span> {
        if self.reading.is_some() || self.hashed >= self.came {
            return None;
        }
        let span = Span::up_to(self.hashed, self.came, READ);
        self.reading = Some(span);
        Some(span)
    }

    /// Takes what was read, if it was asked for; `Some(false)`: there is less than there was.
    pub(super) fn read(&mut self, offset: u64, bytes: &[u8]) -> Option<bool> {
        let span = self.reading.take_if(|span| span.offset == offset)?;
        let Some(bytes) = bytes.get(..span.len) else {
            return Some(false);
        };
        self.hash.update(bytes);
        self.hashed = self.hashed.saturating_add(count(span.len));
        Some(true)
    }
}

/// More than this is said to be written, though something else is not yet.
const SAY: u64 = WINDOW >> 3;
