mod end;
mod pulse;
mod pushes;
mod run;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use rendezvous::bucket::Host;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wire::v1::operation::Operation as Op;
use wire::v1::{Authenticate, Event, Hello, Proof, Request, Subscribe, answer};

pub use end::End;
#[cfg(fuzzing)]
pub use run::frames;

use super::exchange::bytes;
use super::open::{binding, patience, within_ms};
use super::{Access, CallError, Options, Prover};
use crate::RequestError;
use crate::reply::reply;
use run::{Ask, Shared, Task};
use socket::Greeted;

/// A connection to a server that stays, as one device of an account: requests are pipelined, and
/// events come by themselves. On a circuit of its own.
///
/// What happens while nobody takes events waits at the server. When the connection has ended,
/// [`next_event`](Self::next_event) and every call say how; whoever wants another one makes it,
/// subscribes after the last event it saw, and asks again, with the same keys, for what was not
/// answered. Dropping it ends the connection.
///
/// # Spec
///
/// `spec/40-server.md` section 2.2.
#[derive(Debug)]
pub struct Live {
    hello: Hello,
    caller: Caller,
    events: mpsc::Receiver<Event>,
    task: JoinHandle<()>,
}

impl Live {
    /// Connects, and authenticates as the device of `prover`. Tries once.
    ///
    /// # Errors
    ///
    /// See [`CallError`]; there is no connection then.
    pub async fn connect(options: &Options, prover: Prover<'_>) -> Result<Self, CallError> {
        let access = Access::new(options.proxy.clone(), &options.roots)?;
        let dialer = access.circuit(&options.at)?;
        let dialed = dialer.dial().await?;
        let exporter = dialed.exporter;
        let after = patience(options);
        let greeted = timeout(after, socket::open(&options.at, dialed.stream)).await;
        let Greeted { socket, hello } = greeted.map_err(|_| RequestError::Slow { after })??;
        let place = place(&options.at, &hello, exporter)?;
        let silence = silence(options, dialer.is_proxied());
        let (task, asks, events, shared) = Task::new(socket, &hello, silence);
        let live = Self {
            caller: Caller {
                asks,
                shared,
                place: Arc::new(place),
                within_ms: within_ms(options),
                patience: after,
            },
            hello,
            events,
            task: tokio::spawn(task.run()),
        };
        let authenticate = Op::Authenticate(Authenticate {});
        live.caller.prove(prover, authenticate, None).await?;
        Ok(live)
    }

    /// What the server said of itself.
    #[must_use]
    pub const fn hello(&self) -> &Hello {
        &self.hello
    }

    /// A way to ask over this connection, from anywhere, any number at a time.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Wants the account's events with numbers above `after` from now on.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn subscribe(&self, after: u64) -> Result<(), CallError> {
        let operation = Op::Subscribe(Subscribe { after });
        let said = self.caller.ask(None, operation, None, Some(after)).await?;
        match said {
            answer::Result::Done(_) => Ok(()),
            _ => Err(CallError::Malformed),
        }
    }

    /// The next event; their numbers grow. Taking it makes room for another. Safe to cancel.
    ///
    /// # Errors
    ///
    /// How the connection ended, once all events that came before are taken.
    pub async fn next_event(&mut self) -> Result<Event, End> {
        match self.events.recv().await {
            Some(event) => {
                self.caller.shared.took_one();
                Ok(event)
            }
            None => Err(self.caller.shared.end()),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.caller.shared.ended(End::Dropped);
        self.task.abort();
    }
}

/// Asks over a [`Live`] connection, as its device. Copies ask over the same one.
#[derive(Clone, Debug)]
pub struct Caller {
    asks: mpsc::Sender<Ask>,
    shared: Arc<Shared>,
    place: Arc<Place>,
    within_ms: u32,
    patience: Duration,
}

/// What proofs of a connection are bound to.
#[derive(Debug)]
struct Place {
    at: Host,
    exporter: Option<[u8; 32]>,
    nonce: [u8; 32],
}

impl Caller {
    /// Asks for `operation`, once. `key` is the same for every retry of one wish. More requests than
    /// the server reads at a time wait here for their turn.
    ///
    /// Dropping the future leaves open whether it happened.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn call(
        &self,
        operation: Op,
        key: Option<[u8; 16]>,
    ) -> Result<answer::Result, CallError> {
        self.ask(None, operation, key, None).await
    }

    /// The same, proven by another device than that of the connection.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn prove(
        &self,
        prover: Prover<'_>,
        operation: Op,
        key: Option<[u8; 16]>,
    ) -> Result<answer::Result, CallError> {
        let Place {
            at,
            exporter,
            nonce,
        } = self.place.as_ref();
        let binding = binding(at, exporter.as_ref());
        let proof = prover.prove(binding, nonce, &bytes(operation.clone())?)?;
        self.ask(Some(proof), operation, key, None).await
    }

    async fn ask(
        &self,
        proof: Option<Proof>,
        operation: Op,
        key: Option<[u8; 16]>,
        events_after: Option<u64>,
    ) -> Result<answer::Result, CallError> {
        let (answer, replied) = oneshot::channel();
        let ask = Ask {
            request: Request {
                // given when it is sent
                id: 0,
                within_ms: self.within_ms,
                key: key.map_or_else(Vec::new, |key| key.to_vec()),
                proof,
                operation: bytes(operation)?,
            },
            events_after,
            reply: answer,
        };
        let ended = || CallError::Ended(self.shared.end());
        let answered = async {
            self.shared.is_open().map_err(CallError::Ended)?;
            self.asks.send(ask).await.map_err(|_| ended())?;
            reply(&self.asks, replied).await.ok_or_else(ended)?
        };
        let after = self.patience;
        let answered = timeout(after, answered).await;
        answered.map_err(|_| RequestError::Slow { after })?
    }
}

/// What the server's first frame says proofs are bound to.
fn place(at: &Host, hello: &Hello, exporter: Option<[u8; 32]>) -> Result<Place, CallError> {
    let exporter = match (hello.binding, exporter) {
        (EXPORTER, Some(exporter)) => Some(exporter),
        // In plain, or TLS ends before the server. One that ends it itself takes no such proof.
        (NAME, _) => None,
        _ => return Err(CallError::Malformed),
    };
    let nonce = hello.nonce.as_slice().try_into();
    Ok(Place {
        at: at.clone(),
        exporter,
        nonce: nonce.map_err(|_| CallError::Malformed)?,
    })
}

fn silence(options: &Options, is_proxied: bool) -> Duration {
    let usual = match is_proxied {
        true => SILENCE_VIA_PROXY,
        false => SILENCE,
    };
    options.silence.unwrap_or(usual)
}

const EXPORTER: u32 = 1;
const NAME: u32 = 2;
const SILENCE: Duration = Duration::from_secs(5);
const SILENCE_VIA_PROXY: Duration = Duration::from_secs(30);
