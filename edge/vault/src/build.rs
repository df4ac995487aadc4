use std::{fs, path::Path};

use kernel::Kind;
use primitives::{Argon2Cost, PasswordError, Secret};

use crate::{
    dir::{self, Directory, LockError},
    engine::Engine,
    error::{Part, StoreError},
    head::Head,
    header::{Header, MAX_WRAPS},
    key::Key,
    keys::Keys,
    random::random,
    record::{Plain, Row, set_item},
    vault::{self, OpenError},
    wrap::{Salts, Wrap, is_bearable},
};

/// What a new store opens with.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    keys: &'a [Key<'a>],
    cost: Argon2Cost,
}

/// What a guess at a passphrase costs by default: 64 MiB, three passes.
pub const DEFAULT_COST: Argon2Cost = Argon2Cost {
    memory_kib: 65_536,
    passes: 3,
};

impl<'a> Setup<'a> {
    /// One wrap for each of `keys`, 1 to [`MAX_WRAPS`]; passphrases at [`DEFAULT_COST`].
    #[must_use]
    pub const fn new(keys: &'a [Key<'a>]) -> Self {
        let cost = DEFAULT_COST;
        Self { keys, cost }
    }

    /// The same, passphrases at another cost: 8 to 1,048,576 KiB, 1 to 64 passes.
    #[must_use]
    pub const fn with_cost(self, cost: Argon2Cost) -> Self {
        Self { cost, ..self }
    }

    /// A header with fresh id and wraps, and its fresh data key.
    pub(crate) fn header(&self) -> Result<(Header, Secret<32>), SetupError> {
        if self.keys.is_empty() || self.keys.len() > MAX_WRAPS {
            return Err(SetupError::Count);
        }
        let data_key = Secret::new(random()?);
        let mut header = Header::new(random()?);
        for key in self.keys {
            add_wrap(&mut header, &data_key, (key, self.cost))?;
        }
        Ok((header, data_key))
    }
}

/// Why keys cannot be set up for a store or a backup.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No key, or more than [`MAX_WRAPS`].
    #[error("a store opens with 1 to {MAX_WRAPS} keys")]
    Count,
    /// The cost of a passphrase is outside its range.
    #[error("a passphrase costs 8 to 1048576 KiB and 1 to 64 passes")]
    Cost,
    /// There is not the memory that stretching the passphrase takes.
    #[error("not enough memory to stretch the passphrase: {kib} KiB are needed")]
    Memory {
        /// KiB needed.
        kib: u32,
    },
    /// No randomness.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SetupError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Count | Self::Cost => Kind::BadInput,
            Self::Memory { .. } => Kind::Exhausted,
            Self::Store(error) => error.kind(),
        }
    }
}

/// Adds a wrap of `data_key` to `header`; returns its number.
pub(crate) fn add_wrap(
    header: &mut Header,
    data_key: &Secret<32>,
    (key, cost): (&Key<'_>, Argon2Cost),
) -> Result<u16, SetupError> {
    let number = header.next().ok_or(SetupError::Count)?;
    let wrap = new_wrap(header, number, data_key, (key, cost))?;
    header.add(wrap);
    if header.encode().is_none() {
        header.remove(number);
        return Err(SetupError::Count);
    }
    Ok(number)
}

pub(crate) fn new_wrap(
    header: &Header,
    number: u16,
    data_key: &Secret<32>,
    (key, cost): (&Key<'_>, Argon2Cost),
) -> Result<Wrap, SetupError> {
    if !is_bearable(cost) {
        return Err(SetupError::Cost);
    }
    let (salt, nonce) = (random()?, random()?);
    let wrap = Wrap::new(
        (&header.id, number),
        data_key,
        (key, cost),
        Salts { salt, nonce },
    );
    wrap.map_err(|error| match error {
        PasswordError::Memory => SetupError::Memory {
            kib: cost.memory_kib,
        },
        _ => SetupError::Cost,
    })
}

/// Why no store was made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// There is one already; it is untouched.
    #[error("there is a store already: choose another profile")]
    Exists,
    /// The keys do not do.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The directory cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What was made could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CreateError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Exists => Kind::BadInput,
            Self::Setup(error) => error.kind(),
            Self::Lock(error) => error.kind(),
            Self::Open(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}

/// A store in the making, at `store.db.new`.
pub(crate) struct Builder<'a> {
    dir: &'a Directory,
    engine: Engine,
    keys: Keys,
    head: Head,
    header: Vec<u8>,
}

impl<'a> Builder<'a> {
    /// Makes a store of what `fill` adds, which returns the revision it came from, or 0. On an error
    /// nothing is left.
    pub(crate) fn build(
        dir: &'a Directory,
        header: &Header,
        data_key: &Secret<32>,
        fill: impl FnOnce(&mut Self) -> Result<u64, StoreError>,
    ) -> Result<(), StoreError> {
        dir.clear_new()?;
        let built = Self::new(dir, header, data_key).and_then(|mut builder| {
            let restored = fill(&mut builder)?;
            builder.finish(restored)
        });
        if built.is_err() {
            let _ = dir.clear_new();
        }
        built
    }

    fn new(dir: &'a Directory, header: &Header, data_key: &Secret<32>) -> Result<Self, StoreError> {
        let bytes = header.encode().ok_or(StoreError::Broken("header fits"))?;
        Ok(Self {
            engine: Engine::create(&dir.new_store())?,
            keys: Keys::new(data_key.clone(), &header.id),
            head: Head::new(&bytes),
            header: bytes,
            dir,
        })
    }

    /// Adds a record that is not there yet.
    pub(crate) fn add(&mut self, plain: &Plain<'_>) -> Result<(), StoreError> {
        let row = Row::seal(&self.keys, plain, random()?);
        let row = row.ok_or(StoreError::Broken("a record keeps its limits"))?;
        let tx = self.engine.begin()?;
        tx.insert(&row)?;
        tx.commit()?;
        self.head
            .toggle(set_item(&self.keys.set, &row.name, &row.seal));
        self.head.records = self.head.records.saturating_add(1);
        Ok(())
    }

    /// Flushes, verifies, and puts the store in its place.
    fn finish(mut self, restored: u64) -> Result<(), StoreError> {
        self.head.restored = restored;
        self.head.revision = restored.saturating_add(1);
        let head = self.head.seal(&self.keys, random()?);
        let tx = self.engine.begin()?;
        tx.set_vault(Some(&self.header), &head)?;
        tx.commit()?;
        self.engine.empty_log()?;
        self.engine.close()?;
        let new = self.dir.new_store();
        verify(&new, &self.keys)?;
        flush(&new)?;
        let path = self.dir.store();
        fs::rename(&new, &path).map_err(|error| StoreError::io("rename", &new, &error))?;
        dir::flush_parent(&path)?;
        self.dir.clear_new()
    }
}

/// Opens what was written, as any other store, down to each record.
fn verify(path: &Path, keys: &Keys) -> Result<(), StoreError> {
    let known = vault::Unlock::Known(keys.data.clone());
    let loaded = vault::load(path, known).map_err(|error| match error {
        OpenError::Store(error) => error,
        _ => StoreError::Damaged(Part::Database),
    })?;
    loaded.check()
}

fn flush(path: &Path) -> Result<(), StoreError> {
    let file = dir::private().open(path);
    let flushed = file.and_then(|file| file.sync_all());
    flushed.map_err(|error| StoreError::io("flush", path, &error))
}
