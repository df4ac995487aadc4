use rendezvous::bucket::{Entry, Hash, Host, Trouble};
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{BucketFetch, BucketLeave, answer};

use crate::RequestError;
use crate::server::{Access, CallError, Rpc};

/// One request of a machine.
#[derive(Debug)]
pub(super) enum Ask {
    Leave(Box<Entry>),
    Fetch(Hash),
}

/// What came of it, in the bytes that machines expect.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) at: Host,
    pub(super) is_leave: bool,
    pub(super) result: Result<Vec<u8>, CallError>,
}

impl Ask {
    /// Asks once, over a connection of its own.
    pub(super) async fn run(self, access: Access, at: Host) -> Asked {
        let is_leave = matches!(self, Self::Leave(_));
        let operation = match self {
            Self::Leave(entry) => Op::BucketLeave(BucketLeave {
                entry: entry.as_bytes().to_vec(),
            }),
            Self::Fetch(hash) => Op::BucketFetch(BucketFetch {
                hash: hash.as_bytes().to_vec(),
            }),
        };
        let result = match Rpc::over(&access, access.once(at.clone())) {
            Ok(mut rpc) => rpc.call(operation, None).await,
            Err(error) => Err(error.into()),
        };
        Asked {
            at,
            is_leave,
            result: result.and_then(|result| bytes(is_leave, result)),
        }
    }
}

/// The bytes of an answer; `spec/11-buckets.md` section 2.
fn bytes(is_leave: bool, result: answer::Result) -> Result<Vec<u8>, CallError> {
    match (is_leave, result) {
        (true, answer::Result::BucketLeft(left)) => Ok(left.bucket),
        (false, answer::Result::Bucket(bucket)) => {
            let state = u8::try_from(bucket.state).map_err(|_| CallError::Malformed)?;
            let mut bytes = Vec::with_capacity(bucket.slots.len().saturating_add(1));
            bytes.push(state);
            bytes.extend(bucket.slots);
            Ok(bytes)
        }
        _ => Err(CallError::Malformed),
    }
}

/// What the machine makes of a failed request. An answer that is none of the protocol is handed on
/// as no bytes, so that the machine refuses the server by that name.
pub(super) fn trouble(error: &CallError) -> Result<Vec<u8>, Trouble> {
    match error {
        CallError::Malformed | CallError::Unreachable(RequestError::TooLong { .. }) => {
            Ok(Vec::new())
        }
        CallError::Unreachable(_) => Err(Trouble::Away),
        error => Err(match (error.again(), error.code()) {
            (None, _) => Trouble::Declined,
            (Some(retry), _) if !retry.is_zero() => Trouble::Busy { retry: Some(retry) },
            (Some(_), Some(Code::Rate | Code::Busy | Code::Draining)) => {
                Trouble::Busy { retry: None }
            }
            (Some(_), _) => Trouble::Away,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wire::Refusal;
    use wire::v1::{Bucket, BucketLeft, Done};

    use super::*;

    #[test]
    fn answers_come_in_the_bytes_that_machines_expect() {
        let left = |length| {
            answer::Result::BucketLeft(BucketLeft {
                bucket: vec![7; length],
            })
        };
        assert_eq!(bytes(true, left(12)), Ok(vec![7; 12]));
        let bucket = |state| {
            answer::Result::Bucket(Bucket {
                state,
                slots: vec![9; 16_384],
            })
        };
        for state in [1, 2, 3] {
            let whole = bytes(false, bucket(state)).unwrap();
            assert_eq!((whole.len(), u32::from(whole[0])), (16_385, state));
        }
        assert_eq!(bytes(false, bucket(256)), Err(CallError::Malformed));
        assert_eq!(bytes(false, left(12)), Err(CallError::Malformed));
        let done = answer::Result::Done(Done {});
        assert_eq!(bytes(true, done), Err(CallError::Malformed));
    }

    #[test]
    fn a_failed_request_is_what_the_spec_makes_of_it() {
        let minute = Duration::from_secs(60);
        let refused = |code| CallError::Refused(Refusal::new(code, ""));
        let full = CallError::Refused(Refusal::after(Code::Quota, "", minute));
        for (error, expected) in [
            (refused(Code::Rate), Err(Trouble::Busy { retry: None })),
            (refused(Code::Draining), Err(Trouble::Busy { retry: None })),
            (
                full,
                Err(Trouble::Busy {
                    retry: Some(minute),
                }),
            ),
            (refused(Code::Unknown), Err(Trouble::Away)),
            (refused(Code::Store), Err(Trouble::Away)),
            (refused(Code::Unsupported), Err(Trouble::Declined)),
            (refused(Code::Bug), Err(Trouble::Declined)),
            (RequestError::Broken.into(), Err(Trouble::Away)),
            (RequestError::TooLong { max: 1 }.into(), Ok(Vec::new())),
            (CallError::Malformed, Ok(Vec::new())),
            (CallError::NotOffered { code: 404 }, Err(Trouble::Declined)),
        ] {
            assert_eq!(trouble(&error), expected, "{error:?}");
        }
    }
}
