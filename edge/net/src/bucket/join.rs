//! The joiner's side.

use std::ops::ControlFlow;

use drive::{WallClock, World};
use kernel::Time;
use rendezvous::bucket::join::{self, Config, Input, Join, Output};
use rendezvous::bucket::{Line, Passphrase};
use rustls::pki_types::CertificateDer;

use super::StartError;
use super::ask::Ask;
use super::run::{Heard, Party, Runner, Web};
use crate::Proxy;
use crate::server::Access;

/// How to look for a link.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A proxy to go through, such as Tor.
    pub proxy: Option<Proxy>,
    /// Trusted besides the certificates that the system trusts.
    pub roots: Vec<CertificateDer<'static>>,
    /// The bounds of the machine.
    pub machine: Config,
}

/// What a [`Joiner`] tells.
pub type Event = super::Event<join::Event>;

/// Finds the link behind a line and its passphrase. Whoever goes on to the host of the link asks it
/// over a circuit of its own.
pub type Joiner = crate::Running<Event>;

impl Joiner {
    /// Starts with `line` and the `passphrase` that came with it, or apart from it.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing was sent then.
    pub fn start(options: Options, line: Line, passphrase: Passphrase) -> Result<Self, StartError> {
        let clock = WallClock::new();
        let join = Join::new(options.machine, line, passphrase, clock.now());
        let access = Access::new(options.proxy, &options.roots)?;
        Runner::start(join, clock, access)
    }
}

impl Party for Join {
    type Event = join::Event;

    fn hear(&mut self, now: Time, heard: Heard) {
        match heard {
            Heard::Stretched(result) => self.handle(now, Input::Stretched(result)),
            Heard::Fetched(result) => {
                let result = result.as_deref().map_err(|trouble| *trouble);
                self.handle(now, Input::Fetched(result));
            }
            // A joiner leaves nothing.
            Heard::Left(_) | Heard::Nothing => self.handle(now, Input::Tick),
        }
    }
}

impl World<Output> for Web<join::Event> {
    fn perform(&mut self, output: Output) -> ControlFlow<Option<Time>> {
        match output {
            Output::Stretch(stretching) => self.stretch(stretching),
            // Each circuit is asked for once, and each request is one of its own.
            Output::Fetch { at, hash, .. } => self.ask(at, Ask::Fetch(hash)),
            Output::Tell(event) => {
                let is_last = matches!(event, join::Event::Found(_) | join::Event::Failed(_));
                self.tell(event, is_last);
            }
            Output::Wait(until) => return ControlFlow::Break(until),
        }
        ControlFlow::Continue(())
    }
}
