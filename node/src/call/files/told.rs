use std::fmt;
use std::path::PathBuf;

use transfer::{By, File, Id, Reason, Way};

use super::FileError;

/// Names a file on its way between two people, for as long as it is. The other side may have chosen it,
/// if the file comes from there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FileId {
    pub(super) way: Way,
    pub(super) id: Id,
}

impl FileId {
    pub(super) const fn new(way: Way, id: Id) -> Self {
        Self { way, id }
    }

    /// Which way the file goes.
    #[must_use]
    pub const fn way(&self) -> Way {
        self.way
    }
}

/// The same for both sides: 64 hexadecimal digits.
impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.id.as_bytes();
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Something happened to a file.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FileTold {
    /// Which file.
    pub id: FileId,
    /// Which way it goes.
    pub way: Way,
    /// Its name and its bytes, as in [`FileEvent::Offered`]; `None`: of one that was over in an earlier call.
    pub file: Option<(String, u64)>,
    /// What happened.
    pub what: FileEvent,
}

impl FileTold {
    pub(super) fn new(id: FileId, file: Option<&File>, what: FileEvent) -> Self {
        let way = id.way;
        let file = file.map(|file| (file.name().to_owned(), file.size()));
        Self {
            id,
            way,
            file,
            what,
        }
    }
}

/// What happens to a file. One that is over may be told twice, if a program ended at the wrong moment.
///
/// # Spec
///
/// `spec/23-files.md` 3.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FileEvent {
    /// The other side has a file for us. Waits for [`accept_file`](super::super::Speaker::accept_file) or
    /// [`cancel_file`](super::super::Speaker::cancel_file), without a limit.
    Offered {
        /// A bare file name of 1 to 255 bytes, of the other side's choice.
        name: String,
        /// Bytes, as the other side says.
        size: u64,
        /// What is in it, as the other side says: up to 127 visible ASCII characters.
        media_type: Option<String>,
    },
    /// They want our file, or go on with it.
    Accepted {
        /// Bytes that they have already.
        done: u64,
    },
    /// They do not want our file. It is over.
    Declined,
    /// More of it is durably where it goes. Told of one file at most 10 times a second.
    Progress {
        /// Bytes that are there.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// The whole file is there, and is the one that was sent. It is over.
    Done {
        /// Where it is here: our file, or the place where theirs was put. If a program ended in the
        /// middle of that, the place that was asked for.
        path: PathBuf,
    },
    /// There will be no whole file. It is over; but where only the place for it could not be used
    /// (`why`, and the reason is [`Reason::Disk`]), that is tried again in the next call.
    Failed {
        /// Who ended it.
        by: By,
        /// Why, as that side says.
        reason: Reason,
        /// What was wrong here, if something was.
        why: Option<FileError>,
    },
}
