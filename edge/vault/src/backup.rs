use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use kernel::{Kind, Label};
use primitives::{Argon2Cost, Secret, hkdf_sha256, sha256};

use crate::{
    build::{Setup, SetupError},
    bytes::push_short,
    dir,
    error::{Part, StoreError},
    header::{Header, MAX_LEN},
    key::Key,
    random::random,
    record::{MAX_BODY_LEN, MAX_NAME_LEN, Plain},
    unlock::{UnlockError, unlock},
    vault::Vault,
};
use stream::{Opener, Sealer, StreamError};

pub use restore::RestoreError;

mod restore;
mod stream;

/// What opens a backup.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum BackupKey<'a> {
    /// Whatever opens the store now, also after the store's own keys are changed.
    Same,
    /// This key alone; a passphrase at this cost for each guess.
    Own(Key<'a>, Argon2Cost),
}

/// What a backup has in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// The commit it was made after.
    pub revision: u64,
    /// How many records.
    pub records: u64,
}

impl Vault {
    /// Writes all records into one sealed file at `path`, which must not be there yet; the store stays open.
    ///
    /// The file is read back and verified before it gets its name. Its parts in memory are one record and
    /// 128 KiB.
    ///
    /// # Errors
    ///
    /// See [`BackupError`]. There is then no file at `path`.
    ///
    /// # Spec
    ///
    /// `spec/16-vault.md` 6.
    pub fn backup(&self, path: &Path, key: &BackupKey<'_>) -> Result<Summary, BackupError> {
        if fs::symlink_metadata(path).is_ok() {
            let path = path.to_owned();
            return Err(BackupError::Exists { path });
        }
        let (header, data_key) = match key {
            BackupKey::Same => (self.loaded.header.clone(), self.loaded.keys.data.clone()),
            BackupKey::Own(key, cost) => Setup::new(&[*key]).with_cost(*cost).header()?,
        };
        let new = beside(path);
        let made = self.write_backup(&new, &header, &data_key);
        let put = made.and_then(|summary| {
            let renamed = fs::rename(&new, path);
            renamed.map_err(|error| StoreError::io("rename", &new, &error))?;
            dir::flush_parent(path)?;
            Ok(summary)
        });
        if put.is_err() {
            drop(fs::remove_file(&new));
        }
        Ok(put?)
    }

    fn write_backup(
        &self,
        path: &Path,
        header: &Header,
        data_key: &Secret<32>,
    ) -> Result<Summary, StoreError> {
        let io = |error: std::io::Error| StoreError::io("write", path, &error);
        let start = start(header, &random()?).ok_or(StoreError::Broken("header fits"))?;
        let mut file = dir::private()
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(io)?;
        file.write_all(&start).map_err(io)?;
        let mut sealer = Sealer::new(BufWriter::new(file), stream_key(data_key, &start));
        self.loaded.engine.list(None, |listed| {
            let row = self.loaded.engine.row(&listed)?;
            let opened = row.open(&self.loaded.keys);
            let opened = opened.ok_or(StoreError::Damaged(Part::Record))?;
            let plain = opened.plain().ok_or(StoreError::Damaged(Part::Record))?;
            write_record(&mut sealer, &plain).map_err(io)
        })?;
        let summary = Summary {
            revision: self.revision(),
            records: self.records(),
        };
        let end = [
            &[0][..],
            &summary.revision.to_le_bytes(),
            &summary.records.to_le_bytes(),
        ];
        sealer.write(&end.concat()).map_err(io)?;
        let file = sealer
            .finish()
            .and_then(|buffer| Ok(buffer.into_inner()?))
            .map_err(io)?;
        file.sync_all().map_err(io)?;
        drop(file);
        let read = open(path)?;
        let seen = read
            .with_key(data_key)
            .and_then(|mut items| items.finish(|_| Ok(())))?;
        if seen == summary {
            Ok(summary)
        } else {
            Err(StoreError::Damaged(Part::Backup))
        }
    }
}

/// Reads the backup at `path` to its end and verifies all of it, without restoring anything.
///
/// # Errors
///
/// See [`BackupError`].
pub fn check_backup(path: &Path, key: &Key<'_>) -> Result<Summary, BackupError> {
    let read = open(path)?;
    let data_key = unlock(&read.header, key)?.1;
    Ok(read.with_key(&data_key)?.finish(|_| Ok(()))?)
}

/// Why there is no backup, or it cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Something is there already; it is untouched.
    #[error("{} exists already: choose another name", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The key for the backup does not do.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The key does not open it.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// Damage, or the disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Exists { .. } => Kind::BadInput,
            Self::Setup(error) => error.kind(),
            Self::Unlock(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}

/// A backup of which only the start was read.
struct Started<R> {
    from: R,
    path: PathBuf,
    start: Vec<u8>,
    header: Header,
}

/// The records of a backup.
struct Items<R> {
    opener: Opener<R>,
    path: PathBuf,
}

fn open(path: &Path) -> Result<Started<BufReader<File>>, StoreError> {
    let file = File::open(path).map_err(|error| StoreError::io("read", path, &error))?;
    Started::read(BufReader::new(file), path)
}

impl<R: Read> Started<R> {
    fn read(mut from: R, path: &Path) -> Result<Self, StoreError> {
        let fault = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => StoreError::Damaged(Part::Backup),
            _ => StoreError::io("read", path, &error),
        };
        let damaged = StoreError::Damaged(Part::Backup);
        let mut fixed = [0; FIXED_LEN];
        from.read_exact(&mut fixed).map_err(fault)?;
        let (known, [low, high]) = fixed.split_last_chunk().ok_or_else(|| damaged.clone())?;
        if !known.starts_with(&[&MAGIC[..], &FORMAT.to_le_bytes()].concat()) {
            return Err(damaged);
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

    fn with_key(self, data_key: &Secret<32>) -> Result<Items<R>, StoreError> {
        let key = stream_key(data_key, &self.start);
        let opener = Opener::new(self.from, key).map_err(|error| fault(error, &self.path))?;
        let path = self.path;
        Ok(Items { opener, path })
    }
}

impl<R: Read> Items<R> {
    /// Gives every record to `each`, and verifies that nothing is missing at the end.
    fn finish(
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

fn write_record<W: Write>(sealer: &mut Sealer<W>, plain: &Plain<'_>) -> std::io::Result<()> {
    let mut fields = vec![1];
    fields.extend_from_slice(&plain.revision.to_le_bytes());
    fields.extend_from_slice(&plain.kind.to_le_bytes());
    fields.extend_from_slice(&plain.version.to_le_bytes());
    // Both fit: a record has its limits.
    let _ = push_short(&mut fields, plain.name);
    let length = u32::try_from(plain.body.len()).unwrap_or(u32::MAX);
    fields.extend_from_slice(&length.to_le_bytes());
    sealer.write(&fields)?;
    sealer.write(plain.body)
}

/// Everything before the chunks. `None`: the header does not fit.
fn start(header: &Header, salt: &[u8; SALT_LEN]) -> Option<Vec<u8>> {
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

/// Where a file is written before it gets its name.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

const MAGIC: &[u8; 16] = b"entrenous-backup";
const FORMAT: u16 = 1;
const SALT_AT: usize = MAGIC.len() + 2;
const SALT_LEN: usize = 32;
const FIXED_LEN: usize = SALT_AT + SALT_LEN + 2;
