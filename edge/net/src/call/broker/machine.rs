use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};

use kernel::Time;
use primitives::Secret;
use switch::broker::{Address, Client, ClientConfig, ClientInput, ClientOutput, Event};
use switch::{TokenError, Wish};

/// A client of a broker of either kind.
pub(super) enum Machine {
    Four(Client<SocketAddrV4>),
    Six(Client<SocketAddrV6>),
}

impl Machine {
    pub(super) fn new(
        now: Time,
        broker: SocketAddr,
        wish: &Wish,
        seed: Secret<32>,
    ) -> Result<Self, TokenError> {
        let config = ClientConfig::default();
        Ok(match broker {
            SocketAddr::V4(broker) => Self::Four(Client::new(now, config, broker, wish, seed)?),
            SocketAddr::V6(broker) => Self::Six(Client::new(now, config, broker, wish, seed)?),
        })
    }

    /// Takes a datagram, if it is the broker's.
    pub(super) fn takes(&mut self, now: Time, from: SocketAddr, bytes: &[u8]) -> bool {
        match (self, from) {
            (Self::Four(client), SocketAddr::V4(from)) => takes(client, now, from, bytes),
            (Self::Six(client), SocketAddr::V6(from)) => takes(client, now, from, bytes),
            _ => false,
        }
    }

    pub(super) fn tick(&mut self, now: Time) {
        match self {
            Self::Four(client) => client.handle(now, ClientInput::Tick),
            Self::Six(client) => client.handle(now, ClientInput::Tick),
        }
    }

    pub(super) fn poll(&mut self) -> ClientOutput<SocketAddr> {
        match self {
            Self::Four(client) => of_either(client.poll()),
            Self::Six(client) => of_either(client.poll()),
        }
    }
}

fn takes<A: Address>(client: &mut Client<A>, now: Time, from: A, bytes: &[u8]) -> bool {
    let is_taken = client.takes(from, bytes);
    if is_taken {
        client.handle(now, ClientInput::Datagram { from, bytes });
    }
    is_taken
}

fn of_either<A: Address>(output: ClientOutput<A>) -> ClientOutput<SocketAddr> {
    match output {
        ClientOutput::Send { to, bytes } => {
            let to = to.into();
            ClientOutput::Send { to, bytes }
        }
        ClientOutput::Tell(event) => match told(event) {
            Some(event) => ClientOutput::Tell(event),
            // Of what is not known here, nothing follows: the next thing comes when it is asked for.
            None => ClientOutput::Wait(Some(Time::ZERO)),
        },
        ClientOutput::Wait(until) => ClientOutput::Wait(until),
    }
}

fn told<A: Address>(event: Event<A>) -> Option<Event<SocketAddr>> {
    Some(match event {
        Event::Mapped(seen) => Event::Mapped(seen.into()),
        Event::Assigned { token, lasts } => Event::Assigned { token, lasts },
        Event::Matched { key, address } => {
            let address = address.into();
            Event::Matched { key, address }
        }
        Event::Ended(end) => Event::Ended(end),
        _ => return None,
    })
}
