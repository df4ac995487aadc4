use kernel::Kind;

/// Why a file was not offered. Everything is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// Sixteen are on their way.
    #[error("sixteen files are offered or sent already")]
    Full,
    /// There is one of this id.
    #[error("a transfer of this id is there already")]
    Known,
    /// What the program wants to remember is too long.
    #[error("a note of {bytes} bytes, at most 4096 are kept")]
    Note {
        /// How long it is.
        bytes: usize,
    },
}

impl OfferError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Full => Kind::Exhausted,
            Self::Known | Self::Note { .. } => Kind::BadInput,
        }
    }
}

/// Why a file was not accepted. Everything is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// There is no such offer; it may have been withdrawn since.
    #[error("this file is not offered any more")]
    NotOffered,
    /// What the program wants to remember is too long.
    #[error("a note of {bytes} bytes, at most 4096 are kept")]
    Note {
        /// How long it is.
        bytes: usize,
    },
}

impl AcceptError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::NotOffered => Kind::Unavailable,
            Self::Note { .. } => Kind::BadInput,
        }
    }
}
