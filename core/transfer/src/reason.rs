use kernel::Kind;

/// Why a transfer ended without the file.
///
/// # Spec
///
/// `spec/23-files.md` 2.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A person does not want it, or not any more.
    #[error("not wanted")]
    Unwanted,
    /// More at once than are taken.
    #[error("too many files at once")]
    TooMany,
    /// A file could not be read or written.
    #[error("a file could not be read or written")]
    Disk,
    /// The file is not the one that was offered: it changed.
    #[error("the file has changed")]
    Changed,
    /// The other side of whoever says so did not keep to the protocol.
    #[error("the protocol was broken")]
    Breach,
    /// Something that only a newer program knows.
    #[error("something else")]
    Other,
}

impl Reason {
    /// What the person can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Unwanted | Self::Disk | Self::Other => Kind::Unavailable,
            Self::TooMany => Kind::Exhausted,
            Self::Changed => Kind::BadInput,
            Self::Breach => Kind::PeerMisbehaved,
        }
    }

    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::Unwanted => 1,
            Self::TooMany => 2,
            Self::Disk => 3,
            Self::Changed => 4,
            Self::Breach => 5,
            // what nobody else says
            Self::Other => 6,
        }
    }

    pub(crate) const fn read(number: u32) -> Self {
        match number {
            1 => Self::Unwanted,
            2 => Self::TooMany,
            3 => Self::Disk,
            4 => Self::Changed,
            5 => Self::Breach,
            _ => Self::Other,
        }
    }
}
