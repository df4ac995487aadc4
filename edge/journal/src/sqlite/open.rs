use std::io;
use std::path::{Path, PathBuf};

use kernel::{Kind, Time};
use rusqlite::Connection;

use super::directory::Directory;
use super::fault::fault;
use super::meta;
use super::schema::{self, Found, Role};
use crate::{Fault, Limits};

/// Why a store could not be opened. Nothing that is stored was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open, or another handle of this one.
    #[error("{} is in use by another process{}", path.display(), number(*process))]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other process, if it can be told.
        process: Option<u32>,
    },
    /// Others than its owner can enter the directory.
    #[error("{} has mode {mode:03o}, which lets others in: make it 700", path.display())]
    Mode {
        /// The directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A later version of this program wrote it.
    #[error("{} has schema {found}, this program knows {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest known here.
        known: i64,
    },
    /// The file is a database, but not a journal.
    #[error("{} is not a journal", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// What is stored is not what was written.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The engine could not open the file, for another reason.
    #[error("{} cannot be opened", path.display())]
    Engine {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: rusqlite::Error,
    },
    /// The system refused.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl OpenError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Mode { .. } | Self::Newer { .. } | Self::Foreign { .. } => Kind::BadInput,
            Self::InUse { .. } | Self::Damaged { .. } | Self::Engine { .. } | Self::Io { .. } => {
                Kind::Unavailable
            }
        }
    }

    /// The engine's error about the file at `path`.
    pub(super) fn engine(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match fault(&source, Fault::Stopped) {
            Fault::Corrupt => Self::Damaged { path },
            _ => Self::Engine { path, source },
        }
    }
}

fn number(process: Option<u32>) -> String {
    process.map_or_else(String::new, |process| format!(" ({process})"))
}

/// Opens the file in `directory` for writing, and makes the tables if it is new.
pub(super) fn open(
    directory: &Directory,
    limits: &Limits,
    now: Time,
) -> Result<Connection, OpenError> {
    let path = directory.file();
    let engine = |error| OpenError::engine(&path, error);
    let mut connection = schema::connect(&path, Role::Writer).map_err(engine)?;
    match check(&connection, &path)? {
        Found::Empty => {
            schema::make_durable(&connection).map_err(engine)?;
            schema::create(&mut connection, now).map_err(engine)?;
        }
        Found::Journal(_) | Found::Foreign => schema::make_durable(&connection).map_err(engine)?,
    }
    directory.sync().map_err(|source| OpenError::Io {
        path: path.clone(),
        source,
    })?;
    let window = u64::try_from(limits.window.as_millis()).unwrap_or(u64::MAX);
    meta::lift(&connection, meta::WINDOW, window).map_err(engine)?;
    Ok(connection)
}

/// Refuses what this program cannot read.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<Found, OpenError> {
    let found = schema::found(connection).map_err(|error| OpenError::engine(path, error))?;
    let path = path.to_owned();
    match found {
        Found::Foreign => Err(OpenError::Foreign { path }),
        Found::Journal(found) if found > schema::VERSION => Err(OpenError::Newer {
            path,
            found,
            known: schema::VERSION,
        }),
        Found::Journal(found) if found < schema::VERSION => Err(OpenError::Damaged { path }),
        Found::Empty | Found::Journal(_) => Ok(found),
    }
}
