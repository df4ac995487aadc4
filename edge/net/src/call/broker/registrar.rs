use std::collections::VecDeque;
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use drive::Clock;
use kernel::Time;
use switch::broker::{Client, ClientConfig, ClientInput, ClientOutput, Event};
use switch::{Token, Wish};
use tokio::net::UdpSocket;

use super::super::seed;
use super::{Broker, BrokerError, Registration};

/// Drives one side of those who meet at a broker, on a socket that carries other things too.
pub(in crate::call) struct Registrar {
    client: Client,
    clock: Clock,
    socket: Arc<UdpSocket>,
    /// The token of our own, or the one that was drawn.
    token: Option<Token>,
    seen: Option<SocketAddr>,
    until: Option<Time>,
    /// What is to be sent, and to be told.
    out: VecDeque<(SocketAddrV4, Vec<u8>)>,
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
    /// One side, and its socket at `own`.
    pub(in crate::call) async fn open(
        own: SocketAddr,
        broker: &Broker,
        wish: &Wish,
    ) -> Result<(Arc<UdpSocket>, Self), BrokerError> {
        let (socket, broker) = broker.open(own).await?;
        let socket = Arc::new(socket);
        let registrar = Self::new(Arc::clone(&socket), broker, wish)?;
        Ok((socket, registrar))
    }

    fn new(socket: Arc<UdpSocket>, broker: SocketAddrV4, wish: &Wish) -> Result<Self, BrokerError> {
        let (clock, seed) = (Clock::new(), seed().ok_or(BrokerError::NoRandomness)?);
        let config = ClientConfig::default();
        let client = Client::new(clock.now(), config, broker, wish, seed)?;
        let token = match wish {
            Wish::Create(token) => token.clone(),
            Wish::Join(token) => Some(token.clone()),
        };
        Ok(Self {
            client,
            clock,
            socket,
            token,
            seen: None,
            until: None,
            out: VecDeque::new(),
            told: VecDeque::new(),
        })
    }

    /// Takes a datagram, if it is the broker's.
    pub(in crate::call) fn takes(&mut self, from: SocketAddr, bytes: &[u8]) -> bool {
        let SocketAddr::V4(from) = from else {
            return false;
        };
        let is_taken = self.client.takes(from, bytes);
        if is_taken {
            let input = ClientInput::Datagram { from, bytes };
            self.client.handle(self.clock.now(), input);
        }
        is_taken
    }

    /// Does what is due. Safe to cancel.
    pub(in crate::call) async fn drive(&mut self) {
        self.client.handle(self.clock.now(), ClientInput::Tick);
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

    fn tell(&mut self, event: Event) {
        let told = match event {
            Event::Mapped(seen) => {
                self.seen = Some(seen.into());
                self.registered()
            }
            Event::Assigned { token, .. } => {
                self.token = Some(token);
                self.registered()
            }
            Event::Matched { address, .. } => Some(Told::Met(address.into())),
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
