use std::{io, path::Path};

use primitives::Secret;

use crate::{
    build::{Builder, CreateError, Setup},
    dir::Directory,
    engine::Engine,
    error::{Part, StoreError},
    head::Head,
    header::Header,
    key::Key,
    keys::Keys,
    mark::Mark,
    record::set_item,
    unlock::unlock,
};

pub use commit::CommitError;
pub use open_error::OpenError;
pub use read::ReadError;
pub use wraps::{WrapError, WrapInfo, WrapKind};

mod commit;
mod open_error;
mod read;
mod wraps;

/// A profile's store, open and locked for this process.
///
/// Dropping it closes it as well; [`close`](Self::close) tells when that fails. Keys are erased then.
#[derive(Debug)]
pub struct Vault {
    // The engine closes before the lock of `dir` goes.
    pub(crate) loaded: Loaded,
    mark: Mark,
    /// After a failed write: no more commits.
    stopped: bool,
    dir: Directory,
}

/// A store that was read and verified.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) engine: Engine,
    pub(crate) header: Header,
    pub(crate) keys: Keys,
    pub(crate) head: Head,
}

impl Vault {
    /// Makes an empty store in the profile directory `path`, which is created if need be, and opens it.
    ///
    /// A crash on the way leaves no store, or a whole one.
    ///
    /// # Errors
    ///
    /// See [`CreateError`].
    ///
    /// # Spec
    ///
    /// `spec/16-vault.md` 2, 3.
    pub fn create(path: &Path, setup: &Setup<'_>) -> Result<Self, CreateError> {
        let dir = Directory::make(path)?;
        if !dir.is_empty() {
            return Err(CreateError::Exists);
        }
        let (header, data_key) = setup.header()?;
        Builder::build(&dir, &header, &data_key, |_| Ok(0))?;
        Ok(Self::open_locked(dir, Unlock::Known(data_key), 0)?)
    }

    /// Opens the store in the profile directory `path` with any of its keys.
    ///
    /// Reads and verifies the list of all records: about 1 µs each. Nothing is written before all of it
    /// is right.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]; the files are as they were.
    ///
    /// # Spec
    ///
    /// `spec/16-vault.md` 5.
    pub fn open(path: &Path, key: &Key<'_>) -> Result<Self, OpenError> {
        Self::open_since(path, key, 0)
    }

    /// [`open`](Self::open), and the store must have come at least to `revision`, which the
    /// caller kept elsewhere: so it sees that somebody put an old copy of the whole profile back.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]; the files are as they were.
    pub fn open_since(path: &Path, key: &Key<'_>, revision: u64) -> Result<Self, OpenError> {
        if !Directory::has_store(path) {
            let path = path.to_owned();
            return Err(OpenError::NoStore { path });
        }
        Self::open_locked(Directory::lock(path)?, Unlock::With(key), revision)
    }

    pub(crate) fn open_locked(
        dir: Directory,
        unlock: Unlock<'_, '_>,
        least: u64,
    ) -> Result<Self, OpenError> {
        let loaded = load(&dir.store(), unlock)?;
        let revision = loaded.head.revision;
        if Mark::read(&dir.mark(), &loaded.keys.mark).is_some_and(|mark| mark > revision) {
            return Err(StoreError::Damaged(Part::Log).into());
        }
        if revision < least {
            return Err(OpenError::Older { revision, least });
        }
        loaded.engine.close_normally(true)?;
        let mut mark = Mark::open(&dir.mark());
        mark.set(&loaded.keys.mark, revision);
        Ok(Self {
            loaded,
            mark,
            stopped: false,
            dir,
        })
    }

    /// The number of the last commit. Kept elsewhere, it is what [`open_since`](Self::open_since) takes.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.loaded.head.revision
    }

    /// The revision up to which all records came from a backup, if any did. What must not run twice
    /// from one state, a session's keys say, is made anew when its record is not younger.
    #[must_use]
    pub const fn restored(&self) -> Option<u64> {
        match self.loaded.head.restored {
            0 => None,
            revision => Some(revision),
        }
    }

    /// How many records there are.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.loaded.head.records
    }

    /// The profile directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Closes the store and lets go of the lock.
    ///
    /// # Errors
    ///
    /// The file could not be closed. Every commit is safe all the same.
    pub fn close(self) -> Result<(), StoreError> {
        self.loaded.engine.close()
    }
}

/// How [`load`] gets the data key.
pub(crate) enum Unlock<'a, 'k> {
    With(&'a Key<'k>),
    Known(Secret<32>),
}

/// Reads and verifies the database at `path`, without writing anything.
pub(crate) fn load(path: &Path, unlock_by: Unlock<'_, '_>) -> Result<Loaded, OpenError> {
    let engine = Engine::open(path).map_err(|error| match error {
        StoreError::Io {
            why: io::ErrorKind::ResourceBusy,
            ..
        } => OpenError::Busy,
        error => error.into(),
    })?;
    let (header_bytes, head) = engine.vault()?;
    let damaged = StoreError::Damaged;
    let header = Header::decode(&header_bytes).ok_or_else(|| damaged(Part::Header))?;
    let data_key = match unlock_by {
        Unlock::With(key) => unlock(&header, key)?.1,
        Unlock::Known(data_key) => data_key,
    };
    let keys = Keys::new(data_key, &header.id);
    let head = Head::open(&keys, &head).ok_or_else(|| damaged(Part::Head))?;
    if head.header_hash != Head::new(&header_bytes).header_hash {
        return Err(damaged(Part::Header).into());
    }
    let loaded = Loaded {
        engine,
        header,
        keys,
        head,
    };
    loaded.check_list()?;
    Ok(loaded)
}

impl Loaded {
    /// Whether the rows are exactly those that the head knows.
    fn check_list(&self) -> Result<(), StoreError> {
        let mut seen = Head {
            records: 0,
            set: [0; 32],
            ..self.head.clone()
        };
        let mut last = None;
        self.engine.list(None, |row| {
            if last.is_some_and(|last| last >= row.name) {
                return Err(StoreError::Damaged(Part::List));
            }
            last = Some(row.name);
            seen.records = seen.records.saturating_add(1);
            seen.toggle(set_item(&self.keys.set, &row.name, &row.seal));
            Ok(())
        })?;
        if seen == self.head {
            Ok(())
        } else {
            Err(StoreError::Damaged(Part::List))
        }
    }

    /// Reads everything there is.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.engine.check()?;
        self.check_list()?;
        self.engine.list(None, |listed| {
            let row = self.engine.row(&listed)?;
            let opened = row.open(&self.keys);
            opened.map(drop).ok_or(StoreError::Damaged(Part::Record))
        })
    }
}
