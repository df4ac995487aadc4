use std::time::Duration;

use kernel::Kind;

/// How a live connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// The server stops. It answered what it had in hand.
    #[error("the server stops")]
    Leaving {
        /// When to come back, at most 10 minutes.
        come_back: Duration,
    },
    /// This device was removed from the account, or the account deleted.
    #[error("the device is no longer one of the account")]
    Removed,
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed {
        /// With this code of RFC 6455, if any.
        code: Option<u16>,
    },
    /// The connection broke.
    #[error("the connection broke")]
    Lost,
    /// No sign of life came.
    #[error("no sign of the server for {} s", after.as_secs())]
    Silent {
        /// For how long.
        after: Duration,
    },
    /// The server broke the protocol.
    #[error("the server broke the protocol")]
    Malformed,
    /// We dropped it.
    #[error("the connection was given up here")]
    Dropped,
}

impl End {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Removed => Kind::BadInput,
            Self::Malformed => Kind::PeerMisbehaved,
            _ => Kind::Unavailable,
        }
    }

    /// How long to wait at least before a new connection; `None` if none is of use.
    #[must_use]
    pub const fn come_back(&self) -> Option<Duration> {
        match *self {
            Self::Leaving { come_back } => Some(come_back),
            Self::Closed { .. } | Self::Lost | Self::Silent { .. } => Some(Duration::ZERO),
            Self::Removed | Self::Malformed | Self::Dropped => None,
        }
    }

    /// What a server's word that it stops means.
    pub(super) fn leaving(come_back_ms: u32) -> Self {
        let come_back = Duration::from_millis(come_back_ms.into()).min(LONGEST);
        Self::Leaving { come_back }
    }

    /// What closing with `code` means.
    pub(super) const fn closed(code: Option<u16>) -> Self {
        match code {
            Some(1008) => Self::Removed,
            code => Self::Closed { code },
        }
    }
}

/// A server cannot send its clients away for longer.
const LONGEST: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_send_away_for_more_than_ten_minutes() {
        for (ms, come_back) in [(600_000, 600_000), (600_001, 600_000), (1, 1)] {
            let come_back = Duration::from_millis(come_back);
            assert_eq!(End::leaving(ms).come_back(), Some(come_back));
        }
    }

    #[test]
    fn a_removed_device_need_not_come_back() {
        assert_eq!(End::closed(Some(1008)).come_back(), None);
        assert!(End::closed(Some(1001)).come_back().is_some());
        assert!(End::closed(None).come_back().is_some());
    }
}
