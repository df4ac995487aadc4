//! Meeting at a board: an HTTP client around [`rendezvous::board::Visit`].
//!
//! [`Meeting::start`] returns at once; [`Meeting::next`] tells what happens; [`Stop`](crate::Stop) ends it
//! politely, dropping the [`Meeting`] at once. Needs a tokio runtime with time and IO.
//!
//! Two connections at most, one to post and one to read. No cookies, no redirects, no `user-agent`.
//! Through a proxy, names are resolved at the proxy only.
//!
//! Spec: `spec/10-rendezvous.md` section 5.

mod error;
mod line;
mod run;

use drive::{Panicked, Pool};
use rendezvous::Passkey;
use rendezvous::board::{self, Board};
use rustls::pki_types::CertificateDer;
use tokio::sync::mpsc;

pub use crate::RequestError;
pub use crate::address::{Address, AddressError, Proxy};
pub use error::StartError;
#[cfg(fuzzing)]
pub use line::answers;

use crate::running::fresh_seed;
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
        machine.parallel = Pool::cores();
        Self {
            at,
            board,
            proxy: None,
            roots: Vec::new(),
            machine,
        }
    }
}

/// A meeting at a board.
pub type Meeting = crate::Running<Event>;

impl Meeting {
    /// Starts to meet with `message`, at most [`Board::message_max`] bytes unless it may be cut.
    /// `passkey` must be derived with [`Board::salt`].
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing was sent then.
    pub fn start(options: Options, passkey: Passkey, message: &[u8]) -> Result<Self, StartError> {
        let seed = fresh_seed().ok_or(StartError::NoRandomness)?;
        let (events, received) = mpsc::unbounded_channel();
        let runner = Runner::new(options, passkey, message, seed, events)?;
        Ok(Self::spawn((), received, |stopped| runner.run(stopped)))
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
    /// A job panicked, which none should: our bug. Nothing comes after this.
    Bug(Panicked),
}
