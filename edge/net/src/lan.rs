//! Meeting on the local links: real sockets around [`rendezvous::lan::Lan`].
//!
//! [`Meeting::start`] opens two sockets per interface and returns at once; [`Meeting::next`] tells
//! what happens; [`Stop`](crate::Stop) ends it politely, dropping the [`Meeting`] at once. Interfaces that come
//! and go are followed. Needs a tokio runtime with time and IO.
//!
//! Spec: `spec/10-rendezvous.md` section 4.

mod error;
mod interfaces;
mod link;
mod probe;
mod run;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use drive::{Panicked, Pool};
use rendezvous::{Passkey, lan};
use tokio::sync::mpsc;

pub use error::{LinkError, StartError};
pub use interfaces::{Interface, Interfaces};
pub use probe::{Heard, probe};

use crate::running::fresh_seed;
use run::Runner;

/// Where and how to meet.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Options {
    /// The interfaces to use.
    pub interfaces: Interfaces,
    /// The group everyone listens to, and its port.
    pub group: SocketAddrV4,
    /// How often interfaces are looked for.
    pub rescan: Duration,
    /// The bounds and rhythms of the machine.
    pub machine: lan::Config,
}

impl Default for Options {
    /// All interfaces, the group of the spec, and one job per core.
    fn default() -> Self {
        let mut machine = lan::Config::default();
        machine.parallel = Pool::cores();
        Self {
            interfaces: Interfaces::All,
            group: SocketAddrV4::new(Ipv4Addr::new(224, 3, 29, 71), 9005),
            rescan: Duration::from_secs(3),
            machine,
        }
    }
}

/// A meeting on the local links.
pub type Meeting = crate::Running<Event, Vec<Interface>>;

impl Meeting {
    /// Opens the sockets and starts to meet with `payload` (at most
    /// [`MAX_PAYLOAD`](lan::MAX_PAYLOAD) bytes).
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing was sent then.
    pub fn start(options: Options, passkey: Passkey, payload: Vec<u8>) -> Result<Self, StartError> {
        let seed = fresh_seed().ok_or(StartError::NoRandomness)?;
        let (events, received) = mpsc::unbounded_channel();
        let runner = Runner::new(options, passkey, payload, seed, events)?;
        let interfaces = runner.interfaces();
        Ok(Self::spawn(interfaces, received, |stopped| {
            runner.run(stopped)
        }))
    }

    /// The interfaces it started on; [`Event::Interfaces`] tells of changes.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.place
    }
}

/// Something the person may want to know.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Event {
    /// The machine tells.
    Lan(lan::Event),
    /// Interfaces came or went; these are used now, perhaps none.
    Interfaces(Vec<Interface>),
    /// An interface does not do what it should. Told once per minute and interface.
    Trouble(LinkError),
    /// A job panicked, which none should: our bug. Nothing comes after this.
    Bug(Panicked),
}
