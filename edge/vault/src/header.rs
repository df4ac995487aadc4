use primitives::sha256;

use crate::{
    bytes::{Reader, push_short},
    wrap::Wrap,
};

/// How to get at the data key: the store's id and all wraps.
///
/// # Spec
///
/// `spec/16-vault.md` 3.1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    pub(crate) id: [u8; ID_LEN],
    /// The number of the next wrap.
    next: u16,
    /// 1 to [`MAX_WRAPS`], by rising number. Zero only while a header is being made.
    wraps: Vec<Wrap>,
}

impl Header {
    pub(crate) const fn new(id: [u8; ID_LEN]) -> Self {
        let wraps = Vec::new();
        Self { id, next: 1, wraps }
    }

    pub(crate) fn wraps(&self) -> &[Wrap] {
        &self.wraps
    }

    /// The number for one more wrap. `None`: there are [`MAX_WRAPS`], or numbers ran out.
    pub(crate) fn next(&self) -> Option<u16> {
        let room = self.wraps.len() < MAX_WRAPS && self.next < u16::MAX;
        room.then_some(self.next)
    }

    /// Adds `wrap`, whose number must be [`next`](Self::next).
    pub(crate) fn add(&mut self, wrap: Wrap) {
        self.next = wrap.number.saturating_add(1);
        self.wraps.push(wrap);
    }

    /// Puts `wrap` in the place of the one with its number.
    pub(crate) fn replace(&mut self, wrap: Wrap) {
        if let Some(old) = self.wraps.iter_mut().find(|old| old.number == wrap.number) {
            *old = wrap;
        }
    }

    pub(crate) fn remove(&mut self, number: u16) {
        self.wraps.retain(|wrap| wrap.number != number);
    }

    /// At most [`MAX_LEN`] bytes, or `None`: too many wraps of kinds we do not know.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&self.next.to_le_bytes());
        bytes.push(u8::try_from(self.wraps.len()).ok()?);
        for wrap in &self.wraps {
            bytes.extend_from_slice(&wrap.number.to_le_bytes());
            bytes.push(wrap.kind());
            push_short(&mut bytes, &wrap.body())?;
        }
        bytes.extend_from_slice(&check(&bytes));
        (bytes.len() <= MAX_LEN).then_some(bytes)
    }

    /// Reads `bytes`, which may come from anyone. `None`: damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_LEN {
            return None;
        }
        let (checked, sum) = bytes.split_last_chunk()?;
        if check(checked) != *sum {
            return None;
        }
        let mut reader = Reader::new(checked);
        if reader.array()? != *MAGIC || reader.le16()? != FORMAT {
            return None;
        }
        let mut header = Self::new(reader.array()?);
        let next = reader.le16()?;
        let count = usize::from(reader.u8()?);
        if count == 0 || count > MAX_WRAPS {
            return None;
        }
        let mut least = 0;
        for _ in 0..count {
            let number = reader.le16()?;
            let wrap = Wrap::decode(number, reader.u8()?, reader.short()?)?;
            if number < least || number >= next {
                return None;
            }
            least = number.saturating_add(1);
            header.wraps.push(wrap);
        }
        header.next = next;
        reader.rest().is_empty().then_some(header)
    }
}

fn check(bytes: &[u8]) -> [u8; CHECK_LEN] {
    let mut sum = [0; CHECK_LEN];
    for (to, from) in sum.iter_mut().zip(sha256(&[bytes])) {
        *to = from;
    }
    sum
}

pub(crate) const ID_LEN: usize = 16;
/// How many wraps a store may have.
pub const MAX_WRAPS: usize = 8;
pub(crate) const MAX_LEN: usize = 4_096;
const MAGIC: &[u8; 16] = b"entrenous-vault\0";
const FORMAT: u16 = 1;
const CHECK_LEN: usize = 16;
