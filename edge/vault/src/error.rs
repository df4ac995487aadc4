use std::{
    fmt,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use kernel::Kind;

/// Trouble with the files, below whatever was asked of the store. No error writes to them.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Bytes changed that only a program with the key may change. What is readable stays readable;
    /// putting the right bytes back makes the store whole.
    #[error("{0} is damaged: put a copy of the profile's directory back, or restore a backup")]
    Damaged(Part),
    /// A later program made it.
    #[error("{part} has format {format}, this program knows 1: use a newer version")]
    Newer {
        /// What it is.
        part: Part,
        /// The format it has.
        format: u32,
    },
    /// There is no room for what was to be written; it is undone.
    #[error("no space left on the disk of {}", path.display())]
    DiskFull {
        /// The file that was to grow.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {act} {}: {why}", path.display())]
    Io {
        /// The verb of what was tried.
        act: &'static str,
        /// With which file.
        path: PathBuf,
        /// The reason, as the system names it.
        why: ErrorKind,
    },
    /// A write or flush failed half-way, so nobody knows what is on the disk. Reading goes on.
    #[error("the store stopped after a failed write: close it and open it again")]
    Stopped,
    /// The operating system has no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
    /// An invariant of ours is broken.
    #[error("invariant broken: {0}")]
    Broken(&'static str),
}

impl StoreError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Damaged(_) | Self::Newer { .. } => Kind::BadInput,
            Self::DiskFull { .. } => Kind::Exhausted,
            Self::Io { .. } | Self::Stopped | Self::NoRandomness => Kind::Unavailable,
            Self::Broken(_) => Kind::Bug,
        }
    }

    pub(crate) fn io(act: &'static str, path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path },
            why => Self::Io { act, path, why },
        }
    }
}

/// A part of the store, as an error names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// `store.db`, as a database.
    Database,
    /// The header in it: the wrapped data keys. Spec `16-vault` 3.1.
    Header,
    /// The head in it: revision and hash of all records. Spec `16-vault` 4.3.
    Head,
    /// The list of records: one is missing, too many, exchanged or older.
    List,
    /// The one record that was asked for.
    Record,
    /// `store.db-wal`: the store ends before a commit that it had acknowledged.
    Log,
    /// A backup.
    Backup,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "the database (store.db)",
            Self::Header => "the store's header (in store.db)",
            Self::Head => "the store's head (in store.db)",
            Self::List => "the list of records (in store.db)",
            Self::Record => "a record (in store.db)",
            Self::Log => "the log of commits (store.db-wal)",
            Self::Backup => "the backup",
        })
    }
}
