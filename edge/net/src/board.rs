//! Meeting at a board: an HTTP client around [`rendezvous::board::Visit`].
//!
//! [`Meeting::start`] returns at once; [`Meeting::next`] tells what happens; [`Stop`] ends it
//! politely, dropping the [`Meeting`] at once. Needs a tokio runtime with time and IO.
//!
//! Two connections at most, one to post and one to read. No cookies, no redirects, no `user-agent`.
//! Through a proxy, names are resolved at the proxy only.
//!
//! Spec: `spec/10-rendezvous.md` section 5.

mod address;
mod dial;
mod error;
mod line;
mod run;

use rendezvous::board::{self, Board};
use rendezvous::{Passkey, Seed};
use rustls::pki_types::CertificateDer;
use tokio::sync::{mpsc, watch};

pub use address::{Address, AddressError, Proxy};
pub use error::{RequestError, StartError};

use run::Runner;

/// Where and how to meet.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub at: Address,
    /// Which of its boards.
    pub board: Board,
    /// A proxy to go through, such as Tor.
    pub proxy: Option<Proxy>,
    /// Trusted besides the certificates that the system trusts.
    pub roots: Vec<CertificateDer<'static>>,
    /// The bounds and rhythms of the machine.
    pub machine: board::Config,
}

impl Options {
    /// That board of that server, directly, with the bounds of the spec and one job per core.
    #[must_use]
    pub fn new(at: Address, board: Board) -> Self {
        let mut machine = board::Config::default();
        machine.parallel = drive::Pool::cores();
        Self {
            at,
            board,
            proxy: None,
            roots: Vec::new(),
            machine,
        }
    }
}

/// A meeting that runs in the background until it is stopped or dropped.
#[derive(Debug)]
pub struct Meeting {
    events: mpsc::UnboundedReceiver<Event>,
    stop: Stop,
    task: tokio::task::JoinHandle<()>,
}

impl Meeting {
    /// Starts to meet with `message`, at most [`Board::message_max`] bytes unless it may be cut.
    /// `passkey` must be derived with [`Board::salt`].
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing was sent then.
    pub fn start(options: Options, passkey: Passkey, message: &[u8]) -> Result<Self, StartError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| StartError::NoRandomness)?;
        let (events, received) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let runner = Runner::new(options, passkey, message, Seed::new(seed), events)?;
        Ok(Self {
            events: received,
            stop: Stop(stop),
            task: tokio::spawn(runner.run(stopped)),
        })
    }

    /// What happens next; `None` when the meeting is over. Safe to cancel.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// A way to end the meeting from elsewhere.
    #[must_use]
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ends a [`Meeting`].
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Looks at nothing new, posts the answers that are due for a few seconds, then ends the
    /// stream of events. A second time changes nothing.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Something the person may want to know.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Event {
    /// The machine tells.
    Board(board::Event),
    /// A request failed, for this reason. What the machine makes of it comes next.
    Trouble(RequestError),
}
