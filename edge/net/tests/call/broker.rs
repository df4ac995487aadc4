//! Calls by a broker.

use std::net::SocketAddr;
use std::time::Duration;

use net::call::broker::{Broker, BrokerError, Met};
use net::call::{Call, Datagrams, Limits, Path};
use switch::Token;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::people::{HERE, HERE_SIX, PATIENCE, Person, establish};
use crate::servers;
use crate::udp::say;

fn token(first: u8) -> Token {
    let bytes: Vec<u8> = (first..).take(32).collect();
    Token::from_bytes(&bytes).unwrap()
}

/// Bob waits at a broker.
async fn waiting(broker: &Broker, own: Option<Token>) -> (Datagrams, Token) {
    let here = match broker.host().contains(':') {
        true => HERE_SIX,
        false => HERE,
    };
    let waits = Datagrams::register(here, Limits::default(), broker, own).await;
    let (datagrams, registration) = waits.unwrap();
    assert_eq!(registration.seen, datagrams.address());
    (datagrams, registration.token)
}

/// Alice meets Bob, who takes the call.
async fn talking(broker: &Broker, listener: &Datagrams, token: Token) -> [Call; 2] {
    let (alice, bob) = (Person::new("Alice", 1), Person::new("Bob", 2));
    let met = Met::join(broker, token, PATIENCE).await.unwrap();
    assert_eq!(met.peer().port(), listener.address().port());
    let mut caller = met.call(alice.setup(), None).unwrap();
    let incoming = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    assert_eq!(incoming.path(), &Path::Knocked);
    let mut called = Call::answer(incoming, bob.setup()).unwrap();
    let (one, other) = tokio::join!(establish(&mut caller), establish(&mut called));
    assert_eq!(one, other);
    [caller, called]
}

#[tokio::test]
async fn who_waits_under_a_token_of_the_broker_is_met_and_so_is_the_next_one() {
    meets_two(servers::broker(HERE).await).await;
}

#[tokio::test]
async fn and_so_it_is_by_ipv6() {
    meets_two(servers::broker(HERE_SIX).await).await;
}

async fn meets_two(broker: Broker) {
    let (listener, token) = waiting(&broker, None).await;
    let [mut caller, mut called] = talking(&broker, &listener, token.clone()).await;
    // The broker has forgotten who was met, and is told again.
    let [other, mut called_by_other] = talking(&broker, &listener, token).await;
    say(&caller, &mut called, 50).await;
    say(&called, &mut caller, 50).await;
    say(&other, &mut called_by_other, 50).await;
}

#[tokio::test]
async fn two_who_know_a_token_meet_whoever_comes_first() {
    let broker = servers::broker(HERE).await;
    let (listener, _) = waiting(&broker, Some(token(1))).await;
    talking(&broker, &listener, token(1)).await;

    let early = tokio::spawn({
        let broker = broker.clone();
        async move { Met::join(&broker, token(100), PATIENCE).await }
    });
    // Until she is held there.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (listener, _) = waiting(&broker, Some(token(100))).await;
    let met = timeout(PATIENCE, early).await.unwrap().unwrap().unwrap();
    assert_eq!(met.peer().port(), listener.address().port());
    let alice = Person::new("Alice", 1);
    let _caller = met.call(alice.setup(), None).unwrap();
    let incoming = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    assert_eq!(incoming.path(), &Path::Knocked);
}

#[tokio::test]
async fn somebody_of_whom_the_broker_did_not_tell_may_call_the_same_port() {
    let broker = servers::broker(HERE).await;
    let (listener, _) = waiting(&broker, None).await;
    let to = listener.address();
    let noise = UdpSocket::bind(HERE).await.unwrap();
    for bytes in [&b"KBRK\x01\x03"[..], b"KBRK\x01\x01", &[0], &[0x51; 30]] {
        noise.send_to(bytes, to).await.unwrap();
    }
    let alice = Person::new("Alice", 1);
    let _caller = Call::dial_datagrams(to, alice.setup(), None).await.unwrap();
    let incoming = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    assert_eq!(incoming.path(), &Path::Udp);
}

#[tokio::test]
async fn a_broker_says_from_where_it_sees_us() {
    for here in [HERE, HERE_SIX] {
        let broker = servers::broker(here).await;
        let seen = broker.seen_from().await.unwrap();
        assert!(
            seen[..].iter().all(|seen| seen.ip() == here.ip()),
            "{seen:?}"
        );
        assert_eq!(seen.len(), 1);
    }
    // The name of this machine has addresses of both kinds, and a broker by one.
    let broker = servers::broker(HERE).await;
    let named = Broker::new("localhost", broker.port());
    let seen = named.seen_from().await.unwrap();
    assert!(matches!(seen[..], [SocketAddr::V4(_)]), "{seen:?}");
}

#[tokio::test]
async fn what_fails_is_named() {
    let silent = UdpSocket::bind(HERE).await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let nowhere = Broker::new("127.0.0.1", port);
    let (seen, met, waits) = tokio::join!(
        nowhere.seen_from(),
        Met::join(&nowhere, token(1), PATIENCE),
        Datagrams::register(HERE, Limits::default(), &nowhere, None),
    );
    assert_eq!(seen.unwrap_err(), BrokerError::Silent);
    assert_eq!(met.unwrap_err(), BrokerError::Silent);
    assert_eq!(waits.unwrap_err(), BrokerError::Silent);

    let broker = servers::broker(HERE).await;
    let after = Duration::from_millis(300);
    let met = Met::join(&broker, token(1), after).await;
    assert_eq!(met.unwrap_err(), BrokerError::Nobody { after });
    let zeros = Token::from_bytes(&[0; 32]).unwrap();
    let met = Met::join(&broker, zeros, PATIENCE).await;
    assert!(matches!(met, Err(BrokerError::Token(_))), "{met:?}");
    let taken = silent.local_addr().unwrap();
    let taken = Datagrams::register(taken, Limits::default(), &broker, None).await;
    let reason = std::io::ErrorKind::AddrInUse;
    assert_eq!(taken.unwrap_err(), BrokerError::NoSocket { reason });
    let other = Datagrams::register(HERE_SIX, Limits::default(), &broker, None).await;
    let host = "127.0.0.1".to_owned();
    assert_eq!(other.unwrap_err(), BrokerError::NoName { host });
}
