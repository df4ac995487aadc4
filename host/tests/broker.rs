//! A broker with real sockets: two of ours find each other, and limits.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use drive::Clock;
use host::broker::Family;
use host::http::{Config, Server};
use primitives::Secret;
use switch::broker::{
    Address, Client, ClientConfig, ClientInput, ClientOutput, Event, Request, ServerStats, echo,
};
use switch::{Token, Wish};
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

/// A server with a broker at these addresses.
async fn start(listen: &[SocketAddr], change: fn(&mut host::broker::Config)) -> Server {
    let mut config = Config::default();
    config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    config.broker.listen = listen.to_vec();
    change(&mut config.broker);
    Server::start(config, None).await.unwrap()
}

/// A kind of address, and who speaks it here.
trait Kind: Address + PartialEq {
    const FAMILY: Family;

    /// This machine, at this port.
    fn here(port: u16) -> SocketAddr;

    fn of(address: SocketAddr) -> Self;
}

impl Kind for SocketAddrV4 {
    const FAMILY: Family = Family::V4;

    fn here(port: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, port).into()
    }

    fn of(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(address) => address,
            SocketAddr::V6(_) => panic!("of the other family"),
        }
    }
}

impl Kind for SocketAddrV6 {
    const FAMILY: Family = Family::V6;

    fn here(port: u16) -> SocketAddr {
        (Ipv6Addr::LOCALHOST, port).into()
    }

    fn of(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V6(address) => address,
            SocketAddr::V4(_) => panic!("of the other family"),
        }
    }
}

fn here() -> SocketAddr {
    SocketAddrV4::here(0)
}

/// The broker as a client of this kind has it.
fn broker<A: Kind>(server: &Server) -> A {
    let addresses = server.broker().unwrap().addresses();
    let is_wanted = |address: &&SocketAddr| {
        addresses.len() == 1 || address.is_ipv4() == (A::FAMILY == Family::V4)
    };
    let port = addresses.iter().find(is_wanted).unwrap().port();
    A::of(A::here(port))
}

/// One side of those who meet.
struct Side<A> {
    client: Client<A>,
    clock: Clock,
    socket: UdpSocket,
    events: Vec<Event<A>>,
}

impl<A: Kind> Side<A> {
    async fn new(broker: A, wish: &Wish, seed: u8) -> Self {
        let clock = Clock::new();
        let seed = Secret::new([seed; 32]);
        let client = Client::new(clock.now(), ClientConfig::default(), broker, wish, seed);
        Self {
            client: client.unwrap(),
            clock,
            socket: UdpSocket::bind(A::here(0)).await.unwrap(),
            events: Vec::new(),
        }
    }

    fn address(&self) -> A {
        A::of(self.socket.local_addr().unwrap())
    }

    /// The first event that `wanted` has a use for.
    async fn tells<T>(&mut self, wanted: impl Fn(&Event<A>) -> Option<T>) -> T {
        let told = async {
            loop {
                if let Some(found) = self.events.iter().find_map(&wanted) {
                    return found;
                }
                self.step().await;
            }
        };
        timeout(PATIENCE, told).await.expect("it tells nothing")
    }

    async fn step(&mut self) {
        let until = loop {
            match self.client.poll() {
                ClientOutput::Send { to, bytes } => {
                    let to: SocketAddr = to.into();
                    self.socket.send_to(&bytes, to).await.unwrap();
                }
                ClientOutput::Tell(event) => {
                    self.events.push(event);
                    return;
                }
                ClientOutput::Wait(until) => break until,
            }
        };
        let mut bytes = [0; 1500];
        tokio::select! {
            came = self.socket.recv_from(&mut bytes) => {
                let (length, from) = came.unwrap();
                let (from, bytes) = (A::of(from), bytes.get(..length).unwrap());
                if self.client.takes(from, bytes) {
                    let input = ClientInput::Datagram { from, bytes };
                    self.client.handle(self.clock.now(), input);
                }
            }
            () = sleep(self.clock.until(until)) => {
                self.client.handle(self.clock.now(), ClientInput::Tick);
            }
        }
    }
}

fn matched<A: Kind>(event: &Event<A>) -> Option<A> {
    match event {
        Event::Matched { address, .. } => Some(*address),
        _ => None,
    }
}

async fn two_find_each_other<A: Kind>(server: &Server) {
    let broker: A = broker(server);
    let mut waiting = Side::new(broker, &Wish::Create(None), 1).await;
    let token = waiting.tells(|event| match event {
        Event::Assigned { token, .. } => Some(token.clone()),
        _ => None,
    });
    let wish = Wish::Join(token.await);
    let mut coming = Side::new(broker, &wish, 2).await;
    assert_eq!(coming.tells(matched).await, waiting.address());
    assert_eq!(waiting.tells(matched).await, coming.address());
    let stats = server.broker().unwrap().stats(A::FAMILY);
    assert_eq!((stats.echoed, stats.matched, stats.malformed), (2, 1, 0));
}

