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
    if let Some(path) = taken(target) {
        return Err(BackupError::Exists { path });
    }
    let io = |source| BackupError::Io {
        path: target.to_owned(),
        source,
    };
    let unfinished = create_beside(target).map_err(io)?;
    let copied = fill(source, &unfinished, change).map_err(|source| BackupError::Engine {
        path: target.to_owned(),
        source,
    });
    let kept = copied.and_then(|findings| {
        if findings.is_empty() {
            keep(&unfinished, target)
        } else {
            let path = target.to_owned();
            Err(BackupError::Damaged { path, findings })
        }
    });
    if kept.is_err() {
        drop(fs::remove_file(&unfinished));
    }
    kept
}

/// What stands in the way of a new file at `path`: a log that a killed process left beside it
/// would be played into the new file.
fn taken(path: &Path) -> Option<PathBuf> {
    let files = ["", "-wal", "-shm", "-journal"].map(|end| with_end(path, end));
    let mut files = files.into_iter();
    files.find(|file| file.try_exists().unwrap_or(true))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    path.into()
}

/// Makes an empty file beside `target`, under a name that nothing has: what is there may be
/// another copy under way.
fn create_beside(target: &Path) -> io::Result<PathBuf> {
    for number in 0..NAMES {
        let end = match number {
            0 => ".unfinished".to_owned(),
            _ => format!(".unfinished-{number}"),
        };
        let path = with_end(target, &end);
        if taken(&path).is_some() {
            continue;
        }
        match create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|()| path),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
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

/// Gives the copy its name. The name is taken before, so that nothing that came meanwhile is
/// written over.
fn keep(unfinished: &Path, target: &Path) -> std::result::Result<(), BackupError> {
    let io = |source| BackupError::Io {
        path: target.to_owned(),
        source,
    };
    let synced = File::open(unfinished).and_then(|file| file.sync_all());
    synced.map_err(io)?;
    create(target).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists {
            path: target.to_owned(),
        },
        _ => io(error),
    })?;
    fs::rename(unfinished, target).map_err(|error| {
        drop(fs::remove_file(target));
        io(error)
    })?;
    let synced = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => directory::sync(parent),
        _ => directory::sync(Path::new(".")),
    };
    synced.map_err(io)
}

/// Names that are tried for a file under way.
const NAMES: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_came_while_the_copy_was_made_is_not_written_over() {
        let name = format!("journal-keep-{}", std::process::id());
        let place = std::env::temp_dir().join(name);
        fs::create_dir_all(&place).unwrap();
        let (unfinished, target) = (place.join("copy"), place.join("target"));
        fs::write(&unfinished, "copy").unwrap();
        fs::write(&target, "came meanwhile").unwrap();
        let refused = keep(&unfinished, &target).unwrap_err();
        assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
        assert_eq!(fs::read(&target).unwrap(), b"came meanwhile");
        fs::remove_file(&target).unwrap();
        keep(&unfinished, &target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"copy");
        assert!(!unfinished.exists());
        fs::remove_dir_all(&place).unwrap();
    }
}
