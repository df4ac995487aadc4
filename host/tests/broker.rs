//! A broker with real sockets: two of ours find each other, and limits.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use drive::Clock;
use host::http::{Config, Server};
use primitives::Secret;
use switch::broker::{
    Client, ClientConfig, ClientInput, ClientOutput, Event, Request, ServerStats, echo,
};
use switch::{Token, Wish};
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

/// A server with a broker at this address.
async fn start(listen: SocketAddr, change: fn(&mut host::broker::Config)) -> Server {
    let mut config = Config::default();
    config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    config.broker.listen = Some(listen);
    change(&mut config.broker);
    Server::start(config, None).await.unwrap()
}

fn here() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// The broker as a client of IPv4 has it.
fn broker(server: &Server) -> SocketAddrV4 {
    let port = server.broker().unwrap().address().port();
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// One side of those who meet.
struct Side {
    client: Client,
    clock: Clock,
    socket: UdpSocket,
    events: Vec<Event>,
}

impl Side {
    async fn new(broker: SocketAddrV4, wish: &Wish, seed: u8) -> Self {
        let clock = Clock::new();
        let seed = Secret::new([seed; 32]);
        let client = Client::new(clock.now(), ClientConfig::default(), broker, wish, seed);
        Self {
            client: client.unwrap(),
            clock,
            socket: UdpSocket::bind(here()).await.unwrap(),
            events: Vec::new(),
        }
    }

    fn address(&self) -> SocketAddrV4 {
        match self.socket.local_addr().unwrap() {
            SocketAddr::V4(address) => address,
            SocketAddr::V6(_) => panic!("of the other family"),
        }
    }

    /// The first event that `wanted` has a use for.
    async fn tells<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
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
                let SocketAddr::V4(from) = from else { return };
                let bytes = bytes.get(..length).unwrap();
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

fn matched(event: &Event) -> Option<SocketAddrV4> {
    match event {
        Event::Matched { address, .. } => Some(*address),
        _ => None,
    }
}

async fn two_find_each_other(server: &Server) {
    let broker = broker(server);
    let mut waiting = Side::new(broker, &Wish::Create(None), 1).await;
    let token = waiting.tells(|event| match event {
        Event::Assigned { token, .. } => Some(token.clone()),
        _ => None,
    });
    let wish = Wish::Join(token.await);
    let mut coming = Side::new(broker, &wish, 2).await;
    assert_eq!(coming.tells(matched).await, waiting.address());
    assert_eq!(waiting.tells(matched).await, coming.address());
}

#[tokio::test]
async fn two_who_know_a_token_are_told_where_the_other_is() {
    let server = start(here(), |_| {}).await;
    two_find_each_other(&server).await;
    let stats = server.broker().unwrap().stats();
    assert_eq!((stats.echoed, stats.matched), (2, 1));
}

#[tokio::test]
async fn a_socket_of_ipv6_takes_ipv4_and_answers_nobody_else() {
    let server = start(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)), |_| {}).await;
    let port = server.broker().unwrap().address().port();
    let six = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap();
    let echo = Request::<SocketAddrV4>::Echo.encode();
    six.send_to(&echo, (Ipv6Addr::LOCALHOST, port))
        .await
        .unwrap();
    two_find_each_other(&server).await;
    assert_eq!(server.broker().unwrap().stats().malformed, 0);
    let mut bytes = [0; 64];
    assert!(six.try_recv_from(&mut bytes).is_err(), "an answer");
}

#[tokio::test]
async fn whoever_asks_is_told_where_they_are_so_often_in_a_minute() {
    let server = start(here(), |config| config.limits.packets = 3).await;
    let socket = UdpSocket::bind(here()).await.unwrap();
    socket.connect(broker(&server)).await.unwrap();
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
    until(&server, |stats| stats.received == 5).await;
    let stats = server.broker().unwrap().stats();
    assert_eq!((stats.echoed, stats.limited, stats.malformed), (3, 1, 1));
}

#[tokio::test]
async fn so_many_are_held() {
    let server = start(here(), |config| config.limits.places = 2).await;
    register(&server, 3).await;
    let stats = server.broker().unwrap().stats();
    assert_eq!((stats.held, stats.full), (2, 1));
}

#[tokio::test]
async fn whoever_does_not_ask_again_is_forgotten() {
    let change = |config: &mut host::broker::Config| config.limits.lasts = Duration::from_secs(1);
    let server = start(here(), change).await;
    register(&server, 1).await;
    let look = async {
        while server.broker().unwrap().load() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, look)
        .await
        .expect("they are held for ever");
}

/// So many ask for a place.
async fn register(server: &Server, count: u8) {
    let broker = broker(server);
    let mut sides = Vec::new();
    for number in 1..=count {
        let wish = Wish::Create(Some(Token::from_bytes(&[number; 16]).unwrap()));
        sides.push(Side::new(broker, &wish, number).await);
    }
    for side in &mut sides {
        side.tells(|event| matches!(event, Event::Mapped(_)).then_some(()))
            .await;
        // The registration goes out.
        let stepped = timeout(Duration::from_millis(10), side.step());
        drop(stepped.await);
    }
    let all = u64::from(count);
    until(server, |stats| stats.held + stats.full == all).await;
}

async fn until(server: &Server, is_so: impl Fn(&ServerStats) -> bool) {
    let look = async {
        while !is_so(&server.broker().unwrap().stats()) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, look)
        .await
        .expect("it does not become so");
}

/// For what comes sooner unless something is broken.
const PATIENCE: Duration = Duration::from_secs(60);
