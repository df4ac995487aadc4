//! People who meet at a broker, over a network that the test is.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what does not hold"
)]

use std::collections::VecDeque;
use std::net::{SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use kernel::Time;
use primitives::Secret;
use switch::broker::{
    Client, ClientConfig, ClientInput, ClientOutput, End, Event, PeerKey, Register, Request,
    Server, ServerConfig, ServerInput, ServerOutput, echo, is_broker,
};
use switch::{Token, TokenError, Wish};

const START: Time = Time::from_ms(1_800_000_000_000);
const BROKER: SocketAddrV4 = SocketAddrV4::new(std::net::Ipv4Addr::new(203, 0, 113, 1), 4788);

struct Side {
    client: Client,
    address: SocketAddrV4,
    events: Vec<Event>,
    /// Who knocked.
    knocked: Vec<SocketAddrV4>,
    until: Option<Time>,
}

struct World {
    server: Server,
    sides: Vec<Side>,
    now: Time,
    /// From, to, bytes.
    wire: VecDeque<(SocketAddrV4, SocketAddrV4, Vec<u8>)>,
    carried: Vec<(SocketAddrV4, SocketAddrV4, Vec<u8>)>,
}

fn address(host: u8) -> SocketAddrV4 {
    SocketAddrV4::new(
        std::net::Ipv4Addr::new(192, 0, 2, host),
        1000 + u16::from(host),
    )
}

fn token(number: u8) -> Token {
    Token::from_bytes(&[number; 32]).unwrap()
}

impl World {
    fn new() -> Self {
        Self::with(ServerConfig::default())
    }

    fn with(config: ServerConfig) -> Self {
        Self {
            server: Server::new(START, config, Secret::new([9; 32])),
            sides: Vec::new(),
            now: START,
            wire: VecDeque::new(),
            carried: Vec::new(),
        }
    }

    fn client(&mut self, wish: &Wish) -> usize {
        let number = u8::try_from(self.sides.len() + 1).unwrap();
        let config = ClientConfig::default();
        let seed = Secret::new([number; 32]);
        self.sides.push(Side {
            client: Client::new(self.now, config, BROKER, wish, seed).unwrap(),
            address: address(number),
            events: Vec::new(),
            knocked: Vec::new(),
            until: None,
        });
        self.drain();
        self.sides.len() - 1
    }

    fn drain(&mut self) {
        for side in &mut self.sides {
            loop {
                match side.client.poll() {
                    ClientOutput::Send { to, bytes } => {
                        self.wire.push_back((side.address, to, bytes));
                    }
                    ClientOutput::Tell(event) => side.events.push(event),
                    ClientOutput::Wait(until) => {
                        assert!(until.is_none_or(|until| until > self.now));
                        side.until = until;
                        break;
                    }
                }
            }
        }
        while let ServerOutput::Send { to, bytes } = self.server.poll() {
            self.wire.push_back((BROKER, to, bytes));
        }
    }

    /// Carries what `may` pass until nobody says more.
    fn settle_if(&mut self, may: impl Fn(SocketAddrV4, SocketAddrV4, &[u8]) -> bool) {
        while let Some((from, to, bytes)) = self.wire.pop_front() {
            if !may(from, to, &bytes) {
                continue;
            }
            let (now, bytes) = (self.now, &bytes[..]);
            if to == BROKER {
                let datagram = ServerInput::Datagram { from, bytes };
                self.server.handle(now, datagram);
            }
            for side in self.sides.iter_mut().filter(|side| side.address == to) {
                if side.client.takes(from, bytes) {
                    let datagram = ClientInput::Datagram { from, bytes };
                    side.client.handle(now, datagram);
                } else {
                    assert_eq!(bytes, [0]);
                    side.knocked.push(from);
                }
            }
            self.drain();
            self.carried.push((from, to, bytes.to_vec()));
        }
    }

    fn settle(&mut self) {
        self.settle_if(|_, _, _| true);
    }

    fn wait(&mut self, time: Duration) {
        self.now = self.now.after(time);
        for side in &mut self.sides {
            side.client.handle(self.now, ClientInput::Tick);
        }
        self.server.handle(self.now, ServerInput::Tick);
        self.drain();
        self.settle();
    }

    fn told(&self, side: usize) -> Vec<SocketAddrV4> {
        let events = self.sides[side].events.iter();
        let matched = events.filter_map(|event| match event {
            Event::Matched { address, .. } => Some(*address),
            _ => None,
        });
        matched.collect()
    }

    fn assigned(&self, side: usize) -> Option<Token> {
        self.sides[side]
            .events
            .iter()
            .find_map(|event| match event {
                Event::Assigned { token, .. } => Some(token.clone()),
                _ => None,
            })
    }

    /// What somebody without a machine says.
    fn raw(&mut self, from: SocketAddrV4, request: &Request) {
        self.wire.push_back((from, BROKER, request.encode()));
        self.settle();
    }
}

fn register(token: Option<u8>, key: u8, claimed: SocketAddrV4) -> Request {
    let token = token.map(|token| Secret::new([token; 16]));
    Request::Register(Register::new(
        token,
        PeerKey::from_bytes([key; 32]),
        claimed,
    ))
}

#[test]
fn two_who_know_a_token_are_told_of_each_other_and_knock() {
    for order in [[0, 1], [1, 0]] {
        let mut world = World::new();
        let wishes = [Wish::Create(Some(token(1))), Wish::Join(token(1))];
        for side in order {
            world.client(&wishes[side]);
            world.settle();
        }
        for (side, other) in [(0, 1), (1, 0)] {
            let seen = Event::Mapped(world.sides[side].address);
            assert_eq!(world.sides[side].events[0], seen);
            assert_eq!(world.told(side), [world.sides[other].address]);
        }
        for _ in 0..10 {
            world.wait(Duration::from_millis(100));
        }
        for (side, other) in [(0, 1), (1, 0)] {
            assert_eq!(world.sides[side].knocked, [world.sides[other].address; 5]);
        }
    }
}

#[test]
fn a_random_token_is_told_and_leads_to_who_asked_for_it() {
    let mut world = World::new();
    let creator = world.client(&Wish::Create(None));
    world.settle();
    let token = world.assigned(creator).unwrap();
    assert_eq!(token.as_bytes().len(), 16);
    let joiner = world.client(&Wish::Join(token));
    world.settle();
    assert_eq!(world.told(joiner), [address(1)]);
    assert_eq!(world.told(creator), [address(2)]);
}

#[test]
fn who_waits_stays_registered_and_meets_one_after_the_other() {
    let mut world = World::new();
    let creator = world.client(&Wish::Create(Some(token(1))));
    world.settle();
    for _ in 0..20 {
        world.wait(Duration::from_secs(30));
    }
    for _ in 0..3 {
        world.client(&Wish::Join(token(1)));
        world.settle();
        world.wait(Duration::from_secs(2));
    }
    assert_eq!(world.told(creator), [2, 3, 4].map(address));
    for joiner in 1..4 {
        assert_eq!(world.told(joiner), [address(1)]);
    }
    // 3 of each joiner at most, besides the refreshing
    assert_eq!(world.server.stats().matched, 3);
}

#[test]
fn a_registration_that_nobody_repeats_is_gone_after_a_minute() {
    let mut world = World::new();
    world.raw(address(7), &register(Some(1), 7, address(7)));
    world.wait(Duration::from_millis(59_999));
    assert_eq!(world.server.load(), 1);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.server.load(), 0);
    assert_eq!(world.server.poll(), ServerOutput::Wait(None));
}

