use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request as HttpRequest, StatusCode};
use rendezvous::bucket::Host;
use tokio::time::{sleep, timeout};
use wire::v1::operation::Operation as Op;
use wire::v1::{Answer, Challenge, Done, Operation, Proof, Request, answer};
use wire::{Code, Refusal, SERVER_FRAME_MAX, decode, encode};

use super::again::Again;
use super::open::{binding, patience, within_ms};
use super::{Access, CallError, Options, Prover, StartError};
use crate::RequestError;
use crate::dial::Dialer;
use crate::http::{Open, refused};

/// Asks one server for one thing at a time, on a circuit of its own.
///
/// A connection is made when it is needed, and kept while the server keeps it. Nothing that must not
/// be linked may be asked over the same `Rpc`.
///
/// # Spec
///
/// `spec/40-server.md` sections 1.2, 2.1 and 3.
#[derive(Debug)]
pub struct Rpc {
    options: Options,
    dialer: Dialer,
    open: Option<Connection>,
    /// Whether the server does not end TLS itself, as it turned out.
    is_by_name: bool,
}

/// A connection that is open.
#[derive(Debug)]
struct Connection {
    http: Open,
    exporter: Option<[u8; 32]>,
}

/// What is wanted, once or again.
#[derive(Debug)]
struct Wish<'a> {
    operation: Vec<u8>,
    key: Option<[u8; 16]>,
    prover: Option<Prover<'a>>,
    /// Of the account.
    is_deletion: bool,
}

