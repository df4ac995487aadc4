use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use kernel::Kind;

use crate::{
    error::StoreError,
    mode::{ModeError, check_file, check_rights},
};

/// A profile's directory, locked for this process.
///
/// # Spec
///
/// `spec/16-vault.md` 2.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    lock: File,
}

impl Directory {
    /// Makes the directory if there is none, and locks it.
    pub(crate) fn make(path: &Path) -> Result<Self, LockError> {
        if let Err(error) = fs::metadata(path) {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(StoreError::io("look at", path, &error).into());
            }
            let made = private_dirs()
                .create(path)
                .map_err(|error| StoreError::io("create", path, &error));
            made?;
        }
        Self::lock(path)
    }

    /// Checks modes, then locks.
    pub(crate) fn lock(path: &Path) -> Result<Self, LockError> {
        check_dir(path)?;
        let (lock, path) = (lock_file(&path.join(LOCK))?, path.to_owned());
        let directory = Self { path, lock };
        for file in [directory.store(), directory.log(), directory.mark()] {
            check_file(&file)?;
        }
        Ok(directory)
    }

    /// Whether the modes are right of the directory and of what is in it. Takes no lock.
    pub(crate) fn check(path: &Path) -> Result<(), LockError> {
        check_dir(path)?;
        for name in [LOCK, STORE, LOG, MARK] {
            check_file(&path.join(name))?;
        }
        Ok(())
    }

    /// Whether `path` has a store, or what is left of one.
    pub(crate) fn has_store(path: &Path) -> bool {
        let mut files = [STORE, LOG].into_iter();
        files.any(|file| fs::symlink_metadata(path.join(file)).is_ok())
    }

    /// Whether there is no store to lose here.
    pub(crate) fn is_empty(&self) -> bool {
        !Self::has_store(&self.path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn store(&self) -> PathBuf {
        Self::store_in(&self.path)
    }

    pub(crate) fn store_in(path: &Path) -> PathBuf {
        path.join(STORE)
    }

    fn log(&self) -> PathBuf {
        self.path.join(LOG)
    }

    pub(crate) fn mark(&self) -> PathBuf {
        self.path.join(MARK)
    }

    /// Where a store is made.
    pub(crate) fn new_store(&self) -> PathBuf {
        self.path.join("store.db.new")
    }

    /// Removes what an interrupted create or restore left.
    pub(crate) fn clear_new(&self) -> Result<(), StoreError> {
        let new = self.new_store();
        for path in [new.with_extension("new-wal"), new] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io("remove", &path, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Closing is not enough: a process that is being started right now has a copy of the open file,
        // and with it the lock, until it runs its own program.
        let _ = self.lock.unlock();
    }
}

/// Why a profile's directory cannot be used now.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process has the store open. It is really there: a lock cannot be left behind.
    #[error("{} is in use by {}: stop it first, or choose another profile", path.display(), holder(*pid))]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The process that says it is the one.
        pid: Option<u32>,
    },
    /// A mode or owner is wrong.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// There is no such directory, or the disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LockError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::InUse { .. } => Kind::Unavailable,
            Self::Mode(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".into(), |pid| format!("process {pid}"))
}

/// A directory must be 0700. It may be reached through links: people move their data.
fn check_dir(path: &Path) -> Result<(), LockError> {
    let metadata = fs::metadata(path).map_err(|error| StoreError::io("look at", path, &error))?;
    if !metadata.is_dir() {
        let (path, wanted) = (path.to_owned(), "directory");
        return Err(ModeError::Odd { path, wanted }.into());
    }
    Ok(check_rights(path, &metadata, 0o700)?)
}

/// How files are opened for writing: for their owner alone from the first instant.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn private_dirs() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Makes a rename or a new file in the directory of `path` durable.
pub(crate) fn flush_parent(path: &Path) -> Result<(), StoreError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    flush_dir(parent).map_err(|error| StoreError::io("flush", parent, &error))
}

#[cfg(unix)]
fn flush_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "directories cannot be flushed there"
)]
fn flush_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

fn lock_file(path: &Path) -> Result<File, LockError> {
    loop {
        check_file(path)?;
        let io = |error: io::Error| StoreError::io("open", path, &error);
        let mut file = private()
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let (path, pid) = (path.parent().unwrap_or(path), read_pid(&mut file));
                let path = path.to_owned();
                return Err(LockError::InUse { path, pid });
            }
            Err(fs::TryLockError::Error(error)) => {
                return Err(StoreError::io("lock", path, &error).into());
            }
        }
        // Somebody who removed the file meanwhile would let a second process lock another one.
        if is_at(&file, path) {
            write_pid(&mut file);
            return Ok(file);
        }
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let (Ok(held), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    (held.dev(), held.ino()) == (there.dev(), there.ino())
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true // an open file cannot be removed there
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(MAX_PID_LEN).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Only a help for the other's error message, so a full disk does not matter.
fn write_pid(file: &mut File) {
    let text = format!("{}\n", std::process::id());
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(text.as_bytes()));
}

const LOCK: &str = "store.lock";
const MARK: &str = "store.mark";
const STORE: &str = "store.db";
const LOG: &str = "store.db-wal";
const MAX_PID_LEN: u64 = 16;