#[test]
fn repeating_a_registration_moves_its_end_and_not_its_address() {
    let mut world = World::new();
    world.raw(address(7), &register(Some(1), 7, address(7)));
    world.wait(Duration::from_secs(59));
    world.raw(address(8), &register(Some(1), 7, address(8)));
    world.wait(Duration::from_secs(59));
    assert_eq!(world.server.load(), 1);
    assert_eq!(world.server.stats().refreshed, 1);
    let newcomer = world.client(&Wish::Join(token(1)));
    world.settle();
    assert_eq!(world.told(newcomer), [address(7)]);
}

#[test]
fn the_newcomer_is_told_what_was_seen_and_the_other_what_was_claimed() {
    let mut world = World::new();
    let creator = world.client(&Wish::Create(Some(token(1))));
    world.settle();
    // another one claims to be elsewhere
    world.raw(address(8), &register(Some(1), 8, address(9)));
    assert_eq!(world.told(creator), [address(9)]);
    let answers = world.carried.iter().filter(|(_, to, _)| *to == address(8));
    assert!(answers.clone().all(|(_, _, bytes)| bytes.len() == 133));
    assert_eq!(answers.count(), 1);
}

#[test]
fn lost_datagrams_are_said_again() {
    for lost in 0..12 {
        let mut world = World::new();
        let number = std::cell::Cell::new(0);
        let may = |_: SocketAddrV4, _: SocketAddrV4, _: &[u8]| {
            number.set(number.get() + 1);
            number.get() != lost + 1
        };
        world.client(&Wish::Create(None));
        world.settle_if(may);
        for _ in 0..3 {
            world.wait(Duration::from_secs(1));
        }
        let token = world.assigned(0).unwrap();
        world.client(&Wish::Join(token));
        world.settle_if(may);
        for _ in 0..60 {
            world.wait(Duration::from_secs(1));
        }
        assert!(!world.told(1).is_empty(), "{lost}");
        // The ninth tells who waits of who came, and nobody knows that it was lost: who came will not
        // be let in, and begins anew.
        assert_eq!(world.told(0).is_empty(), lost == 8, "{lost}");
    }
}

