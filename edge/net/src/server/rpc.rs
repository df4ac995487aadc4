use rendezvous::bucket::Host;
use tokio::time::sleep;
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{Done, answer};

use super::again::Again;
use super::exchange::{Wish, bytes, exchange};
use super::open::binding;
use super::{Access, CallError, Options, Prover, StartError};
use crate::RequestError;
use crate::dial::Dialer;
use crate::http::Open;

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
        // The last error after which it may have happened.
        let mut lost = None;
        loop {
            let is_kept = self.open.is_some();
            let result = self.once(&wish).await;
            if lost.is_some() && wish.is_deletion && is_unaccepted(&result) {
                // There is no account any more whose proof could be accepted.
                return Ok(answer::Result::Done(Done {}));
            }
            let error = match result {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            if !error.is_certain() {
                lost = Some(error.clone());
            }
            // A kept connection may have been closed since.
            if is_kept && error == CallError::Unreachable(RequestError::Broken) {
                continue;
            }
            let Some(pause) = again.after(&error) else {
                // That nobody can be reached now does not undo what an earlier try may have done.
                return Err(match error {
                    CallError::Refused(_) if error.again().is_none() => error,
                    error => lost.unwrap_or(error),
                });
            };
            sleep(pause).await;
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
            None => exchange(&self.options, &mut open.http, wish, None).await,
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
        let (options, http) = (&self.options, &mut open.http);
        let challenge = Wish::challenge()?;
        let answer::Result::Challenged(challenged) =
            exchange(options, http, &challenge, None).await?
        else {
            return Err(CallError::Malformed);
        };
        let nonce = challenged.nonce.try_into();
        let nonce = nonce.map_err(|_| CallError::Malformed)?;
        let binding = binding(&options.at, exporter.as_ref());
        let proof = prover.prove(binding, &nonce, &wish.operation)?;
        exchange(options, http, wish, Some(proof)).await
    }
}

/// Whether the proof was not accepted.
fn is_unaccepted(result: &Result<answer::Result, CallError>) -> bool {
    matches!(result, Err(error) if error.code() == Some(Code::Refused))
}
