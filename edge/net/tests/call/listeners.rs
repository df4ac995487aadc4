//! Waiting in several places at the same time.

use std::time::Duration;

use net::call::broker::{Broker, BrokerError};
use net::call::race::{self, Failure, Way};
use net::call::{Call, Heard, Limits, Listeners, Path};
use switch::Token;
use switch::server::Config;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::people::{HERE, PATIENCE, Person, establish};
use crate::servers;

async fn heard(listeners: &mut Listeners) -> Heard {
    timeout(PATIENCE, listeners.next()).await.unwrap()
}

async fn placed(listeners: &mut Listeners) -> (Path, Token) {
    match heard(listeners).await {
        Heard::Placed { path, token, .. } => (path, token),
        other => panic!("{other:?}"),
    }
}

/// Alice calls Bob by one way; returns by which he was called.
async fn talk(way: Way, listeners: &mut Listeners) -> Path {
    let (alice, bob) = (Person::new("Alice", 1), Person::new("Bob", 2));
    let calling = tokio::spawn(async move {
        let (config, setup) = (race::Config::default(), alice.setup());
        let mut won = race::call(vec![way], config, None, &setup, None)
            .await
            .unwrap();
        establish(&mut won.call).await;
        won.path
    });
    let arrival = match heard(listeners).await {
        Heard::Arrived(arrival) => arrival,
        other => panic!("{other:?}"),
    };
    let path = arrival.path().clone();
    assert_eq!(arrival.source().is_none(), path.is_relayed());
    let mut called = arrival.answer(bob.setup()).unwrap();
    establish(&mut called).await;
    assert_eq!(timeout(PATIENCE, calling).await.unwrap().unwrap(), path);
    path
}

#[tokio::test]
async fn callers_come_by_every_way_at_the_same_time() {
    let broker = servers::broker(HERE).await;
    let relay = servers::relay(HERE, Config::default()).await;
    let mut listeners = Listeners::new(Limits::default());
    let host = HERE.ip().to_string();
    let port = listeners.tcp(HERE).await.unwrap().port();
    let tcp = Way::Tcp { host, port };
    let host = HERE.ip().to_string();
    let port = listeners.udp(HERE).await.unwrap().port();
    let udp = Way::Udp { host, port };
    listeners.broker(broker.clone(), 0, None);
    let (path, token) = placed(&mut listeners).await;
    assert_eq!(path, Path::Knocked);
    let knocked = Way::Broker(broker, token);
    listeners.relay(relay.clone(), None);
    let (path, token) = placed(&mut listeners).await;
    assert_eq!(path, relay.path());
    let relayed = Way::Relay(Box::new(relay), token);
    for way in [tcp, udp, knocked, relayed] {
        let path = way.path();
        assert_eq!(talk(way, &mut listeners).await, path);
    }
}

#[tokio::test]
async fn a_place_at_a_relay_that_was_used_or_is_over_is_followed_by_another() {
    let mut config = Config::default();
    config.token_lasts = Duration::from_secs(6);
    let relay = servers::relay(HERE, config).await;
    let mut listeners = Listeners::new(Limits::default());
    listeners.relay(relay.clone(), None);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let (_, token) = placed(&mut listeners).await;
        let way = Way::Relay(Box::new(relay.clone()), token.clone());
        assert!(talk(way, &mut listeners).await.is_relayed());
        tokens.push(token);
    }
    // Nobody comes to this one, nor to the next.
    for _ in 0..2 {
        tokens.push(placed(&mut listeners).await.1);
    }
    for (place, token) in tokens.iter().enumerate() {
        assert!(!tokens[..place].contains(token));
    }
}

#[tokio::test]
async fn a_broker_that_does_not_answer_is_asked_again() {
    let socket = UdpSocket::bind(HERE).await.unwrap();
    let at = socket.local_addr().unwrap();
    let mut listeners = Listeners::new(Limits::default());
    listeners.broker(Broker::new("127.0.0.1", at.port()), 0, None);
    match heard(&mut listeners).await {
        Heard::Unplaced(unplaced) => {
            assert_eq!(unplaced.path, Path::Knocked);
            assert_eq!(unplaced.reason, Failure::Broker(BrokerError::Silent));
        }
        other => panic!("{other:?}"),
    }
    drop(socket);
    let broker = servers::broker(at).await;
    let (_, token) = placed(&mut listeners).await;
    let path = talk(Way::Broker(broker, token), &mut listeners).await;
    assert_eq!(path, Path::Knocked);
}

#[tokio::test]
async fn openings_are_counted_over_all_ways() {
    let mut limits = Limits::default();
    limits.openings = 1;
    let mut listeners = Listeners::new(limits);
    let tcp = listeners.tcp(HERE).await.unwrap();
    let udp = listeners.udp(HERE).await.unwrap();
    let idle = TcpStream::connect(tcp).await.unwrap();
    let Heard::Arrived(first) = heard(&mut listeners).await else {
        panic!("nobody came");
    };
    let alice = Person::new("Alice", 1);
    let _late = Call::dial_datagrams(udp, alice.setup(), None)
        .await
        .unwrap();
    let more = timeout(Duration::from_millis(300), listeners.next()).await;
    assert!(more.is_err(), "{more:?}");
    assert!(listeners.refused() > 0);
    drop((idle, first));
    // It is sent again, and there is room.
    let Heard::Arrived(second) = heard(&mut listeners).await else {
        panic!("nobody came");
    };
    assert_eq!(second.path(), &Path::Udp);
}

#[tokio::test]
async fn somebody_whose_address_is_known_is_knocked_at_from_where_they_can_call() {
    let peer = UdpSocket::bind(HERE).await.unwrap();
    let mut listeners = Listeners::new(Limits::default());
    let peers = [peer.local_addr().unwrap()];
    let address = listeners.udp_knocking(HERE, &peers).await.unwrap();
    let mut buffer = [7; 8];
    let knock = timeout(PATIENCE, peer.recv_from(&mut buffer)).await;
    assert_eq!(knock.unwrap().unwrap(), (1, address));
    assert_eq!(buffer[0], 0);
    let (host, port) = (address.ip().to_string(), address.port());
    let path = talk(Way::Udp { host, port }, &mut listeners).await;
    assert_eq!(path, Path::Udp);
}
