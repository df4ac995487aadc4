use kernel::Kind;
use primitives::Secret;

use crate::{header::Header, key::Key, wrap::KEY_LEN};

/// Why a key does not open a store or a backup.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnlockError {
    /// It is another passphrase or key file. The store itself is undamaged.
    #[error("wrong passphrase or key file")]
    WrongKey,
    /// There is no wrap of that kind: a passphrase was given where only a key file opens, or the
    /// other way round.
    #[error("this store does not open with {given}, only with another kind of key")]
    NoSuchWrap {
        /// What was given.
        given: &'static str,
    },
    /// There is not the memory that stretching the passphrase takes.
    #[error("not enough memory to stretch the passphrase: {kib} KiB are needed")]
    Memory {
        /// KiB needed.
        kib: u32,
    },
}

impl UnlockError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::WrongKey | Self::NoSuchWrap { .. } => Kind::BadInput,
            Self::Memory { .. } => Kind::Exhausted,
        }
    }
}

/// Tries `key` on every wrap of `header` that it may open. Costs one Argon2id for each such wrap.
pub(crate) fn unlock(
    header: &Header,
    key: &Key<'_>,
) -> Result<(u16, Secret<KEY_LEN>), UnlockError> {
    let mut fitting = header
        .wraps()
        .iter()
        .filter(|wrap| wrap.fits(key))
        .peekable();
    if fitting.peek().is_none() {
        let given = match key {
            Key::Passphrase(_) => "a passphrase",
            Key::KeyFile(_) => "a key file",
        };
        return Err(UnlockError::NoSuchWrap { given });
    }
    for wrap in fitting {
        let kib = wrap.cost().map_or(0, |cost| cost.memory_kib);
        let opened = wrap.open(&header.id, key);
        if let Some(data_key) = opened.map_err(|_| UnlockError::Memory { kib })? {
            return Ok((wrap.number, data_key));
        }
    }
    Err(UnlockError::WrongKey)
}
