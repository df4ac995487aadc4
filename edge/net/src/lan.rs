//! Meeting on the local links: real sockets around [`rendezvous::lan::Lan`].
//!
//! [`Meeting::start`] opens two sockets per interface and returns at once; [`Meeting::next`] tells
//! what happens; [`Stop`] ends it politely, dropping the [`Meeting`] at once. Interfaces that come
//! and go are followed. Needs a tokio runtime with time and IO.
//!
//! Spec: `spec/10-rendezvous.md` section 4.

mod error;
mod interfaces;
mod link;
mod run;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use drive::Pool;
use rendezvous::{Passkey, Seed, lan};
use tokio::sync::{mpsc, watch};

pub use error::{LinkError, StartError};
pub use interfaces::{Interface, Interfaces};

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

/// A meeting that runs in the background until it is stopped or dropped.
#[derive(Debug)]
pub struct Meeting {
    interfaces: Vec<Interface>,
    events: mpsc::UnboundedReceiver<Event>,
    stop: Stop,
    task: tokio::task::JoinHandle<()>,
}

impl Meeting {
    /// Opens the sockets and starts to meet with `payload` (at most
    /// [`MAX_PAYLOAD`](lan::MAX_PAYLOAD) bytes).
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing was sent then.
    pub fn start(options: Options, passkey: Passkey, payload: Vec<u8>) -> Result<Self, StartError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| StartError::NoRandomness)?;
        let (events, received) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let runner = Runner::new(options, passkey, payload, Seed::new(seed), events)?;
        Ok(Self {
            interfaces: runner.interfaces(),
            events: received,
            stop: Stop(stop),
            task: tokio::spawn(runner.run(stopped)),
        })
    }

    /// The interfaces it started on; [`Event::Interfaces`] tells of changes.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
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
    /// Announces nothing any more, answers peers for a few seconds, then ends the stream of
    /// events. Who cannot wait drops the [`Meeting`]. A second time changes nothing.
    pub fn stop(&self) {
        self.0.send_replace(true);
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
}
