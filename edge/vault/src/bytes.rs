//! Reading and writing of fixed layouts; little-endian throughout.

/// Bytes that may come from anyone, taken from the front. `None`: there are not enough.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn le16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn le32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn le64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// What a `le16` length announces.
    pub(crate) fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.le16()?;
        self.take(length.into())
    }

    /// What a `le32` length announces.
    pub(crate) fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.le32()?;
        self.take(usize::try_from(length).ok()?)
    }
}

/// Appends `bytes` behind their `le16` length. `None`: there are more than 65,535.
pub(crate) fn push_short(to: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let length = u16::try_from(bytes.len()).ok()?;
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(bytes);
    Some(())
}

/// Appends `bytes` behind their `le32` length. `None`: there are 4 GiB or more.
pub(crate) fn push_long(to: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let length = u32::try_from(bytes.len()).ok()?;
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(bytes);
    Some(())
}