impl Rpc {
    /// Asks the server of `options`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn new(options: Options) -> Result<Self, StartError> {
        let access = Access::new(options.proxy.clone(), &options.roots)?;
        Self::over(&access, options)
    }

    /// The same with certificates that are loaded already.
    pub(crate) fn over(access: &Access, options: Options) -> Result<Self, StartError> {
        Ok(Self {
            dialer: access.circuit(&options.at)?,
            options,
            open: None,
            is_by_name: false,
        })
    }

    /// The server.
    #[must_use]
    pub const fn at(&self) -> &Host {
        &self.options.at
    }

    /// Asks for `operation` without a proof. `key` is the same for every retry of one wish, also for
    /// those made here: a lost answer is asked for again, and so is what is refused for the moment,
    /// after a pause and within the bounds of the [`Options`].
    ///
    /// Dropping the future leaves open whether it happened.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. The next call finds everything as it was; if the last one may have
    /// happened, it can be made again with the same key.
    pub async fn call(
        &mut self,
        operation: Op,
        key: Option<[u8; 16]>,
    ) -> Result<answer::Result, CallError> {
        self.ask(None, operation, key).await
    }

    /// The same, proven by a device. The proof is bound to the connection, or to the name that was
    /// dialled where the server does not end TLS itself.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub async fn prove(
        &mut self,
        prover: Prover<'_>,
        operation: Op,
        key: Option<[u8; 16]>,
    ) -> Result<answer::Result, CallError> {
        self.ask(Some(prover), operation, key).await
    }

    async fn ask(
        &mut self,
        prover: Option<Prover<'_>>,
        operation: Op,
        key: Option<[u8; 16]>,
    ) -> Result<answer::Result, CallError> {
        let wish = Wish {
            is_deletion: matches!(operation, Op::AccountDelete(_)),
            operation: bytes(operation)?,
            key,
            prover,
        };
        let mut again = Again::new(&self.options);
        let mut may_be_done = false;
        loop {
            let is_kept = self.open.is_some();
            let result = self.once(&wish).await;
            if may_be_done && wish.is_deletion && is_unaccepted(&result) {
                // There is no account any more whose proof could be accepted.
                return Ok(answer::Result::Done(Done {}));
            }
            let error = match result {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            may_be_done |= !error.is_certain();
            // A kept connection may have been closed since.
            if is_kept && error == CallError::Unreachable(RequestError::Broken) {
                continue;
            }
            sleep(again.after(&error).ok_or(error)?).await;
        }
    }

    /// One try. The connection is kept if the server answered.
    async fn once(&mut self, wish: &Wish<'_>) -> Result<answer::Result, CallError> {
        let kept = self.open.take().filter(|open| !open.http.is_closed());
        let mut open = match kept {
            Some(open) => open,
            None => self.connect().await?,
        };
        let result = match wish.prover {
            None => self.exchange(&mut open, wish, None).await,
            Some(prover) => self.exchange_proven(&mut open, wish, &prover).await,
        };
        if let Ok(_) | Err(CallError::Refused(_)) = result {
            self.open = Some(open);
        }
        result
    }

    async fn connect(&self) -> Result<Connection, CallError> {
        let dialed = self.dialer.dial().await?;
        Ok(Connection {
            http: Open::over(dialed.stream).await?,
            exporter: dialed.exporter,
        })
    }

    /// Over TLS the proof is bound to the channel; if it is refused, TLS may end before the server,
    /// and the proof is bound to the name. A server that ends TLS itself takes none such, so nobody
    /// between gains by the second try.
    async fn exchange_proven(
        &mut self,
        open: &mut Connection,
        wish: &Wish<'_>,
        prover: &Prover<'_>,
    ) -> Result<answer::Result, CallError> {
        let exporter = open.exporter;
        let bound = |is_by_name: bool| exporter.filter(|_| !is_by_name);
        let first = (prover, bound(self.is_by_name));
        let result = self.exchange_bound(open, wish, first).await;
        if exporter.is_none() || !is_unaccepted(&result) {
            return result;
        }
        let second = (prover, bound(!self.is_by_name));
        let result = self.exchange_bound(open, wish, second).await;
        self.is_by_name ^= !is_unaccepted(&result);
        result
    }

    async fn exchange_bound(
        &self,
        open: &mut Connection,
        wish: &Wish<'_>,
        (prover, exporter): (&Prover<'_>, Option<[u8; 32]>),
    ) -> Result<answer::Result, CallError> {
        let challenge = Wish {
            operation: bytes(Op::Challenge(Challenge {}))?,
            key: None,
            prover: None,
            is_deletion: false,
        };
        let answer::Result::Challenged(challenged) = self.exchange(open, &challenge, None).await?
        else {
            return Err(CallError::Malformed);
        };
        let nonce = challenged.nonce.try_into();
        let nonce = nonce.map_err(|_| CallError::Malformed)?;
        let binding = binding(&self.options.at, exporter.as_ref());
        let proof = prover.prove(binding, &nonce, &wish.operation)?;
        self.exchange(open, wish, Some(proof)).await
    }

    /// One request and its answer.
    async fn exchange(
        &self,
        open: &mut Connection,
        wish: &Wish<'_>,
        proof: Option<Proof>,
    ) -> Result<answer::Result, CallError> {
        let request = encode(&Request {
            id: ID,
            within_ms: within_ms(&self.options),
            key: wish.key.map_or_else(Vec::new, |key| key.to_vec()),
            proof,
            operation: wish.operation.clone(),
        });
        let request = HttpRequest::builder()
            .method(Method::POST)
            .uri("/v1/rpc")
            .header(HOST, self.options.at.as_str())
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(Full::from(request))
            .map_err(|_| RequestError::Broken)?;
        let after = patience(&self.options);
        let answered = timeout(after, open.http.exchange(request, SERVER_FRAME_MAX)).await;
        let (head, body) = answered.map_err(|_| RequestError::Slow { after })??;
        match head.status {
            StatusCode::OK => result(&body),
            status => Err(refused(status, &head.headers).into()),
        }
    }
}

/// Whether the proof was not accepted.
fn is_unaccepted(result: &Result<answer::Result, CallError>) -> bool {
    matches!(result, Err(error) if error.code() == Some(Code::Refused))
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
    use wire::v1::{BucketLeave, Register};

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
