//! Calls over QUIC.

mod nat;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use channel::{End, Event, Mode};
use net::RequestError;
use net::call::quic::{Dialer, Listener, dial};
use net::call::{Call, DialError, Limits, Setup};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::people::{Memory, Person, establish, message, next};
use nat::Nat;

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

fn people() -> (Person, Person) {
    (Person::new("Alice", 1), Person::new("Bob", 2))
}

fn listener(limits: Limits) -> Listener {
    Listener::bind(ANY.into(), limits).unwrap()
}

/// Alice's dialer calls Bob at `to`, which leads to `listener`.
async fn talking(
    dialer: &Dialer,
    to: SocketAddr,
    listener: &Listener,
    [alice, bob]: [Setup<Memory>; 2],
) -> [Call; 2] {
    let caller = dialer.dial(to, alice, None);
    let (caller, incoming) = tokio::join!(caller, listener.accept());
    let (mut caller, incoming) = (caller.unwrap(), incoming.unwrap());
    let mut called = Call::answer(incoming, bob).unwrap();
    let (one, other) = tokio::join!(establish(&mut caller), establish(&mut called));
    assert_eq!(one, other);
    [caller, called]
}

async fn heard(from: &Call, to: &mut Call, text: &'static str) {
    from.handle().send(Bytes::from(text)).await.unwrap();
    assert_eq!(message(to).await, text.as_bytes());
}

#[tokio::test]
async fn two_people_talk_and_part() {
    let (alice, bob) = people();
    let listener = listener(Limits::default());
    let port = listener.address().port();
    let caller = dial("localhost", port, alice.setup(), None);
    let (caller, incoming) = tokio::join!(caller, listener.accept());
    let (mut caller, incoming) = (caller.unwrap(), incoming.unwrap());
    assert!(incoming.source().ip().is_loopback());
    let mut called = Call::answer(incoming, bob.setup()).unwrap();
    tokio::join!(establish(&mut caller), establish(&mut called));
    heard(&caller, &mut called, "hello").await;
    heard(&called, &mut caller, "good evening").await;
    let handle = caller.handle().clone();
    handle.send(Bytes::from(vec![7; 60_000])).await.unwrap();
    handle.close().await;
    // What was said last comes, although the connection ends at once.
    assert_eq!(message(&mut called).await, vec![7; 60_000]);
    assert_eq!(next(&mut called).await, Event::Ended(End::Closed));
    assert_eq!(next(&mut caller).await, Event::Ended(End::Left));
}

#[tokio::test]
async fn a_thousand_messages_of_all_lengths_cross_each_other() {
    cross(Mode::Ours).await;
}

#[tokio::test]
async fn and_so_they_do_in_kamune() {
    cross(Mode::Kamune).await;
}

async fn cross(mode: Mode) {
    let (mut alice, bob) = people();
    alice.mode = mode;
    let listener = listener(Limits::default());
    let dialer = Dialer::bind(ANY.into()).unwrap();
    let setups = [alice.setup(), bob.setup()];
    let both = talking(&dialer, listener.address(), &listener, setups).await;
    let length =
        |number: usize| number * 7919 % 1500 + usize::from(number.is_multiple_of(50)) * 59_900;
    let text = move |number: usize| vec![number.to_le_bytes()[0]; length(number)];
    let both = both.map(|mut call| {
        tokio::spawn(async move {
            let handle = call.handle().clone();
            let says = tokio::spawn(async move {
                for number in 0..1000 {
                    handle.send(Bytes::from(text(number))).await.unwrap();
                }
            });
            for number in 0..1000 {
                assert!(message(&mut call).await == text(number), "{number}");
            }
            says.await.unwrap();
            call
        })
    });
    for one in both {
        drop(one.await.unwrap());
    }
}

#[tokio::test]
async fn a_call_goes_on_from_another_address() {
    let (alice, bob) = people();
    let listener = listener(Limits::default());
    let dialer = Dialer::bind(ANY.into()).unwrap();
    let setups = [alice.setup(), bob.setup()];
    let [mut caller, mut called] = talking(&dialer, listener.address(), &listener, setups).await;
    for _ in 0..3 {
        let before = dialer.address().unwrap();
        dialer.rebind(ANY.into()).unwrap();
        assert_ne!(dialer.address().unwrap(), before);
        heard(&caller, &mut called, "from elsewhere").await;
        heard(&called, &mut caller, "to there").await;
    }
}

#[tokio::test]
async fn a_call_goes_on_when_a_network_gives_the_caller_another_address() {
    let (alice, bob) = people();
    let listener = listener(Limits::default());
    let nat = Nat::to(listener.address()).await;
    let dialer = Dialer::bind(ANY.into()).unwrap();
    let setups = [alice.setup(), bob.setup()];
    let [mut caller, mut called] = talking(&dialer, nat.address, &listener, setups).await;
    for _ in 0..3 {
        // The old one leads nowhere from now on.
        nat.rebind().await;
        heard(&caller, &mut called, "from elsewhere").await;
        heard(&called, &mut caller, "to there").await;
    }
}

