//! What the fuzz targets share.

use rendezvous::{Passkey, Salt};

pub mod jobs;

/// What two friends share, and what a stranger has.
pub fn passkeys(salt: Salt) -> [Passkey; 2] {
    ["passphrase", "another one"]
        .map(|words| Passkey::derive(words.as_bytes(), salt).expect("a passkey"))
}

/// A fuzzer's bytes, read as steps. It ends where the bytes end.
#[derive(Debug)]
pub struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u8) -> Option<u8> {
        Some(self.byte()? % end)
    }

    /// A number below 2^32.
    pub fn long_number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes([
            self.byte()?,
            self.byte()?,
            self.byte()?,
            self.byte()?,
        ]))
    }

    /// Up to 255 bytes.
    pub fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.byte()?;
        Some(self.take(length.into()))
    }

    /// Up to 65,535 bytes.
    pub fn long(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_le_bytes([self.byte()?, self.byte()?]);
        Some(self.take(length.into()))
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}
