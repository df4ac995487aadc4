//! Calls by whichever way leads somewhere.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use channel::End;
use kernel::Kind;
use net::RequestError;
use net::call::broker::BrokerError;
use net::call::race::{self, Failed, Failure, Unreached, Way, Won};
use net::call::relay::RelayError;
use net::call::{Heard, Limits, Listeners, Path};
use switch::Token;
use switch::client;
use switch::link::Scheme;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::timeout;

use crate::people::{HERE, PATIENCE, Person, establish, talking};
use crate::servers;

const HOUR: Duration = Duration::from_secs(3600);

fn token() -> Token {
    let bytes: Vec<u8> = (7..).take(32).collect();
    Token::from_bytes(&bytes).unwrap()
}

fn people() -> (Person, Person) {
    (Person::new("Alice", 1), Person::new("Bob", 2))
}

fn tcp(at: SocketAddr) -> Way {
    let (host, port) = (at.ip().to_string(), at.port());
    Way::Tcp { host, port }
}

fn udp(at: SocketAddr) -> Way {
    let (host, port) = (at.ip().to_string(), at.port());
    Way::Udp { host, port }
}

/// Nothing is tried before what is tried has failed.
fn one_by_one() -> race::Config {
    let mut config = race::Config::default();
    (config.stagger, config.relay_after) = (HOUR, HOUR);
    config
}

/// All are tried at once.
fn at_once() -> race::Config {
    let mut config = race::Config::default();
    config.stagger = Duration::from_millis(1);
    config.relay_after = Duration::from_millis(1);
    config
}

async fn call(alice: &Person, ways: Vec<Way>, config: race::Config) -> Result<Won, Unreached> {
    let setup = alice.setup();
    let race = race::call(ways, config, None, &setup, None);
    timeout(PATIENCE * 2, race).await.unwrap()
}

/// Bob takes one call after the other, and nobody else's.
fn takes(mut listeners: Listeners, bob: Person) {
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            if let Heard::Arrived(arrival) = listeners.next().await {
                let mut call = arrival.answer(bob.setup()).unwrap();
                held.push(tokio::spawn(async move {
                    establish(&mut call).await;
                    while call.next().await.is_some() {}
                }));
            }
        }
    });
}

