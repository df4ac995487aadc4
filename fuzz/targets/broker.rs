//! A broker, two who meet at it, and a stranger. The fuzzer is the network: it delays, loses, repeats
//! and changes datagrams, adds its own, and moves the clock.
#![no_main]

use std::net::SocketAddrV4;

use fuzz::Script;
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use primitives::Secret;
use switch::broker::{
    Client, ClientConfig, ClientInput, ClientOutput, Event, PeerKey, Register, Request, Server,
    ServerConfig, ServerInput, ServerOutput,
};
use switch::{Token, Wish};

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script::new(bytes);
    if let Some(mut world) = World::new(&mut script) {
        while world.step(&mut script).is_some() {}
    }
});

struct World {
    now: u64,
    server: Server,
    clients: [Client; 2],
    wire: Vec<Datagram>,
}

#[derive(Clone)]
struct Datagram {
    from: SocketAddrV4,
    to: SocketAddrV4,
    bytes: Vec<u8>,
}

impl World {
    fn new(script: &mut Script<'_>) -> Option<Self> {
        let token = || Token::from_bytes(&[7; 32]).expect("32 bytes");
        let wishes = match script.below(2)? {
            0 => [Wish::Create(Some(token())), Wish::Join(token())],
            _ => [Wish::Create(None), Wish::Join(token())],
        };
        let mut config = ServerConfig::default();
        (config.places, config.places_per_source, config.sources) = (4, 2, 3);
        let mut number = 0;
        let clients = wishes.map(|wish| {
            number += 1;
            let seed = Secret::new([number; 32]);
            let config = ClientConfig::default();
            Client::new(Time::ZERO, config, BROKER, &wish, seed).expect("a token")
        });
        let mut world = Self {
            now: 0,
            server: Server::new(Time::ZERO, config, Secret::new([9; 32])),
            clients,
            wire: Vec::new(),
        };
        world.drain();
        Some(world)
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        match script.below(8)? {
            0 | 1 => {
                self.now += u64::from(script.byte()?) * 128;
                let now = Time::from_ms(self.now);
                self.server.handle(now, ServerInput::Tick);
                for client in &mut self.clients {
                    client.handle(now, ClientInput::Tick);
                }
                self.drain();
            }
            2 | 3 => {
                if let Some(place) = self.pick(script)? {
                    let datagram = self.wire.remove(place);
                    self.deliver(&datagram);
                }
            }
            4 => {
                if let Some(place) = self.pick(script)? {
                    let mut datagram = self.wire[place].clone();
                    datagram.from = address(script.below(5)?);
                    self.deliver(&datagram);
                }
            }
            5 => {
                let (place, change) = (usize::from(script.byte()?), script.byte()?);
                if let Some(picked) = self.pick(script)? {
                    let mut datagram = self.wire[picked].clone();
                    let place = place % datagram.bytes.len();
                    datagram.bytes[place] ^= change;
                    self.deliver(&datagram);
                }
            }
            6 => {
                let (from, to) = (address(script.below(5)?), address(script.below(5)?));
                let bytes = script.short()?.to_vec();
                self.deliver(&Datagram { from, to, bytes });
            }
            _ => {
                let token = Secret::new([script.below(9)?; 16]);
                let key = PeerKey::from_bytes([script.byte()?; 32]);
                let claimed = address(script.below(5)?);
                let register = Register::new(Some(token), key, claimed);
                self.deliver(&Datagram {
                    from: address(script.below(5)?),
                    to: BROKER,
                    bytes: Request::Register(register).encode(),
                });
            }
        }
        Some(())
    }

    fn pick(&self, script: &mut Script<'_>) -> Option<Option<usize>> {
        let number = usize::from(script.byte()?);
        let place = number % self.wire.len().max(1);
        Some((place < self.wire.len()).then_some(place))
    }

    fn deliver(&mut self, datagram: &Datagram) {
        let (now, from, bytes) = (Time::from_ms(self.now), datagram.from, &datagram.bytes[..]);
        if datagram.to == BROKER {
            self.server
                .handle(now, ServerInput::Datagram { from, bytes });
            let load = self.server.load();
            assert!(load <= 4, "{load} are held");
        }
        for (number, client) in (1..).zip(&mut self.clients) {
            if datagram.to == address(number) && client.takes(from, bytes) {
                client.handle(now, ClientInput::Datagram { from, bytes });
            }
        }
        self.drain();
    }

    fn drain(&mut self) {
        let now = Time::from_ms(self.now);
        let waits = |until: Option<Time>| assert!(until.is_none_or(|until| until > now));
        for (number, client) in (1..).zip(&mut self.clients) {
            loop {
                match client.poll() {
                    ClientOutput::Send { to, bytes } => {
                        assert!(bytes.len() <= 60);
                        let from = address(number);
                        self.wire.push(Datagram { from, to, bytes });
                    }
                    ClientOutput::Tell(Event::Matched { address, .. }) => {
                        assert!(address.port() != 0 && !address.ip().is_multicast());
                    }
                    ClientOutput::Tell(_) => {}
                    ClientOutput::Wait(until) => {
                        waits(until);
                        break;
                    }
                }
            }
        }
        loop {
            match self.server.poll() {
                ServerOutput::Send { to, bytes } => {
                    assert!(bytes.len() <= 133);
                    let from = BROKER;
                    self.wire.push(Datagram { from, to, bytes });
                }
                ServerOutput::Wait(until) => {
                    waits(until);
                    break;
                }
            }
        }
        self.wire.truncate(64);
    }
}

/// 1 and 2 are those who meet, 0 the broker.
fn address(host: u8) -> SocketAddrV4 {
    match host {
        0 => BROKER,
        _ => SocketAddrV4::new([192, 0, 2, host].into(), 1000),
    }
}

const BROKER: SocketAddrV4 = SocketAddrV4::new(std::net::Ipv4Addr::new(203, 0, 113, 1), 4788);
