use std::{
    fs,
    path::{Path, PathBuf},
};

use kernel::Kind;

/// Who else may touch a file or directory that is for its owner alone.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModeError {
    /// Group or others have some right.
    #[error("other users can get at {} (mode {mode:04o}): run `chmod {cure:o} {}`", path.display(), path.display())]
    Open {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What they should be.
        cure: u32,
    },
    /// It belongs to somebody else.
    #[error("{} belongs to user {owner}, not to you: run this program as that user", path.display())]
    Foreign {
        /// The file or directory.
        path: PathBuf,
        /// The user's number.
        owner: u32,
    },
    /// It is a link, a pipe, a directory in a file's place, or the like.
    #[error("{} is not a plain {}", path.display(), .wanted)]
    Odd {
        /// The path.
        path: PathBuf,
        /// `file` or `directory`.
        wanted: &'static str,
    },
}

impl ModeError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

/// A file, if it is there, must be plain and 0600.
pub(crate) fn check_file(path: &Path) -> Result<(), ModeError> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !metadata.is_file() {
        let (path, wanted) = (path.to_owned(), "file");
        return Err(ModeError::Odd { path, wanted });
    }
    check_rights(path, &metadata, 0o600)
}

#[cfg(unix)]
pub(crate) fn check_rights(
    path: &Path,
    metadata: &fs::Metadata,
    cure: u32,
) -> Result<(), ModeError> {
    use std::os::unix::fs::MetadataExt as _;

    let (path, mode, owner) = (path.to_owned(), metadata.mode() & 0o7777, metadata.uid());
    if owner != rustix::process::geteuid().as_raw() {
        return Err(ModeError::Foreign { path, owner });
    }
    if mode & 0o077 != 0 {
        return Err(ModeError::Open { path, mode, cure });
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "there are no modes to check")]
pub(crate) fn check_rights(_: &Path, _: &fs::Metadata, _: u32) -> Result<(), ModeError> {
    Ok(())
}
