use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use super::open::OpenError;

/// The store's directory, held by this process alone until dropped.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    lock: File,
}

impl Directory {
    /// Makes it if need be, for its owner only, and takes its lock.
    pub(super) fn hold(path: &Path) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io {
            path: path.to_owned(),
            source,
        };
        make(path).map_err(io)?;
        check_mode(path)?;
        let name = path.join("lock");
        let options = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(name);
        let mut lock = options.map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    path: path.to_owned(),
                    process: holder(&mut lock),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        sign(&mut lock).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            lock,
        })
    }

    /// Where the entries are.
    pub(super) fn file(&self) -> PathBuf {
        file(&self.path)
    }

    /// Makes the names in it durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync(&self.path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A process that is being started right now has a copy of the open file, and the lock with it,
        // until it runs its own program: so closing the file would not be enough.
        let _ = self.lock.unlock();
    }
}

/// The file with the entries, in the store's directory.
pub(super) fn file(directory: &Path) -> PathBuf {
    directory.join("journal.sqlite3")
}

/// Makes the names in `directory` durable.
pub(super) fn sync(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// The process that wrote its number into the lock file, for the message.
fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn sign(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(process::id().to_string().as_bytes())
}

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)?;
    path.parent()
        .filter(|parent| parent.is_dir())
        .map_or(Ok(()), sync)
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::metadata(path).map_err(|source| OpenError::Io {
        path: path.to_owned(),
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(OpenError::Mode {
        path: path.to_owned(),
        mode,
    })
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), OpenError> {
    Ok(())
}
