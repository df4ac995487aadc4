use std::io;

use kernel::Kind;
use transfer::{AcceptError, OfferError};

use crate::keep::KeepError;
use crate::now::NoRandomness;

/// Why a file is not sent, or not taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is nothing at this place.
    #[error("there is no such file")]
    NoFile,
    /// A folder is no file.
    #[error("this is a folder; only a single file can be sent, such as an archive of it")]
    Folder,
    /// A device, a pipe, or the like.
    #[error("this is not an ordinary file")]
    Odd,
    /// The system does not let us read it.
    #[error("the file cannot be read: {reason}")]
    Unreadable {
        /// What the system says.
        reason: io::ErrorKind,
    },
    /// The path is longer than can be kept, or has no text in it that can.
    #[error("the path of the file cannot be kept: it is too long, or no text")]
    Path,
    /// There is no folder to put it into.
    #[error("there is no such folder to put the file into")]
    NoFolder,
    /// The system does not let us write there.
    #[error("nothing can be written there: {reason}")]
    Unwritable {
        /// What the system says.
        reason: io::ErrorKind,
    },
    /// It does not fit there.
    #[error("there is not enough room on the disk")]
    NoRoom,
    /// As many are offered or sent as may be.
    #[error("sixteen files are on their way already: wait for one, or cancel one")]
    TooMany,
    /// Nobody offers it, or not any more.
    #[error("this file is not offered any more")]
    NotOffered,
    /// It is not known yet with whom we talk.
    #[error("the call is not established yet")]
    TooEarly,
    /// The program of the other side cannot take files.
    #[error("the program of the other side does not know files: it is not one of ours")]
    NotOurs,
    /// The talk is over.
    #[error("the call is over")]
    Over,
    /// It could not be kept.
    #[error(transparent)]
    NotKept(#[from] KeepError),
}

impl FileError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoFile
            | Self::Folder
            | Self::Odd
            | Self::Unreadable { .. }
            | Self::Path
            | Self::NoFolder
            | Self::Unwritable { .. } => Kind::BadInput,
            Self::NoRoom | Self::TooMany => Kind::Exhausted,
            Self::NotOffered | Self::TooEarly | Self::NotOurs | Self::Over => Kind::Unavailable,
            Self::NotKept(error) => error.kind(),
        }
    }

    /// Of a file that is read.
    pub(super) fn reading(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NoFile,
            io::ErrorKind::IsADirectory => Self::Folder,
            reason => Self::Unreadable { reason },
        }
    }

    /// Of a file that is written.
    pub(super) fn writing(error: &io::Error) -> Self {
        use io::ErrorKind::{
            FileTooLarge, NotADirectory, NotFound, QuotaExceeded, StorageFull, WriteZero,
        };
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge | WriteZero => Self::NoRoom,
            NotFound | NotADirectory => Self::NoFolder,
            reason => Self::Unwritable { reason },
        }
    }
}

impl From<NoRandomness> for FileError {
    fn from(error: NoRandomness) -> Self {
        Self::NotKept(error.into())
    }
}

impl From<OfferError> for FileError {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::Full => Self::TooMany,
            OfferError::Note { .. } => Self::Path,
            _ => Self::NotKept(KeepError::Bug("the id of a file is fresh")),
        }
    }
}

impl From<AcceptError> for FileError {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Note { .. } => Self::Path,
            _ => Self::NotOffered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_one_that_is_not_ours() {
        let of = |kind| FileError::writing(&io::Error::from(kind));
        for full in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert_eq!(of(full), FileError::NoRoom);
        }
        let reason = io::ErrorKind::PermissionDenied;
        assert_eq!(of(reason), FileError::Unwritable { reason });
        assert_eq!(of(io::ErrorKind::NotFound), FileError::NoFolder);
    }
}
