use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};

use super::super::note::Target;
use super::super::place;
use super::opened;

/// A partial file.
pub(super) struct Partial {
    pub(super) target: Target,
    file: Option<File>,
    /// Where the next bytes belong.
    end: u64,
    /// How many bytes may not be durable yet.
    pub(super) unsynced: u64,
    pub(super) is_broken: bool,
}

impl Partial {
    pub(super) const fn new(target: Target) -> Self {
        Self {
            target,
            file: None,
            end: 0,
            unsynced: 0,
            is_broken: false,
        }
    }

    pub(super) fn file(&mut self) -> io::Result<&mut File> {
        opened(&mut self.file, || place::open(&self.target))
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let file = self.file()?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.end = offset.saturating_add(length);
        self.unsynced = self.unsynced.saturating_add(length);
        Ok(())
    }

    /// Makes all of it durable. Gives up to where that is.
    pub(super) fn sync(&mut self) -> io::Result<u64> {
        self.file()?.sync_data()?;
        self.unsynced = 0;
        Ok(self.end)
    }

    /// Nothing more is written.
    pub(super) const fn breaks(&mut self) {
        (self.is_broken, self.unsynced) = (true, 0);
    }
}
