use std::{
    fmt, fs,
    io::{Read as _, Write as _},
    path::Path,
};

use kernel::Kind;
use primitives::{Secret, Zeroizing};

use crate::{
    dir,
    error::StoreError,
    mode::{ModeError, check_file},
    random::random,
};

/// What opens a store. Spec `16-vault` 3.2.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Key<'a> {
    /// Words that a person keeps.
    Passphrase(&'a Passphrase),
    /// A file that a machine keeps.
    KeyFile(&'a KeyFile),
}

/// What a person types to open a store: 1 to 1,024 bytes, taken as they are. Erased on drop.
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes over `bytes`, UTF-8 where a person typed it. Without a line end: the caller cuts it.
    ///
    /// # Errors
    ///
    /// [`PassphraseError`]: empty, or longer than [`MAX_PASSPHRASE_LEN`].
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, PassphraseError> {
        match bytes.len() {
            0 => Err(PassphraseError::Empty),
            1..=MAX_PASSPHRASE_LEN => Ok(Self(bytes)),
            _ => Err(PassphraseError::TooLong),
        }
    }

    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

/// Why a passphrase cannot be one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// It has no byte.
    #[error("empty passphrase")]
    Empty,
    /// It has more than [`MAX_PASSPHRASE_LEN`] bytes.
    #[error("passphrase is longer than {MAX_PASSPHRASE_LEN} bytes")]
    TooLong,
}

impl PassphraseError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

/// 32 random bytes in a file of mode 0600. Erased on drop.
#[derive(Debug)]
pub struct KeyFile(Secret<KEY_FILE_LEN>);

impl KeyFile {
    /// Makes a new key, writes it to `path` and flushes it. Never replaces a file.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::Store`]: there is a file, or it cannot be written.
    pub fn create(path: &Path) -> Result<Self, KeyFileError> {
        let key = Secret::new(random()?);
        let io = |error: std::io::Error| StoreError::io("create", path, &error);
        let mut file = dir::private().create_new(true).open(path).map_err(io)?;
        let written = file
            .write_all(key.expose())
            .and_then(|()| file.sync_all())
            .map_err(|error| StoreError::io("write", path, &error));
        if written.is_err() {
            drop(fs::remove_file(path)); // half a key is worse than none
        }
        written?;
        dir::flush_parent(path)?;
        Ok(Self(key))
    }

    /// Reads the key at `path`.
    ///
    /// # Errors
    ///
    /// See [`KeyFileError`].
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        check_file(path)?;
        let io = |error: std::io::Error| StoreError::io("read", path, &error);
        let file = fs::File::open(path).map_err(io)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_FILE_LEN.saturating_add(1)));
        let most = u64::try_from(KEY_FILE_LEN).unwrap_or(0).saturating_add(1);
        file.take(most).read_to_end(&mut bytes).map_err(io)?;
        let key = bytes[..].try_into().map_err(|_| KeyFileError::Length)?;
        Ok(Self(Secret::new(key)))
    }

    /// The key that these bytes are, from wherever the caller keeps them.
    #[must_use]
    pub const fn from_secret(secret: Secret<KEY_FILE_LEN>) -> Self {
        Self(secret)
    }

    pub(crate) const fn expose(&self) -> &[u8; KEY_FILE_LEN] {
        self.0.expose()
    }
}

/// Why a key file cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It has not exactly [`KEY_FILE_LEN`] bytes.
    #[error("a key file has {KEY_FILE_LEN} bytes, this file has not")]
    Length,
    /// Others may read it.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// The file is not there, or cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeyFileError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Length => Kind::BadInput,
            Self::Mode(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}

/// The most bytes a passphrase has.
pub const MAX_PASSPHRASE_LEN: usize = 1_024;
/// The bytes of a key file.
pub const KEY_FILE_LEN: usize = 32;
