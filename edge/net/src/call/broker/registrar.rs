use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use drive::Clock;
use kernel::Time;
use switch::broker::{ClientOutput, Event};
use switch::{Token, Wish};
use tokio::net::UdpSocket;

use super::super::seed;
use super::machine::Machine;
use super::{BrokerError, Registration, open};

/// Drives one side of those who meet at a broker, on a socket that carries other things too.
pub(in crate::call) struct Registrar {
    client: Machine,
    clock: Clock,
    socket: Arc<UdpSocket>,
    /// The token of our own, or the one that was drawn.
    token: Option<Token>,
    seen: Option<SocketAddr>,
    until: Option<Time>,
    /// What is to be sent, and to be told.
    out: VecDeque<(SocketAddr, Vec<u8>)>,
    told: VecDeque<Told>,
}

/// What comes of it.
#[derive(Debug)]
pub(in crate::call) enum Told {
    /// The broker knows us.
    Registered(Registration),
    /// Somebody is there, by their own word or the broker's.
    Met(SocketAddr),
    /// The broker does not answer; nothing comes after this.
    Silent,
}

impl Registrar {
    /// One side, and its socket at `own`, which is an address of the same kind as the broker's.
    pub(in crate::call) fn open(
        own: SocketAddr,
        broker: SocketAddr,
        wish: &Wish,
    ) -> Result<(Arc<UdpSocket>, Self), BrokerError> {
        let (clock, seed) = (Clock::new(), seed().ok_or(BrokerError::NoRandomness)?);
        let client = Machine::new(clock.now(), broker, wish, seed)?;
        let token = match wish {
            Wish::Create(token) => token.clone(),
            Wish::Join(token) => Some(token.clone()),
        };
        let socket = Arc::new(open(own)?);
        let registrar = Self {
            client,
            clock,
            socket: Arc::clone(&socket),
            token,
            seen: None,
            until: None,
            out: VecDeque::new(),
            told: VecDeque::new(),
        };
        Ok((socket, registrar))
    }

    /// Takes a datagram, if it is the broker's.
    pub(in crate::call) fn takes(&mut self, from: SocketAddr, bytes: &[u8]) -> bool {
        self.client.takes(self.clock.now(), from, bytes)
    }

    /// Does what is due. Safe to cancel.
    pub(in crate::call) async fn drive(&mut self) {
        self.client.tick(self.clock.now());
        self.until = loop {
            match self.client.poll() {
                ClientOutput::Send { to, bytes } => self.out.push_back((to, bytes)),
                ClientOutput::Tell(event) => self.tell(event),
                ClientOutput::Wait(until) => break until,
            }
        };
        while let Some((to, bytes)) = self.out.front() {
            // What does not leave is lost like any other.
            drop(self.socket.send_to(bytes, to).await);
            self.out.pop_front();
        }
    }

    /// What came of it.
    pub(in crate::call) fn next(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// How long until something is due.
    pub(in crate::call) fn wait(&self) -> Duration {
        self.clock.until(self.until)
    }

    fn tell(&mut self, event: Event<SocketAddr>) {
        let told = match event {
            Event::Mapped(seen) => {
                self.seen = Some(seen);
                self.registered()
            }
            Event::Assigned { token, .. } => {
                self.token = Some(token);
                self.registered()
            }
            Event::Matched { address, .. } => Some(Told::Met(address)),
            Event::Ended(_) => Some(Told::Silent),
            _ => None,
        };
        self.told.extend(told);
    }

    fn registered(&self) -> Option<Told> {
        let (token, seen) = (self.token.clone()?, self.seen?);
        Some(Told::Registered(Registration { token, seen }))
    }
}
