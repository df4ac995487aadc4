use std::path::Path;

use crate::{dir::Directory, engine::Engine, vault::OpenError};

/// What a store shows without a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Peek {
    /// The format of its database.
    pub format: u32,
}

/// Looks at the store in the profile directory `path`: whether it is there, whether the modes of the
/// directory and its files are right, whether this program knows the format.
///
/// Needs no key. Takes no lock, so the store may be in use; writes nothing. Whether anything in the
/// store is damaged beyond its first 100 bytes only [`Vault::open`](crate::Vault::open) tells.
///
/// # Errors
///
/// [`OpenError::NoStore`], [`OpenError::Lock`] with a mode that is wrong, or [`OpenError::Store`].
///
/// # Spec
///
/// `spec/16-vault.md` 2.1, and 5 up to the format.
pub fn peek(path: &Path) -> Result<Peek, OpenError> {
    if !path.exists() {
        let path = path.to_owned();
        return Err(OpenError::NoStore { path });
    }
    Directory::check(path)?;
    if !Directory::has_store(path) {
        let path = path.to_owned();
        return Err(OpenError::NoStore { path });
    }
    let format = Engine::format(&Directory::store_in(path))?;
    Ok(Peek { format })
}
