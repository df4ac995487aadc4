use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request as HttpRequest, StatusCode};
use tokio::time::timeout;
use wire::v1::operation::Operation as Op;
use wire::v1::{Answer, Challenge, Operation, Proof, Request, answer};
use wire::{Refusal, SERVER_FRAME_MAX, decode, encode};

use super::open::{patience, within_ms};
use super::{CallError, Options, Prover};
use crate::RequestError;
use crate::http::{Open, refused};

/// What is wanted, once or again.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    pub(super) operation: Vec<u8>,
    pub(super) key: Option<[u8; 16]>,
    pub(super) prover: Option<Prover<'a>>,
    /// Of the account.
    pub(super) is_deletion: bool,
}

impl Wish<'_> {
    /// A nonce for a proof.
    pub(super) fn challenge() -> Result<Self, CallError> {
        Ok(Self {
            operation: bytes(Op::Challenge(Challenge {}))?,
            key: None,
            prover: None,
            is_deletion: false,
        })
    }
}

/// One request and its answer.
pub(super) async fn exchange(
    options: &Options,
    open: &mut Open,
    wish: &Wish<'_>,
    proof: Option<Proof>,
) -> Result<answer::Result, CallError> {
    let request = encode(&Request {
        id: ID,
        within_ms: within_ms(options),
        key: wish.key.map_or_else(Vec::new, |key| key.to_vec()),
        proof,
        operation: wish.operation.clone(),
    });
    let request = HttpRequest::builder()
        .method(Method::POST)
        .uri("/v1/rpc")
        .header(HOST, options.at.as_str())
        .header(CONTENT_TYPE, "application/x-protobuf")
        .body(Full::from(request))
        .map_err(|_| RequestError::Broken)?;
    let after = patience(options);
    let answered = timeout(after, open.exchange(request, SERVER_FRAME_MAX)).await;
    let (head, body) = answered.map_err(|_| RequestError::Slow { after })??;
    match head.status {
        StatusCode::OK => result(&body),
        status => Err(refused(status, &head.headers).into()),
    }
}

/// What a client makes of `bytes` from a server, as the answer to a request. For the fuzzer, which
/// takes the place of the server.
///
/// # Errors
///
/// See [`CallError`].
#[cfg(fuzzing)]
pub async fn answered(bytes: &[u8]) -> Result<answer::Result, CallError> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    let (client, mut server) = duplex(64 << 10);
    let serve = async move {
        // Before the request nothing is an answer. Then the connection ends.
        let _ = server.read(&mut [0; 1024]).await;
        let _ = server.write_all(bytes).await;
    };
    let at = rendezvous::bucket::Host::typed("localhost").map_err(|_| CallError::Malformed)?;
    let wish = Wish::challenge()?;
    let ask = async {
        let mut open = Open::over(client).await?;
        exchange(&Options::new(at), &mut open, &wish, None).await
    };
    let ((), result) = tokio::join!(serve, ask);
    result
}

/// An operation as it is sent and signed.
pub(super) fn bytes(operation: Op) -> Result<Vec<u8>, CallError> {
    let bytes = encode(&Operation {
        operation: Some(operation),
    });
    match bytes.len() {
        ..=OPERATION_MAX => Ok(bytes),
        length => Err(CallError::TooLong {
            length,
            max: OPERATION_MAX,
        }),
    }
}

/// What the body of an answer says.
fn result(body: &[u8]) -> Result<answer::Result, CallError> {
    let answer: Answer = decode(body, SERVER_FRAME_MAX).map_err(|_| CallError::Malformed)?;
    // What was no request at all to the server has no id for it.
    match said(answer.result) {
        Ok(_) if answer.id != ID => Err(CallError::Malformed),
        said => said,
    }
}

/// A result, or the refusal in its place.
pub(super) fn said(result: Option<answer::Result>) -> Result<answer::Result, CallError> {
    match result {
        Some(answer::Result::Error(error)) => {
            Err(CallError::Refused(Refusal::from_message(&error)))
        }
        Some(result) => Ok(result),
        None => Err(CallError::Malformed),
    }
}

/// There is one unanswered request on a connection.
const ID: u64 = 1;
/// Most bytes of an operation; beside the field in `frame.proto`.
const OPERATION_MAX: usize = 261_120;

#[cfg(test)]
mod tests {
    use wire::v1::{BucketLeave, Done, Register};

    use super::*;

    #[test]
    fn an_answer_to_another_request_is_malformed() {
        let answer = |id| Answer {
            id,
            result: Some(answer::Result::Done(Done {})),
        };
        assert!(result(&encode(&answer(ID))).is_ok());
        assert_eq!(result(&encode(&answer(2))), Err(CallError::Malformed));
        assert_eq!(result(b"\xff"), Err(CallError::Malformed));
        assert_eq!(result(b""), Err(CallError::Malformed));
    }

    #[test]
    fn an_operation_may_have_its_limit_and_not_a_byte_more() {
        let entry = |length| {
            Op::BucketLeave(BucketLeave {
                entry: vec![0; length],
            })
        };
        // two tags, two lengths of three bytes
        let most = OPERATION_MAX - 9;
        assert_eq!(bytes(entry(most)).unwrap().len(), OPERATION_MAX);
        let length = OPERATION_MAX + 1;
        let max = OPERATION_MAX;
        assert_eq!(
            bytes(entry(most + 1)),
            Err(CallError::TooLong { length, max })
        );
        assert!(bytes(Op::Register(Register::default())).is_ok());
    }
}
