use std::sync::{Mutex, MutexGuard, PoisonError};

use kernel::Time;
use primitives::Secret;
use switch::broker::{Address, Server, ServerConfig, ServerInput, ServerOutput, ServerStats};

/// The machine of one kind of address.
pub(super) struct Half<A>(Mutex<Server<A>>);

impl<A: Address> Half<A> {
    pub(super) fn new(now: Time, limits: &ServerConfig, seed: Secret<32>) -> Self {
        Self(Mutex::new(Server::new(now, limits.clone(), seed)))
    }

    pub(super) fn take(&self, now: Time, from: A, bytes: &[u8]) {
        let input = ServerInput::Datagram { from, bytes };
        self.lock().handle(now, input);
    }

    /// Does what the machine says now; when to come back.
    pub(super) fn drain(&self, now: Time, send: impl Fn(A, &[u8])) -> Option<Time> {
        let mut machine = self.lock();
        machine.handle(now, ServerInput::Tick);
        loop {
            match machine.poll() {
                ServerOutput::Send { to, bytes } => send(to, &bytes),
                ServerOutput::Wait(until) => return until,
            }
        }
    }

    pub(super) fn load(&self) -> usize {
        self.lock().load()
    }

    pub(super) fn stats(&self) -> ServerStats {
        self.lock().stats()
    }

    /// Also after a panic elsewhere: what a machine leaves is whole.
    fn lock(&self) -> MutexGuard<'_, Server<A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