#[test]
fn a_broker_that_does_not_answer_is_given_up() {
    let mut world = World::new();
    let side = world.client(&Wish::Create(Some(token(1))));
    for _ in 0..4 {
        world.wire.clear();
        world.now = world.now.after(Duration::from_secs(1));
        world.sides[side]
            .client
            .handle(world.now, ClientInput::Tick);
        world.drain();
        assert_eq!(world.wire.len(), 1);
    }
    assert!(world.sides[side].events.is_empty());
    world.now = world.now.after(Duration::from_secs(1));
    world.sides[side]
        .client
        .handle(world.now, ClientInput::Tick);
    world.drain();
    assert_eq!(world.sides[side].events, [Event::Ended(End::Silent)]);
    assert_eq!(world.sides[side].until, None);
}

#[test]
fn nobody_is_sent_to_where_nobody_can_be() {
    for claimed in [
        "127.0.0.1:80",
        "224.0.0.1:80",
        "255.255.255.255:80",
        "203.0.113.1:4788",
    ] {
        let mut world = World::new();
        let creator = world.client(&Wish::Create(Some(token(1))));
        world.settle();
        world.raw(address(8), &register(Some(1), 8, claimed.parse().unwrap()));
        assert!(world.told(creator).is_empty(), "{claimed}");
        assert_eq!(world.sides[creator].client.stats().dropped, 1);
    }
}

#[test]
fn what_others_say_changes_nothing() {
    let mut world = World::new();
    let side = world.client(&Wish::Create(Some(token(1))));
    let stranger = address(50);
    for bytes in [
        &echo(address(3))[..],
        b"KBRK\x01\x03",
        b"",
        b"KBRK\x01\x03 and much more of it",
    ] {
        let now = world.now;
        let datagram = ClientInput::Datagram {
            from: stranger,
            bytes,
        };
        world.sides[side].client.handle(now, datagram);
        let datagram = ClientInput::Datagram {
            from: BROKER,
            bytes: &bytes[bytes.len() / 2..],
        };
        world.sides[side].client.handle(now, datagram);
    }
    world.drain();
    assert!(world.sides[side].events.is_empty());
    assert_eq!(world.sides[side].client.stats().dropped, 8);
}

#[test]
fn a_token_of_zeros_stands_for_none() {
    let zeros = [[0; 16], [7; 16]].concat();
    let wish = Wish::Join(Token::from_bytes(&zeros).unwrap());
    let seed = Secret::new([1; 32]);
    let refused = Client::new(START, ClientConfig::default(), BROKER, &wish, seed);
    assert_eq!(refused.unwrap_err(), TokenError::Zero);
}

