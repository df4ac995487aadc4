use std::time::Duration;

/// How much may be stored: records, and bytes of their content.
#[expect(clippy::exhaustive_structs, reason = "two numbers")]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Quota {
    /// Number of records.
    pub records: usize,
    /// Bytes of their content.
    pub bytes: usize,
}

impl Quota {
    pub(super) const fn plus(self, more: Self) -> Self {
        Self {
            records: self.records.saturating_add(more.records),
            bytes: self.bytes.saturating_add(more.bytes),
        }
    }

    pub(super) const fn minus(self, less: Self) -> Self {
        Self {
            records: self.records.saturating_sub(less.records),
            bytes: self.bytes.saturating_sub(less.bytes),
        }
    }

    pub(super) const fn exceeds(self, bound: Self) -> bool {
        self.records > bound.records || self.bytes > bound.bytes
    }

    pub(super) fn half(self) -> Self {
        self.over(2)
    }

    /// One of `count` equal parts, at least one record of the largest kind.
    pub(super) fn share(self, count: usize) -> Self {
        let part = self.over(count);
        Self {
            records: part.records.max(1),
            bytes: part.bytes.max(LARGEST_RECORD),
        }
    }

    fn over(self, count: usize) -> Self {
        Self {
            records: self.records.checked_div(count).unwrap_or(self.records),
            bytes: self.bytes.checked_div(count).unwrap_or(self.bytes),
        }
    }
}

/// The bounds of [`Boards`](super::Boards).
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 5.4.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// How long a record lives; a longer life is for records that come.
    pub lifetime: Duration,
    /// Of one board.
    pub board: Quota,
    /// The second half of a board is for sources that hold at most 1/this of it; 1: for anyone.
    pub board_shares: usize,
    /// From one source, on all boards, at one process.
    pub source: Quota,
    /// In all.
    pub server: Quota,
    /// The same for the second half of what the server holds, and of the number of boards.
    pub server_shares: usize,
    /// Boards that hold a record.
    pub boards: usize,
    /// Boards that hold a record and were opened by the same source, at one process.
    pub boards_of_source: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1 << 20;
        let quota = |records, mib: usize| Quota {
            records,
            bytes: mib.saturating_mul(MIB),
        };
        Self {
            lifetime: Duration::from_secs(3600),
            board: quota(20_000, 16),
            board_shares: 32,
            source: quota(8_192, 4),
            server: quota(200_000, 160),
            server_shares: 256,
            boards: 1_024,
            boards_of_source: 64,
        }
    }
}

/// A bound that is reached, and when to try again.
#[expect(clippy::exhaustive_structs, reason = "two values")]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the {} limit is reached", limit.name())]
pub struct Full {
    /// Which bound.
    pub limit: Limit,
    /// When something will have expired; 1 s to 5 min.
    pub retry: Duration,
}

/// The bounds of [`Limits`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// Records or bytes of the board.
    Board,
    /// Records or bytes of the source.
    Source,
    /// Records or bytes in all.
    Server,
    /// Number of boards.
    Boards,
    /// The board or the server is half full, and the rest is for sources that hold less.
    Share,
}

impl Limit {
    /// The name used in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Source => "source",
            Self::Server => "server",
            Self::Boards => "boards",
            Self::Share => "share",
        }
    }
}

/// A T1 of a named board, in bytes.
const LARGEST_RECORD: usize = 768;