#[tokio::test]
async fn two_who_know_a_token_are_told_where_the_other_is() {
    let server = start(&[SocketAddrV4::here(0)], |_| {}).await;
    two_find_each_other::<SocketAddrV4>(&server).await;
    let server = start(&[SocketAddrV6::here(0)], |_| {}).await;
    two_find_each_other::<SocketAddrV6>(&server).await;
}

#[tokio::test]
async fn both_kinds_come_to_one_socket_or_to_one_each() {
    let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    for listen in [&[any][..], &[here(), any], &[SocketAddrV6::here(0), here()]] {
        let server = start(listen, |_| {}).await;
        assert_eq!(server.broker().unwrap().addresses().len(), listen.len());
        two_find_each_other::<SocketAddrV4>(&server).await;
        two_find_each_other::<SocketAddrV6>(&server).await;
    }
}

#[tokio::test]
async fn who_comes_by_one_kind_is_not_told_of_who_came_by_the_other() {
    let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    let server = start(&[any], |_| {}).await;
    let own = || Wish::Create(Some(Token::from_bytes(&[7; 16]).unwrap()));
    let mut four = Side::new(broker::<SocketAddrV4>(&server), &own(), 1).await;
    let mut six = Side::new(broker::<SocketAddrV6>(&server), &own(), 2).await;
    registers(&mut four).await;
    registers(&mut six).await;
    for family in [Family::V4, Family::V6] {
        until(&server, family, |stats| stats.held == 1).await;
        assert_eq!(server.broker().unwrap().load(family), 1);
    }
    // Under the same token each finds who came as they do.
    let wish = Wish::Join(Token::from_bytes(&[7; 16]).unwrap());
    let mut coming = Side::new(broker::<SocketAddrV6>(&server), &wish, 3).await;
    assert_eq!(coming.tells(matched).await, six.address());
    assert_eq!(server.broker().unwrap().load(Family::V4), 1);
}

#[tokio::test]
async fn whoever_asks_is_told_where_they_are_so_often_in_a_minute() {
    let server = start(&[here()], |config| config.limits.packets = 3).await;
    let socket = UdpSocket::bind(here()).await.unwrap();
    socket
        .connect(broker::<SocketAddrV4>(&server))
        .await
        .unwrap();
    let SocketAddr::V4(address) = socket.local_addr().unwrap() else {
        panic!("of the other family");
    };
    for _ in 0..3 {
        socket
            .send(&Request::<SocketAddrV4>::Echo.encode())
            .await
            .unwrap();
        let mut bytes = [0; 64];
        let length = timeout(PATIENCE, socket.recv(&mut bytes)).await.unwrap();
        assert_eq!(bytes.get(..length.unwrap()), Some(&echo(address)[..]));
    }
    socket
        .send(&Request::<SocketAddrV4>::Echo.encode())
        .await
        .unwrap();
    socket.send(b"KBRK\x01\x07").await.unwrap();
    until(&server, Family::V4, |stats| stats.received == 5).await;
    let stats = server.broker().unwrap().stats(Family::V4);
    assert_eq!((stats.echoed, stats.limited, stats.malformed), (3, 1, 1));
}

#[tokio::test]
async fn so_many_are_held() {
    let server = start(&[here()], |config| config.limits.places = 2).await;
    register(&server, 3).await;
    let stats = server.broker().unwrap().stats(Family::V4);
    assert_eq!((stats.held, stats.full), (2, 1));
}

#[tokio::test]
async fn whoever_does_not_ask_again_is_forgotten() {
    let change = |config: &mut host::broker::Config| config.limits.lasts = Duration::from_secs(1);
    let server = start(&[here()], change).await;
    register(&server, 1).await;
    let look = async {
        while server.broker().unwrap().load(Family::V4) > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, look)
        .await
        .expect("they are held for ever");
}

/// So many ask for a place.
async fn register(server: &Server, count: u8) {
    let broker: SocketAddrV4 = broker(server);
    let mut sides = Vec::new();
    for number in 1..=count {
        let wish = Wish::Create(Some(Token::from_bytes(&[number; 16]).unwrap()));
        sides.push(Side::new(broker, &wish, number).await);
    }
    for side in &mut sides {
        registers(side).await;
    }
    let all = u64::from(count);
    until(server, Family::V4, |stats| stats.held + stats.full == all).await;
}

async fn registers<A: Kind>(side: &mut Side<A>) {
    side.tells(|event| matches!(event, Event::Mapped(_)).then_some(()))
        .await;
    // The registration goes out.
    let stepped = timeout(Duration::from_millis(10), side.step());
    drop(stepped.await);
}

async fn until(server: &Server, family: Family, is_so: impl Fn(&ServerStats) -> bool) {
    let look = async {
        while !is_so(&server.broker().unwrap().stats(family)) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, look)
        .await
        .expect("it does not become so");
}

/// For what comes sooner unless something is broken.
const PATIENCE: Duration = Duration::from_secs(60);
