use kernel::Kind;
use primitives::Argon2Cost;

use super::Vault;
use crate::{
    build::{SetupError, add_wrap, new_wrap},
    error::StoreError,
    header::Header,
    key::{Key, Passphrase},
    unlock::{UnlockError, unlock},
};

/// One way to open a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct WrapInfo {
    /// What [`Vault::remove_key`] takes; never given twice.
    pub number: u16,
    /// With what it opens.
    pub kind: WrapKind,
}

/// With what a wrap opens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WrapKind {
    /// A passphrase, at this cost for each guess.
    Passphrase(Argon2Cost),
    /// A key file.
    KeyFile,
    /// Something that a later program knows.
    Unknown,
}

impl Vault {
    /// All ways to open this store, by rising number.
    #[must_use]
    pub fn wraps(&self) -> Vec<WrapInfo> {
        let wraps = self.loaded.header.wraps().iter();
        let info = wraps.map(|wrap| WrapInfo {
            number: wrap.number,
            kind: match wrap.cost() {
                Some(cost) => WrapKind::Passphrase(cost),
                None if wrap.is_known() => WrapKind::KeyFile,
                None => WrapKind::Unknown,
            },
        });
        info.collect()
    }

    /// Replaces the passphrase `old` by `new`, at `cost`. No record is rewritten.
    ///
    /// An old copy of the files still opens with `old`, and gives the key to the present ones away;
    /// if that is to be feared, back up and restore.
    ///
    /// # Errors
    ///
    /// See [`WrapError`]; [`UnlockError::WrongKey`] if `old` is not a passphrase of this store. Nothing changed.
    pub fn change_passphrase(
        &mut self,
        old: &Passphrase,
        new: &Passphrase,
        cost: Argon2Cost,
    ) -> Result<(), WrapError> {
        let mut header = self.loaded.header.clone();
        let (number, data_key) = unlock(&header, &Key::Passphrase(old))?;
        let wrap = new_wrap(&header, number, &data_key, (&Key::Passphrase(new), cost))?;
        header.replace(wrap);
        self.rewrite(header)
    }

    /// Lets `key` open the store as well, a passphrase at `cost`; returns the wrap's number.
    ///
    /// # Errors
    ///
    /// See [`WrapError`]. Nothing changed.
    pub fn add_key(&mut self, key: &Key<'_>, cost: Argon2Cost) -> Result<u16, WrapError> {
        let mut header = self.loaded.header.clone();
        let number = add_wrap(&mut header, &self.loaded.keys.data, (key, cost))?;
        self.rewrite(header)?;
        Ok(number)
    }

    /// Removes a way to open the store. As with a changed passphrase, old copies still open.
    ///
    /// # Errors
    ///
    /// See [`WrapError`]. Nothing changed.
    pub fn remove_key(&mut self, number: u16) -> Result<(), WrapError> {
        let mut header = self.loaded.header.clone();
        if header.wraps().iter().all(|wrap| wrap.number != number) {
            return Err(WrapError::NoSuchWrap { number });
        }
        header.remove(number);
        if !header.wraps().iter().any(|wrap| wrap.is_known()) {
            return Err(WrapError::Last);
        }
        self.rewrite(header)
    }

    fn rewrite(&mut self, header: Header) -> Result<(), WrapError> {
        let bytes = header.encode().ok_or(StoreError::Broken("header fits"))?;
        self.write(Some(&bytes), |_, _, _| Ok::<_, StoreError>(true))?;
        self.loaded.header = header;
        // If this fails the log goes with one of the next commits, or when the store closes.
        let _ = self.loaded.engine.empty_log();
        Ok(())
    }
}

/// Why the ways to open a store were not changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// There is no wrap with this number.
    #[error("no key has number {number}")]
    NoSuchWrap {
        /// The number that was asked for.
        number: u16,
    },
    /// Nothing would open the store any more.
    #[error("the last key cannot be removed: add another one first")]
    Last,
    /// The old passphrase does not open it.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// The new key does not do.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WrapError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoSuchWrap { .. } | Self::Last => Kind::BadInput,
            Self::Unlock(error) => error.kind(),
            Self::Setup(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}
