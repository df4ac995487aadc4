use kernel::Kind;

/// Why a store could not do what it was asked, whatever that was.
///
/// After a [fatal](Self::is_fatal) one the store answers nothing but [`Stopped`](Self::Stopped): what is on the disk is no
/// longer known. Leave the process, or drop the store and open it again.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It did not happen: the store is closing, or cannot be reached. Trying again is safe.
    #[error("the store is not available; nothing was changed")]
    Unavailable,
    /// It did not happen: no space is left on the disk. The store goes on as soon as there is.
    #[error("the disk is full; nothing was changed")]
    DiskFull,
    /// It may have happened, or not: writing failed halfway. Try again with the same dedupe or
    /// claim id, or read the cell, once the store is open again. Fatal.
    #[error("writing failed; the change may have been made or not")]
    Unknown,
    /// Stored bytes are not what was written. Fatal; restore a backup.
    #[error("the store is damaged")]
    Corrupt,
    /// It did not happen: this or an earlier fault of the disk stopped the store. Fatal.
    #[error("the store stopped because of a fault; nothing was changed")]
    Stopped,
}

impl Fault {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::DiskFull => Kind::Exhausted,
            Self::Unavailable | Self::Unknown | Self::Corrupt | Self::Stopped => Kind::Unavailable,
        }
    }

    /// Whether the store must be opened again before it does anything.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Unknown | Self::Corrupt | Self::Stopped)
    }
}

/// Why an [`append`](crate::Store::append) was refused. Nothing was changed, unless the fault says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The log's last number is not the expected one: another writer was faster.
    #[error("the log has moved on to {last}")]
    Conflict {
        /// The last number ever assigned; 0 if there is none.
        last: u64,
    },
    /// The log holds as many live entries as the caller allows.
    #[error("the log is full with {live} entries")]
    Full {
        /// How many there are.
        live: u32,
    },
    /// The payload is longer than the store takes.
    #[error("an entry has at most {max} bytes")]
    TooLarge {
        /// The most it takes, in bytes.
        max: usize,
    },
    /// The store could not.
    #[error(transparent)]
    Store(#[from] Fault),
}

impl AppendError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Conflict { .. } => Kind::Unavailable,
            Self::Full { .. } => Kind::Exhausted,
            Self::TooLarge { .. } => Kind::BadInput,
            Self::Store(fault) => fault.kind(),
        }
    }
}

/// Why a [`cell_set`](crate::Store::cell_set) was refused. Nothing was changed, unless the fault says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// The cell has another revision than the expected one: another writer was faster.
    #[error("the cell has moved on to revision {rev}")]
    Conflict {
        /// Its revision now; 0 if it does not exist.
        rev: u64,
    },
    /// The value is longer than the store takes.
    #[error("a cell has at most {max} bytes")]
    TooLarge {
        /// The most it takes, in bytes.
        max: usize,
    },
    /// The store could not.
    #[error(transparent)]
    Store(#[from] Fault),
}

impl SetError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Conflict { .. } => Kind::Unavailable,
            Self::TooLarge { .. } => Kind::BadInput,
            Self::Store(fault) => fault.kind(),
        }
    }
}