/// A port of this machine that nobody listens on any more.
async fn closed() -> SocketAddr {
    let listener = TcpListener::bind(HERE).await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn the_first_of_two_good_ways_wins_and_the_other_bothers_nobody() {
    let (alice, bob) = people();
    let mut listeners = Listeners::new(Limits::default());
    let ways = vec![
        tcp(listeners.tcp(HERE).await.unwrap()),
        udp(listeners.udp(HERE).await.unwrap()),
    ];
    let calling = tokio::spawn(async move { call(&alice, ways, one_by_one()).await });
    let Heard::Arrived(arrival) = timeout(PATIENCE, listeners.next()).await.unwrap() else {
        panic!("nobody came");
    };
    assert_eq!(
        (arrival.path(), arrival.source().is_some()),
        (&Path::Tcp, true)
    );
    let mut called = arrival.answer(bob.setup()).unwrap();
    let mut won = calling.await.unwrap().unwrap();
    assert_eq!((&won.path, &won.failed[..]), (&Path::Tcp, &[][..]));
    tokio::join!(establish(&mut won.call), establish(&mut called));
    let more = timeout(Duration::from_millis(300), listeners.next()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn a_way_that_fails_makes_room_for_the_next_one() {
    let (alice, bob) = people();
    let mut listeners = Listeners::new(Limits::default());
    let to = listeners.udp(HERE).await.unwrap();
    takes(listeners, bob);
    let hangs_up = TcpListener::bind(HERE).await.unwrap();
    let ways = vec![
        tcp(closed().await),
        tcp(hangs_up.local_addr().unwrap()),
        udp(to),
    ];
    tokio::spawn(async move {
        while let Ok((stream, _)) = hangs_up.accept().await {
            drop(stream);
        }
    });
    let mut won = call(&alice, ways, one_by_one()).await.unwrap();
    assert_eq!(won.path, Path::Udp);
    let [refused, hung_up] = &won.failed[..] else {
        panic!("{:?}", won.failed);
    };
    let reason = &refused.reason;
    let refused = ErrorKind::ConnectionRefused;
    assert!(
        matches!(reason, Failure::NoConnection(RequestError::NoConnection { reason, .. }) if *reason == refused),
        "{reason:?}"
    );
    assert_eq!(hung_up.reason, Failure::Ended(End::Lost));
    establish(&mut won.call).await;
}

#[tokio::test]
async fn whoever_accepts_and_says_nothing_is_no_answer_and_learns_nothing() {
    let (alice, bob) = people();
    let mut listeners = Listeners::new(Limits::default());
    let to = listeners.udp(HERE).await.unwrap();
    takes(listeners, bob);
    let silent = TcpListener::bind(HERE).await.unwrap();
    let ways = vec![tcp(silent.local_addr().unwrap()), udp(to)];
    let hears = tokio::spawn(async move {
        let (mut stream, _) = silent.accept().await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        heard
    });
    let mut won = call(&alice, ways, at_once()).await.unwrap();
    assert_eq!((&won.path, won.failed.len()), (&Path::Udp, 0));
    establish(&mut won.call).await;
    // One frame, of a key that was for this attempt alone; then it was ended.
    let heard = timeout(PATIENCE, hears).await.unwrap().unwrap();
    assert_eq!(heard.len(), 2 + 1216);
}

#[tokio::test]
async fn a_session_goes_on_over_whichever_way_wins_and_only_that_one_spends_its_token() {
    let (alice, bob) = people();
    drop(talking(&alice, &bob).await);
    let session = alice.shelf.only().session();
    let mut listeners = Listeners::new(Limits::default());
    let ways = vec![
        tcp(listeners.tcp(HERE).await.unwrap()),
        udp(listeners.udp(HERE).await.unwrap()),
    ];
    takes(listeners, bob);
    for _ in 0..3 {
        let kept = Some(alice.shelf.only());
        let setup = alice.setup();
        let race = race::call(ways.clone(), at_once(), None, &setup, kept);
        let mut won = timeout(PATIENCE, race).await.unwrap().unwrap();
        assert_eq!(establish(&mut won.call).await, (session, true));
    }
}

#[tokio::test]
async fn a_name_is_tried_at_all_its_addresses() {
    let (alice, _) = people();
    for ip in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
        let bob = Person::new("Bob", 2);
        let mut listeners = Listeners::new(Limits::default());
        let here = SocketAddr::new(ip, 0);
        let (host, at) = ("localhost".to_owned(), listeners.tcp(here).await.unwrap());
        let tcp = Way::Tcp {
            host,
            port: at.port(),
        };
        let (host, at) = ("localhost".to_owned(), listeners.udp(here).await.unwrap());
        let udp = Way::Udp {
            host,
            port: at.port(),
        };
        takes(listeners, bob);
        for way in [tcp, udp] {
            let path = way.path();
            let mut won = call(&alice, vec![way], one_by_one()).await.unwrap();
            assert_eq!(won.path, path);
            establish(&mut won.call).await;
        }
    }
}

#[tokio::test]
async fn a_relay_is_there_when_nothing_else_leads_anywhere() {
    let (alice, bob) = people();
    let relay = servers::relay(HERE, Default::default()).await;
    let broker = servers::broker(HERE).await;
    let mut listeners = Listeners::new(Limits::default());
    listeners.relay(relay.clone(), Some(token()));
    let placed = timeout(PATIENCE, listeners.next()).await.unwrap();
    assert!(matches!(placed, Heard::Placed { .. }), "{placed:?}");
    takes(listeners, bob);
    // Somebody is told of, and does not hear: the socket of a listener who is gone.
    let deaf = UdpSocket::bind(HERE).await.unwrap();
    let ways = vec![
        Way::Relay(Box::new(relay.clone()), token()),
        Way::Broker(broker, token()),
        udp(deaf.local_addr().unwrap()),
    ];
    let mut config = one_by_one();
    config.answer_within = Duration::from_millis(500);
    config.meet_within = Duration::from_millis(500);
    let mut won = call(&alice, ways, config).await.unwrap();
    let (scheme, host) = (Scheme::Tcp, "127.0.0.1".to_owned());
    assert_eq!(won.path, Path::Relay { scheme, host });
    assert!(won.path.is_relayed());
    let silent = Failure::Silent {
        after: config.answer_within,
    };
    let nobody = BrokerError::Nobody {
        after: config.meet_within,
    };
    let expected = [(Path::Udp, silent), (Path::Knocked, nobody.into())];
    let expected = expected.map(|(path, reason)| Failed { path, reason });
    assert_eq!(won.failed, expected);
    establish(&mut won.call).await;
}

#[tokio::test]
async fn who_is_nowhere_is_not_reached_and_each_way_says_why() {
    let (alice, _) = people();
    let relay = servers::relay(HERE, Default::default()).await;
    let ways = vec![
        tcp(closed().await),
        Way::Relay(Box::new(relay.clone()), token()),
    ];
    let unreached = call(&alice, ways, one_by_one()).await.unwrap_err();
    assert_eq!(unreached.kind(), Kind::Unavailable);
    let [tcp, relayed] = &unreached.failed[..] else {
        panic!("{unreached}");
    };
    assert!(matches!(tcp.reason, Failure::NoConnection(_)), "{tcp:?}");
    let refused = RelayError::Ended(client::End::Refused);
    assert_eq!(
        (&relayed.path, &relayed.reason),
        (&relay.path(), &refused.into())
    );
    let text = unreached.to_string();
    assert!(
        text.starts_with("nobody answers: TCP: cannot connect"),
        "{text}"
    );
    assert!(text.contains("; relay tcp://127.0.0.1: "), "{text}");

    let none = call(&alice, Vec::new(), one_by_one()).await.unwrap_err();
    assert_eq!((none.kind(), none.failed.len()), (Kind::BadInput, 0));
}

#[tokio::test]
async fn nothing_goes_past_a_proxy() {
    let (alice, _) = people();
    let deaf = UdpSocket::bind(HERE).await.unwrap();
    let broker = servers::broker(HERE).await;
    let ways = vec![
        udp(deaf.local_addr().unwrap()),
        Way::Broker(broker, token()),
    ];
    let proxy = format!("socks5://{}", closed().await).parse().ok();
    let setup = alice.setup();
    let unreached = race::call(ways, at_once(), proxy, &setup, None)
        .await
        .unwrap_err();
    let reasons: Vec<_> = unreached
        .failed
        .iter()
        .map(|failed| &failed.reason)
        .collect();
    assert_eq!(reasons, [&Failure::Proxied, &Failure::Proxied]);
    assert_eq!(unreached.kind(), Kind::BadInput);
    assert!(deaf.try_recv(&mut [0; 8]).is_err());
}

#[tokio::test]
async fn who_gives_up_ends_all_attempts() {
    let (alice, _) = people();
    let silent = TcpListener::bind(HERE).await.unwrap();
    let way = tcp(silent.local_addr().unwrap());
    let calling = tokio::spawn(async move { call(&alice, vec![way], one_by_one()).await });
    let (mut stream, _) = silent.accept().await.unwrap();
    stream.read_u8().await.unwrap();
    calling.abort();
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    ended.unwrap().unwrap();
}