#[test]
fn a_broker_holds_so_many_and_so_many_of_a_source() {
    let mut config = ServerConfig::default();
    (config.places, config.places_per_source) = (3, 2);
    let mut world = World::with(config);
    for (from, number, held) in [(1, 1, 1), (1, 2, 2), (1, 3, 2), (2, 4, 3), (3, 5, 3)] {
        world.raw(
            address(from),
            &register(Some(number), number, address(from)),
        );
        assert_eq!(world.server.load(), held, "{number}");
    }
    // a match makes room
    world.raw(address(4), &register(Some(1), 9, address(4)));
    assert_eq!(world.server.load(), 2);
    world.raw(address(1), &register(None, 3, address(1)));
    assert_eq!(world.server.load(), 3);
    assert_eq!(world.server.stats().full, 2);
}

#[test]
fn a_source_sends_sixty_requests_a_minute() {
    let mut world = World::new();
    for number in 0..61 {
        world.raw(address(1), &Request::Echo);
        assert_eq!(world.server.stats().limited, u64::from(number == 60));
    }
    world.raw(address(2), &Request::Echo);
    world.wait(Duration::from_secs(60));
    world.raw(address(1), &Request::Echo);
    assert_eq!(world.server.stats().echoed, 62);
}

#[test]
fn nobody_is_held_who_cannot_be_told() {
    let mut world = World::new();
    // a key of low order
    let mut low = [0; 32];
    low[0] = 1;
    let key = PeerKey::from_bytes(low);
    let request = Request::Register(Register::new(None, key, address(1)));
    world.raw(address(1), &request);
    assert_eq!(
        (world.server.load(), world.server.stats().malformed),
        (0, 1)
    );
}

#[test]
fn no_segment_is_taken_for_a_packet_of_a_broker() {
    // its first four bytes are any, its fifth is 81 to 84
    for command in 81..=84 {
        let segment = [&b"KBRK"[..], &[command], &[0; 19]].concat();
        assert!(!is_broker(&segment));
    }
    assert!(is_broker(&Request::<SocketAddrV4>::Echo.encode()));
}

#[test]
fn by_ipv6_it_is_the_same() {
    let at = |text: &str| text.parse::<SocketAddrV6>().unwrap();
    let (broker, own) = (
        at("[2001:db8::1]:4788"),
        [at("[2001:db8::2]:2"), at("[2001:db8::3]:3")],
    );
    let mut server = Server::new(START, ServerConfig::default(), Secret::new([9; 32]));
    let wishes = [Wish::Create(Some(token(1))), Wish::Join(token(1))];
    let mut clients = wishes.map(|wish| {
        let seed = match wish {
            Wish::Create(_) => Secret::new([1; 32]),
            Wish::Join(_) => Secret::new([2; 32]),
        };
        Client::new(START, ClientConfig::default(), broker, &wish, seed).unwrap()
    });
    let (mut told, mut knocked) = ([Vec::new(), Vec::new()], Vec::new());
    // Each in turn, until nobody says more: who creates comes first.
    for side in [0, 0, 0, 1, 1, 1, 0, 1] {
        loop {
            match clients[side].poll() {
                ClientOutput::Send { to, bytes } if to == broker => {
                    let (from, bytes) = (own[side], &bytes[..]);
                    server.handle(START, ServerInput::Datagram { from, bytes });
                }
                ClientOutput::Send { to, .. } => knocked.push((own[side], to)),
                ClientOutput::Tell(event) => told[side].push(event),
                ClientOutput::Wait(_) => break,
            }
        }
        while let ServerOutput::Send { to, bytes } = server.poll() {
            let side = own.iter().position(|own| *own == to).unwrap();
            let (from, bytes) = (broker, &bytes[..]);
            assert!(bytes.len() <= 145);
            clients[side].handle(START, ClientInput::Datagram { from, bytes });
        }
    }
    assert_eq!(server.stats().matched, 1);
    for (side, other) in [(0, 1), (1, 0)] {
        assert_eq!(told[side][0], Event::Mapped(own[side]));
        assert!(matches!(told[side][1], Event::Matched { address, .. } if address == own[other]));
        assert!(knocked.contains(&(own[side], own[other])));
    }
}
