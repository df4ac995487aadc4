use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use kernel::Kind;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Result};

use super::directory::{self, Directory};
use super::open::{OpenError, check};
use super::schema::{self, Found, Role};

/// Why a backup could not be made or used. Nothing of the store was changed, and no file that
/// could be taken for a complete one is left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// What is to be copied cannot be opened or is no journal; or the place is in use.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is something at the place of the copy. Move it away first.
    #[error("{} exists", path.display())]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// The copy is not sound, hence the original is not, or the disk lies.
    #[error("{} is damaged: {}", path.display(), findings.join("; "))]
    Damaged {
        /// The copy.
        path: PathBuf,
        /// What the engine found.
        findings: Vec<String>,
    },
    /// The engine could not copy.
    #[error("{} cannot be written", path.display())]
    Engine {
        /// The copy.
        path: PathBuf,
        /// The reason.
        source: rusqlite::Error,
    },
    /// The system refused.
    #[error("{} cannot be written", path.display())]
    Io {
        /// The copy.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl BackupError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Open(error) => error.kind(),
            Self::Exists { .. } => Kind::BadInput,
            Self::Damaged { .. } | Self::Engine { .. } | Self::Io { .. } => Kind::Unavailable,
        }
    }
}

/// Copies the store in `directory` into the new file `target`, while this or another process may
/// be using it: the copy is the store of one instant. It is checked and durable on return.
///
/// Blocks for as long as the copy takes. Writers go on meanwhile, and their log grows.
///
/// # Errors
///
/// See [`BackupError`].
pub fn backup(directory: &Path, target: &Path) -> std::result::Result<(), BackupError> {
    let file = directory::file(directory);
    let source = journal(&file)?;
    copy(&source, target, |_| Ok(()))
}

/// Makes the store of [`backup`] file `source` again in `directory`, which must have none.
///
/// Every log's numbers go on 2^32 ahead of where they were: entries that were appended after the
/// backup are lost, but a reader who has seen their numbers will not take new ones for them.
///
/// # Errors
///
/// See [`BackupError`].
pub fn restore(source: &Path, directory: &Path) -> std::result::Result<(), BackupError> {
    let journal = journal(source)?;
    let directory = Directory::hold(directory)?;
    copy(&journal, &directory.file(), |copy| {
        copy.execute_batch(
            "UPDATE heads SET last = last + (1 << 32);
             UPDATE meta SET value = value + (1 << 32) WHERE name IN ('seq_floor', 'rev_floor');
             UPDATE cells SET rev = rev + (1 << 32);",
        )
    })
}

/// Opens what must be a journal, for reading.
fn journal(path: &Path) -> std::result::Result<Connection, OpenError> {
    let engine = |error| OpenError::engine(path, error);
    let connection = schema::connect(path, Role::Reader).map_err(engine)?;
    match check(&connection, path)? {
        Found::Journal(_) => Ok(connection),
        Found::Empty | Found::Foreign => Err(OpenError::Foreign {
            path: path.to_owned(),
        }),
    }
}

/// Copies `source`, changes the copy, checks it, and only then gives it its name.
fn copy(
    source: &Connection,
    target: &Path,
    change: impl FnOnce(&Connection) -> Result<()>,
) -> std::result::Result<(), BackupError> {
    let path = || target.to_owned();
    // A log that a killed process left would be played into the new file.
    for end in ["", "-wal", "-shm", "-journal"] {
        let mut path = target.as_os_str().to_owned();
        path.push(end);
        let path = PathBuf::from(path);
        if path.try_exists().unwrap_or(true) {
            return Err(BackupError::Exists { path });
        }
    }
    let io = |source| BackupError::Io {
        path: path(),
        source,
    };
    let mut unfinished = target.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let fresh = || {
        drop(fs::remove_file(&unfinished));
        create(&unfinished)
    };
    fresh().map_err(io)?;
    let copied = fill(source, &unfinished, change).map_err(|source| BackupError::Engine {
        path: path(),
        source,
    });
    let kept = copied.and_then(|findings| {
        if findings.is_empty() {
            keep(&unfinished, target).map_err(io)
        } else {
            let path = path();
            Err(BackupError::Damaged { path, findings })
        }
    });
    if kept.is_err() {
        drop(fs::remove_file(&unfinished));
    }
    kept
}

/// Makes an empty file that only its owner can read.
fn create(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Copies in one go, which is one instant of the source; returns what is wrong with the copy.
fn fill(
    source: &Connection,
    path: &Path,
    change: impl FnOnce(&Connection) -> Result<()>,
) -> Result<Vec<String>> {
    let mut target = Connection::open(path)?;
    target.pragma_update(None, "synchronous", "full")?;
    match Backup::new(source, &mut target)?.step(-1)? {
        StepResult::Done => {}
        _ => return Ok(vec!["another process holds the source".to_owned()]),
    }
    // One file, without a log beside it.
    target.pragma_update(None, "journal_mode", "delete")?;
    change(&target)?;
    let mut check = target.prepare("PRAGMA integrity_check")?;
    let findings = check.query_map([], |row| row.get::<_, String>(0))?;
    let mut findings: Vec<String> = findings.collect::<Result<_>>()?;
    findings.retain(|finding| finding != "ok");
    Ok(findings)
}

fn keep(unfinished: &Path, target: &Path) -> io::Result<()> {
    File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, target)?;
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => directory::sync(parent),
        _ => directory::sync(Path::new(".")),
    }
}
