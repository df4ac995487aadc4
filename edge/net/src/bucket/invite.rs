//! The inviter's side.

use std::ops::ControlFlow;

use drive::{WallClock, World};
use kernel::Time;
use rendezvous::bucket::invite::{self, Config, Input, Invite, Output};
use rendezvous::bucket::{Host, Link, Passphrase};
use rustls::pki_types::CertificateDer;

use super::StartError;
use super::ask::Ask;
use super::run::{Heard, Party, Runner, Web};
use crate::Proxy;
use crate::running::fresh_seed;
use crate::server::{self, Access};

/// Where and how to leave a link.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Options {
    /// The rendezvous servers, tried in this order; 1 to [`Invite::SERVERS_MAX`].
    pub servers: Vec<Host>,
    /// A proxy to go through, such as Tor.
    pub proxy: Option<Proxy>,
    /// Trusted besides the certificates that the system trusts.
    pub roots: Vec<CertificateDer<'static>>,
    /// The bounds and rhythms of the machine.
    pub machine: Config,
}

impl Options {
    /// Those servers, directly, with the bounds of the spec.
    #[must_use]
    pub fn new(servers: Vec<Host>) -> Self {
        Self {
            servers,
            proxy: None,
            roots: Vec::new(),
            machine: Config::default(),
        }
    }
}

/// What an [`Inviter`] tells.
pub type Event = super::Event<invite::Event>;

/// Leaves a link until a server passes every check, and a line can be shown.
pub type Inviter = crate::Running<Event>;

impl Inviter {
    /// Starts to leave `link`, sealed with `passphrase`, on one of the servers.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing was sent then.
    pub fn start(options: Options, link: Link, passphrase: Passphrase) -> Result<Self, StartError> {
        let Options {
            servers,
            proxy,
            roots,
            machine,
        } = options;
        let seed = fresh_seed().ok_or(server::StartError::NoRandomness)?;
        let clock = WallClock::new();
        let what = (link, passphrase);
        let invite = Invite::new(machine, what, servers, seed, clock.now())?;
        Runner::start(invite, clock, Access::new(proxy, &roots)?)
    }
}

impl Party for Invite {
    type Event = invite::Event;

    fn hear(&mut self, now: Time, heard: Heard) {
        match heard {
            Heard::Stretched(result) => self.handle(now, Input::Stretched(result)),
            Heard::Left(result) => {
                let result = result.as_deref().map_err(|trouble| *trouble);
                self.handle(now, Input::Left(result));
            }
            Heard::Fetched(result) => {
                let result = result.as_deref().map_err(|trouble| *trouble);
                self.handle(now, Input::Fetched(result));
            }
            Heard::Nothing => self.handle(now, Input::Tick),
        }
    }
}

impl World<Output> for Web<invite::Event> {
    fn perform(&mut self, output: Output) -> ControlFlow<Option<Time>> {
        match output {
            Output::Stretch(stretching) => self.stretch(stretching),
            // Each circuit is asked for once, and each request is one of its own.
            Output::Leave { at, entry, .. } => self.ask(at, Ask::Leave(entry)),
            Output::Fetch { at, hash, .. } => self.ask(at, Ask::Fetch(hash)),
            Output::Tell(event) => {
                let is_last = matches!(event, invite::Event::Ready(_) | invite::Event::Failed(_));
                self.tell(event, is_last);
            }
            Output::Wait(until) => return ControlFlow::Break(until),
        }
        ControlFlow::Continue(())
    }
}
