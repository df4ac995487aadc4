use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use kernel::Label;
use primitives::{Secret, hkdf_sha256, sha256};

use super::{
    Summary,
    stream::{Opener, Sealer, StreamError},
};
use crate::{
    bytes::{Reader, push_short},
    error::{Part, StoreError},
    header::{Header, MAX_LEN},
    record::{MAX_BODY_LEN, MAX_NAME_LEN, Plain},
};

/// A backup that is being written.
///
/// # Spec
///
/// `spec/16-vault.md` 6.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    sealer: Sealer<W>,
    records: u64,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(mut to: W, start: &[u8], data_key: &Secret<32>) -> io::Result<Self> {
        to.write_all(start)?;
        Ok(Self {
            sealer: Sealer::new(to, stream_key(data_key, start)),
            records: 0,
        })
    }

    pub(crate) fn add(&mut self, plain: &Plain<'_>) -> io::Result<()> {
        let mut fields = vec![1];
        fields.extend_from_slice(&plain.revision.to_le_bytes());
        fields.extend_from_slice(&plain.kind.to_le_bytes());
        fields.extend_from_slice(&plain.version.to_le_bytes());
        let body = u32::try_from(plain.body.len()).ok();
        let (Some(()), Some(body)) = (push_short(&mut fields, plain.name), body) else {
            return Err(io::ErrorKind::InvalidInput.into()); // a record keeps its limits
        };
        fields.extend_from_slice(&body.to_le_bytes());
        self.records = self.records.saturating_add(1);
        self.sealer.write(&fields)?;
        self.sealer.write(plain.body)
    }

    /// What the end will say.
    pub(crate) const fn summary(&self, revision: u64) -> Summary {
        let records = self.records;
        Summary { revision, records }
    }

    /// Writes the end: the store is at `revision`.
    pub(crate) fn finish(mut self, revision: u64) -> io::Result<W> {
        let (revision, records) = (revision.to_le_bytes(), self.records.to_le_bytes());
        self.sealer
            .write(&[&[0][..], &revision, &records].concat())?;
        self.sealer.finish()
    }

    /// Any text, for the fuzzer.
    #[cfg(fuzzing)]
    pub(crate) fn finish_with(mut self, text: &[u8]) -> io::Result<W> {
        self.sealer.write(text)?;
        self.sealer.finish()
    }
}

/// A backup of which only the start was read.
#[derive(Debug)]
pub(crate) struct Started<R> {
    from: R,
    path: PathBuf,
    start: Vec<u8>,
    pub(crate) header: Header,
}

/// The records of a backup.
#[derive(Debug)]
pub(crate) struct Items<R> {
    opener: Opener<R>,
    path: PathBuf,
}

impl<R: Read> Started<R> {
    pub(crate) fn read(mut from: R, path: &Path) -> Result<Self, StoreError> {
        let fault = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => StoreError::Damaged(Part::Backup),
            _ => StoreError::io("read", path, &error),
        };
        let damaged = StoreError::Damaged(Part::Backup);
        let mut fixed = [0; FIXED_LEN];
        from.read_exact(&mut fixed).map_err(fault)?;
        let (known, [low, high]) = fixed.split_last_chunk().ok_or_else(|| damaged.clone())?;
        let mut known = Reader::new(known);
        if known.array() != Some(*MAGIC) {
            return Err(damaged);
        }
        match known.le16() {
            Some(FORMAT) => {}
            Some(format) if format > FORMAT => {
                let (part, format) = (Part::Backup, format.into());
                return Err(StoreError::Newer { part, format });
            }
            _ => return Err(damaged),
        }
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        if length > MAX_LEN {
            return Err(damaged);
        }
        let mut header = vec![0; length];
        from.read_exact(&mut header).map_err(fault)?;
        Ok(Self {
            from,
            path: path.to_owned(),
            start: [&fixed[..], &header].concat(),
            header: Header::decode(&header).ok_or(damaged)?,
        })
    }

    pub(crate) fn with_key(self, data_key: &Secret<32>) -> Result<Items<R>, StoreError> {
        let key = stream_key(data_key, &self.start);
        let opener = Opener::new(self.from, key).map_err(|error| fault(error, &self.path))?;
        let path = self.path;
        Ok(Items { opener, path })
    }
}

impl<R: Read> Items<R> {
    /// Gives every record to `each`, and verifies that nothing is missing at the end.
    pub(crate) fn finish(
        &mut self,
        mut each: impl FnMut(Plain<'_>) -> Result<(), StoreError>,
    ) -> Result<Summary, StoreError> {
        let mut seen = 0_u64;
        loop {
            match self.step(&mut each)? {
                None => seen = seen.saturating_add(1),
                Some(summary) if summary.records == seen && self.opener.is_done() => {
                    return Ok(summary);
                }
                Some(_) => return Err(StoreError::Damaged(Part::Backup)),
            }
        }
    }

    fn step(
        &mut self,
        each: &mut impl FnMut(Plain<'_>) -> Result<(), StoreError>,
    ) -> Result<Option<Summary>, StoreError> {
        let (opener, path) = (&mut self.opener, &self.path);
        let fault = |error| fault(error, path);
        let damaged = || StoreError::Damaged(Part::Backup);
        let [tag] = opener.array().map_err(fault)?;
        let revision = u64::from_le_bytes(opener.array().map_err(fault)?);
        match tag {
            0 => {
                let records = u64::from_le_bytes(opener.array().map_err(fault)?);
                return Ok(Some(Summary { revision, records }));
            }
            1 => {}
            _ => return Err(damaged()),
        }
        let kind = u16::from_le_bytes(opener.array().map_err(fault)?);
        let version = u16::from_le_bytes(opener.array().map_err(fault)?);
        let length = usize::from(u16::from_le_bytes(opener.array().map_err(fault)?));
        if length > MAX_NAME_LEN {
            return Err(damaged());
        }
        let name = opener.take(length).map_err(fault)?.to_vec();
        let length = u32::from_le_bytes(opener.array().map_err(fault)?);
        let length = usize::try_from(length).map_err(|_| damaged())?;
        if length > MAX_BODY_LEN {
            return Err(damaged());
        }
        each(Plain {
            revision,
            kind,
            version,
            name: &name,
            body: opener.take(length).map_err(fault)?,
        })?;
        Ok(None)
    }
}

/// Everything before the chunks. `None`: the header does not fit.
pub(crate) fn start(header: &Header, salt: &[u8; SALT_LEN]) -> Option<Vec<u8>> {
    let mut start = [&MAGIC[..], &FORMAT.to_le_bytes(), salt].concat();
    push_short(&mut start, &header.encode()?)?;
    Some(start)
}

fn stream_key(data_key: &Secret<32>, start: &[u8]) -> Secret<32> {
    let salt = start.get(SALT_AT..).and_then(|rest| rest.get(..SALT_LEN));
    let (label, hash) = (Label::VaultBackup.bytes(), sha256(&[start]));
    hkdf_sha256(data_key.expose(), salt.unwrap_or_default(), &[label, &hash])
}

fn fault(error: StreamError, path: &Path) -> StoreError {
    match error {
        StreamError::Damaged => StoreError::Damaged(Part::Backup),
        StreamError::Io(error) => StoreError::io("read", path, &error),
    }
}

const MAGIC: &[u8; 16] = b"entrenous-backup";
const FORMAT: u16 = 1;
const SALT_AT: usize = MAGIC.len() + 2;
const SALT_LEN: usize = 32;
const FIXED_LEN: usize = SALT_AT + SALT_LEN + 2;
