use std::borrow::Cow;
use std::time::Duration;

use kernel::Kind;
use wire::{Code, Refusal};

use super::{End, StartError};
use crate::RequestError;

/// Why an operation has no result. Its text is for people, and names no server but the one that was
/// asked, or the proxy.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The server refuses, and says why.
    #[error("the server refuses: {0}")]
    Refused(Refusal),
    /// No answer came.
    #[error(transparent)]
    Unreachable(RequestError),
    /// There is an HTTP server, but none of this protocol, or none that keeps accounts and buckets.
    #[error("the server answers {code}: it does not offer this, or is no Entrenous server")]
    NotOffered {
        /// The status code.
        code: u16,
    },
    /// The answer breaks the protocol.
    #[error("the server's answer is malformed")]
    Malformed,
    /// The operation is longer than any server takes. Nothing was sent.
    #[error("the request has {length} bytes, at most {max} are possible")]
    TooLong {
        /// Bytes of the operation.
        length: usize,
        /// Most bytes of one.
        max: usize,
    },
    /// The live connection has ended.
    #[error(transparent)]
    Ended(End),
    /// The server cannot be asked at all. Nothing was sent.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The system gives no random bytes. Nothing was sent.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl CallError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Unreachable(error) => error.kind(),
            Self::NotOffered { .. } | Self::TooLong { .. } => Kind::BadInput,
            Self::Malformed => Kind::PeerMisbehaved,
            Self::Ended(end) => end.kind(),
            Self::Start(error) => error.kind(),
            Self::NoRandomness => Kind::Unavailable,
        }
    }

    /// What the server refused for, if it did and the code is known.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(refusal) => refusal.code.ok(),
            _ => None,
        }
    }

    /// Whether it is certain that nothing happened. If not, asking again with the same key is safe.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_certain(),
            Self::Unreachable(error) => matches!(
                error,
                RequestError::NoName { .. }
                    | RequestError::OnionWithoutProxy { .. }
                    | RequestError::NoConnection { .. }
                    | RequestError::Proxy { .. }
                    | RequestError::Certificate { .. }
                    | RequestError::Tls { .. }
            ),
            Self::NotOffered { .. }
            | Self::TooLong { .. }
            | Self::Start(_)
            | Self::NoRandomness => true,
            Self::Malformed | Self::Ended(_) => false,
        }
    }

    /// How long to wait at least before the same may have success; `None` if asking again is of no
    /// use. An [`Rpc`](super::Rpc) has then tried as often as it may.
    #[must_use]
    pub fn again(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => {
                let is_passing =
                    refusal.code == Ok(Code::Rate) || refusal.kind() == Kind::Unavailable;
                let may = is_passing || !refusal.retry_after.is_zero();
                may.then_some(refusal.retry_after)
            }
            Self::Unreachable(
                RequestError::NoConnection { .. }
                | RequestError::Proxy { .. }
                | RequestError::Tls { .. }
                | RequestError::Slow { .. }
                | RequestError::Broken
                | RequestError::Status { code: 500.., .. },
            ) => Some(Duration::ZERO),
            Self::Ended(end) => end.come_back(),
            _ => None,
        }
    }
}

impl From<RequestError> for CallError {
    /// The statuses of `spec/40-server.md` section 2.1 are refusals.
    fn from(error: RequestError) -> Self {
        let RequestError::Status { code, retry } = error else {
            return Self::Unreachable(error);
        };
        let refused = |code, text| {
            Self::Refused(Refusal {
                code: Ok(code),
                text: Cow::Borrowed(text),
                retry_after: retry.unwrap_or_default(),
            })
        };
        match code {
            429 => refused(Code::Rate, "too many requests"),
            503 => refused(Code::Busy, "it is busy or stopping"),
            413 => refused(Code::TooLarge, "the request is too long"),
            500.. => Self::Unreachable(error),
            _ => Self::NotOffered { code },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> CallError {
        let retry = Some(Duration::from_secs(7));
        RequestError::Status { code, retry }.into()
    }

    #[test]
    fn statuses_are_the_refusals_that_they_stand_for() {
        let seven = Some(Duration::from_secs(7));
        for (number, code, again) in [
            (429, Some(Code::Rate), seven),
            (503, Some(Code::Busy), seven),
            (413, Some(Code::TooLarge), seven),
            (404, None, None),
            (500, None, Some(Duration::ZERO)),
        ] {
            let error = status(number);
            assert_eq!((error.code(), error.again()), (code, again), "{number}");
        }
        assert_eq!(status(404), CallError::NotOffered { code: 404 });
    }

    #[test]
    fn what_a_person_must_correct_is_not_asked_again() {
        let host = "meet.example".to_owned();
        let reason = "it has expired".to_owned();
        for error in [
            RequestError::NoName { host },
            RequestError::Certificate { reason },
            RequestError::TooLong { max: 1 },
        ] {
            assert_eq!(CallError::from(error).again(), None);
        }
        for code in [Code::Refused, Code::Pin, Code::Quota, Code::Bug] {
            assert_eq!(CallError::Refused(Refusal::new(code, "")).again(), None);
        }
        let minute = Duration::from_secs(60);
        let full = Refusal::after(Code::Quota, "too many entries now", minute);
        assert_eq!(CallError::Refused(full).again(), Some(minute));
    }

    #[test]
    fn a_code_of_a_newer_server_goes_by_its_kind() {
        let refused = |kind| {
            CallError::Refused(Refusal {
                code: Err(kind),
                text: "".into(),
                retry_after: Duration::ZERO,
            })
        };
        assert!(refused(Kind::Unavailable).again().is_some());
        assert!(refused(Kind::BadInput).again().is_none());
    }
}