#[tokio::test]
async fn a_session_goes_on_after_its_connection_was_cut() {
    let (alice, bob) = people();
    let impatient = |person: &Person| {
        let mut setup = person.setup();
        setup.config.ping_every = Duration::from_millis(300);
        setup.config.ping_within = Duration::from_millis(300);
        setup
    };
    let listener = listener(Limits::default());
    let nat = Nat::to(listener.address()).await;
    let dialer = Dialer::bind(ANY.into()).unwrap();
    let setups = [impatient(&alice), impatient(&bob)];
    let [mut caller, mut called] = talking(&dialer, nat.address, &listener, setups).await;
    heard(&caller, &mut called, "one").await;
    let session = alice.shelf.only().session();
    nat.cut();
    caller.handle().send(Bytes::from("two")).await.unwrap();
    for call in [&mut caller, &mut called] {
        assert_eq!(next(call).await, Event::Ended(End::Silent));
    }

    bob.shelf.keeps(1);
    let kept = Some(alice.shelf.only());
    let caller = dialer.dial(listener.address(), alice.setup(), kept);
    let (caller, incoming) = tokio::join!(caller, listener.accept());
    let mut caller = caller.unwrap();
    let mut called = Call::answer(incoming.unwrap(), bob.setup()).unwrap();
    for (call, kept) in [(&mut caller, 1), (&mut called, 0)] {
        assert_eq!(establish(call).await, (session, true));
        assert_eq!(next(call).await, Event::Delivered(kept));
    }
    heard(&caller, &mut called, "two").await;
}

#[tokio::test]
async fn more_than_may_open_at_a_time_are_refused() {
    let (alice, bob) = people();
    let listener = listener(Limits::default());
    let dialer = Dialer::bind(ANY.into()).unwrap();
    let to = listener.address();
    let mut callers = Vec::new();
    let mut opening = Vec::new();
    for _ in 0..8 {
        let caller = dialer.dial(to, alice.setup(), None);
        let (caller, incoming) = tokio::join!(caller, listener.accept());
        callers.push(caller.unwrap());
        opening.push(Call::answer(incoming.unwrap(), bob.setup()).unwrap());
    }
    let ninth = dialer.dial(to, alice.setup(), None).await;
    let error = ninth.err();
    let is_refused = matches!(
        error,
        Some(DialError::NoConnection(RequestError::NoConnection { .. }))
    );
    assert!(is_refused, "{error:?}");
    assert_eq!(listener.refused(), 1);
    // Once one of them has opened there is room.
    tokio::join!(establish(&mut callers[0]), establish(&mut opening[0]));
    let setups = [alice.setup(), bob.setup()];
    talking(&dialer, to, &listener, setups).await;
}

#[tokio::test]
async fn under_load_a_caller_shows_first_that_they_are_where_they_say() {
    let (alice, bob) = people();
    let listener = listener(Limits::default());
    for (is_alone, retries) in [(true, 0), (false, 1)] {
        let nat = Nat::to(listener.address()).await;
        let dialer = Dialer::bind(ANY.into()).unwrap();
        // Somebody of the same address who does not get any further.
        let opening = if is_alone {
            None
        } else {
            let caller = dialer.dial(listener.address(), alice.setup(), None);
            Some(tokio::join!(caller, listener.accept()))
        };
        let setups = [alice.setup(), bob.setup()];
        talking(&dialer, nat.address, &listener, setups).await;
        assert_eq!(nat.retries(), retries);
        drop(opening);
    }
}

#[tokio::test]
async fn noise_is_nobody_and_takes_no_place() {
    let (alice, bob) = people();
    let mut limits = Limits::default();
    limits.openings = 1;
    let listener = listener(limits);
    let noise = UdpSocket::bind(ANY).await.unwrap();
    // An Initial of QUIC that opens nothing: flags, version 1, two names, no token, its length.
    let mut initial = vec![0xc3, 0, 0, 0, 1, 8];
    initial.extend([7; 8]);
    initial.push(8);
    initial.extend([9; 8]);
    initial.extend([0, 0x44, 0x80]);
    initial.resize(1200, 0x5a);
    // The same in a version that nobody speaks.
    let mut unknown = initial.clone();
    unknown[1..5].copy_from_slice(&[0x1a, 0x2a, 0x3a, 0x4a]);
    let short = vec![0x40; 1200];
    let others = [
        &b""[..],
        &[0],
        &[0xff; 24],
        &[0x80; 1200],
        b"KBRK\x01\x02..",
    ];
    for _ in 0..50 {
        for bytes in others.into_iter().chain([&initial[..], &unknown, &short]) {
            noise.send_to(bytes, listener.address()).await.unwrap();
        }
    }
    let none = timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(none.is_err());
    let dialer = Dialer::bind(ANY.into()).unwrap();
    let setups = [alice.setup(), bob.setup()];
    let [caller, mut called] = talking(&dialer, listener.address(), &listener, setups).await;
    // Nor does it end what is there, whoever sends it.
    for bytes in others.into_iter().chain([&initial[..], &unknown, &short]) {
        noise.send_to(bytes, listener.address()).await.unwrap();
        noise
            .send_to(bytes, dialer.address().unwrap())
            .await
            .unwrap();
    }
    heard(&caller, &mut called, "still here").await;
    assert_eq!(listener.refused(), 0);
}

#[tokio::test]
async fn calls_go_on_without_listener_and_dialer_and_nobody_else_is_taken() {
    let (alice, bob) = people();
    let listener = listener(Limits::default());
    let dialer = Dialer::bind(ANY.into()).unwrap();
    let to = listener.address();
    let setups = [alice.setup(), bob.setup()];
    let [mut caller, mut called] = talking(&dialer, to, &listener, setups).await;
    drop(listener);
    let more = timeout(
        Duration::from_millis(500),
        dialer.dial(to, alice.setup(), None),
    )
    .await;
    assert!(!matches!(more, Ok(Ok(_))));
    drop(dialer);
    heard(&caller, &mut called, "hello").await;
    heard(&called, &mut caller, "good evening").await;
}
