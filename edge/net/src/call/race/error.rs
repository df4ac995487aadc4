use std::fmt;
use std::time::Duration;

use channel::End;
use kernel::Kind;

use crate::RequestError;
use crate::call::Path;
use crate::call::broker::BrokerError;
use crate::call::relay::RelayError;

/// A way that led nowhere.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct Failed {
    /// Which one.
    pub path: Path,
    /// Why.
    pub reason: Failure,
}

/// Why a way led nowhere.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// There is no connection.
    #[error(transparent)]
    NoConnection(#[from] RequestError),
    /// Nobody was met by the broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// There is no place at the relay.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// Nobody answered.
    #[error("no answer in {} s", after.as_secs())]
    Silent {
        /// How long we waited.
        after: Duration,
    },
    /// It ended before anybody answered.
    #[error("{0}")]
    Ended(End),
    /// Datagrams do not go through a proxy, and nothing goes past it.
    #[error("UDP does not go through a proxy")]
    Proxied,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl Failure {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoConnection(error) => error.kind(),
            Self::Broker(error) => error.kind(),
            Self::Relay(error) => error.kind(),
            Self::Ended(end) => end.kind(),
            Self::Proxied => Kind::BadInput,
            Self::Silent { .. } | Self::NoRandomness => Kind::Unavailable,
        }
    }
}

/// Nobody answered by any way.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct Unreached {
    /// Each way and why, the earliest first. Empty, if there was none.
    pub failed: Vec<Failed>,
}

impl Unreached {
    /// What the caller can do: try later if any of the ways may lead somewhere then.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let mut kinds = self.failed.iter().map(|failed| failed.reason.kind());
        match kinds.find(|kind| *kind == Kind::Unavailable) {
            Some(kind) => kind,
            None => self
                .failed
                .first()
                .map_or(Kind::BadInput, |failed| failed.reason.kind()),
        }
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody answers")?;
        for (place, Failed { path, reason }) in self.failed.iter().enumerate() {
            let before = if place == 0 { ": " } else { "; " };
            write!(f, "{before}{path}: {reason}")?;
        }
        Ok(())
    }
}
