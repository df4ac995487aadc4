use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter},
    path::{Path, PathBuf},
};

use kernel::Kind;
use primitives::{Argon2Cost, Secret};

use crate::{
    build::{Setup, SetupError},
    dir,
    error::{Part, StoreError},
    header::Header,
    key::Key,
    random::random,
    unlock::{UnlockError, unlock},
    vault::Vault,
};
use format::{Started, Writer, start};

pub use restore::RestoreError;

pub(crate) mod format;
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
        let new = beside(path, random()?);
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
        let io = |error: io::Error| StoreError::io("write", path, &error);
        let created = dir::private().create_new(true).open(path);
        let file = BufWriter::new(created.map_err(io)?);
        let start = start(header, &random()?).ok_or(StoreError::Broken("header fits"))?;
        let mut writer = Writer::new(file, &start, data_key).map_err(io)?;
        self.loaded.engine.list(None, |listed| {
            let row = self.loaded.engine.row(&listed)?;
            let opened = row.open(&self.loaded.keys);
            let opened = opened.ok_or(StoreError::Damaged(Part::Record))?;
            let plain = opened.plain().ok_or(StoreError::Damaged(Part::Record))?;
            writer.add(&plain).map_err(io)
        })?;
        let summary = writer.summary(self.revision());
        let written = writer.finish(self.revision());
        let file = written.and_then(|buffer| Ok(buffer.into_inner()?));
        file.and_then(|file| file.sync_all()).map_err(io)?;
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

fn open(path: &Path) -> Result<Started<BufReader<File>>, StoreError> {
    let file = File::open(path).map_err(|error| StoreError::io("read", path, &error))?;
    Started::read(BufReader::new(file), path)
}

/// Where a file is written before it gets its name: nobody else has a file there.
fn beside(path: &Path, random: [u8; 8]) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{:016x}.new", u64::from_le_bytes(random)));
    path.with_file_name(name)
}
