//! Calls over UDP.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use channel::{End, Event};
use net::call::{Call, Datagrams, Limits};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::people::{PATIENCE, Person, establish, message, next};

fn people() -> (Person, Person) {
    (Person::new("Alice", 1), Person::new("Bob", 2))
}

async fn listener() -> Datagrams {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Datagrams::bind(address, Limits::default()).await.unwrap()
}

/// Alice has called Bob at `to`, which leads to `listener`.
async fn talking(alice: &Person, bob: &Person, listener: &Datagrams, to: SocketAddr) -> [Call; 2] {
    let mut caller = Call::dial_datagrams(to, alice.setup(), None).await.unwrap();
    let incoming = timeout(PATIENCE, listener.accept()).await.unwrap();
    let mut called = Call::answer(incoming.unwrap(), bob.setup()).unwrap();
    let (one, other) = tokio::join!(establish(&mut caller), establish(&mut called));
    assert_eq!(one, other);
    [caller, called]
}

/// Says `count` messages to the other side, which hears all of them in order.
pub(crate) async fn say(from: &Call, to: &mut Call, count: usize) {
    let handle = from.handle().clone();
    let says = tokio::spawn(async move {
        for number in 0..count {
            let text = vec![number.to_le_bytes()[0]; number * 131 % 5000];
            handle.send(Bytes::from(text)).await.unwrap();
        }
    });
    for number in 0..count {
        let text = vec![number.to_le_bytes()[0]; number * 131 % 5000];
        assert!(message(to).await == text, "{number}");
    }
    says.await.unwrap();
}

#[tokio::test]
async fn two_people_talk_and_part() {
    let (alice, bob) = people();
    let listener = listener().await;
    let [mut caller, mut called] = talking(&alice, &bob, &listener, listener.address()).await;
    say(&caller, &mut called, 300).await;
    say(&called, &mut caller, 300).await;
    caller.handle().close().await;
    assert_eq!(next(&mut caller).await, Event::Ended(End::Left));
    assert_eq!(next(&mut called).await, Event::Ended(End::Closed));
}

/// A network that loses, repeats and overtakes.
struct Bad {
    address: SocketAddr,
}

impl Bad {
    async fn to(target: SocketAddr) -> Self {
        let outside = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = outside.local_addr().unwrap();
        tokio::spawn(Self::run(Arc::new(outside), target));
        Self { address }
    }

    /// To the target, from a socket for each who comes.
    async fn run(outside: Arc<UdpSocket>, target: SocketAddr) {
        let mut inside = BTreeMap::<_, Arc<UdpSocket>>::new();
        let mut luck = Luck(7);
        let mut buffer = Vec::with_capacity(2048);
        loop {
            buffer.clear();
            let Ok((_, from)) = outside.recv_buf_from(&mut buffer).await else {
                continue;
            };
            let socket = match inside.get(&from) {
                Some(socket) => Arc::clone(socket),
                None => {
                    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                    socket.connect(target).await.unwrap();
                    let socket = Arc::new(socket);
                    tokio::spawn(Self::back(Arc::clone(&socket), Arc::clone(&outside), from));
                    inside.insert(from, Arc::clone(&socket));
                    socket
                }
            };
            luck.carry(&buffer, &socket, target);
        }
    }

    async fn back(inside: Arc<UdpSocket>, outside: Arc<UdpSocket>, to: SocketAddr) {
        let mut luck = Luck(11);
        let mut buffer = Vec::with_capacity(2048);
        while inside.recv_buf(&mut buffer).await.is_ok() {
            luck.carry(&buffer, &outside, to);
            buffer.clear();
        }
    }
}

/// The same every time.
struct Luck(u64);

impl Luck {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.0 >> 33
    }

    /// Sends none, one or two of a datagram, some time.
    fn carry(&mut self, bytes: &[u8], socket: &Arc<UdpSocket>, to: SocketAddr) {
        for _ in 0..self.copies() {
            let (socket, bytes, delay) = (Arc::clone(socket), bytes.to_vec(), self.delay());
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                drop(socket.send_to(&bytes, to).await);
            });
        }
    }

    /// None of one in twenty, two of another one.
    fn copies(&mut self) -> u64 {
        match self.next() % 20 {
            0 => 0,
            1 => 2,
            _ => 1,
        }
    }

    fn delay(&mut self) -> Duration {
        Duration::from_millis(self.next() % 5)
    }
}

#[tokio::test]
async fn nothing_is_lost_over_a_network_that_loses_repeats_and_overtakes() {
    let (alice, bob) = people();
    let listener = listener().await;
    let bad = Bad::to(listener.address()).await;
    let [mut caller, mut called] = talking(&alice, &bob, &listener, bad.address).await;
    say(&caller, &mut called, 200).await;
    say(&called, &mut caller, 200).await;
}

#[tokio::test]
async fn noise_is_nobody() {
    let (alice, bob) = people();
    let listener = listener().await;
    let noise = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for bytes in [
        &b""[..],
        &[0],
        &[7; 24],
        &[0xff; 1400],
        b"KBRK\x01\x02and more of it..",
    ] {
        noise.send_to(bytes, listener.address()).await.unwrap();
    }
    let none = timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(none.is_err());
    talking(&alice, &bob, &listener, listener.address()).await;
}

#[tokio::test]
async fn a_listener_sends_little_to_somebody_who_may_not_be_there() {
    let (_, bob) = people();
    let listener = listener().await;
    let spoofed = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    // A first frame, as a dialer writes it: conv, push, window, no times, number 0.
    let mut sent = 0;
    let frame = [&1216_u16.to_be_bytes()[..], &[1; 1216]].concat();
    let mut datagram = vec![1, 0, 0, 0, 81, 0, 32, 0];
    datagram.extend([0; 12]);
    datagram.extend(u32::try_from(frame.len()).unwrap().to_le_bytes());
    datagram.extend(&frame);
    sent += spoofed
        .send_to(&datagram, listener.address())
        .await
        .unwrap();
    let incoming = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let called = Call::answer(incoming, bob.setup()).unwrap();
    let mut received = 0;
    let mut buffer = [0; 2048];
    while let Ok(read) = timeout(Duration::from_millis(700), spoofed.recv(&mut buffer)).await {
        received += read.unwrap();
    }
    // It answered, and not as often as it would have to somebody who is there.
    assert!(
        (1..=3 * sent).contains(&received),
        "{received} bytes for {sent}"
    );
    drop(called);
}

#[tokio::test]
async fn nobody_there_ends_a_call_in_time() {
    let (alice, _) = people();
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut setup = alice.setup();
    setup.config.within = Duration::from_secs(1);
    let to = silent.local_addr().unwrap();
    let mut caller = Call::dial_datagrams(to, setup, None).await.unwrap();
    assert_eq!(next(&mut caller).await, Event::Ended(End::Late));
}

#[tokio::test]
async fn more_than_may_open_at_a_time_are_dropped_and_one_source_has_one() {
    let (alice, bob) = people();
    let listener = listener().await;
    // Each dialer has a port of its own, and all one address.
    let mut callers = Vec::new();
    let mut opening = Vec::new();
    for _ in 0..8 {
        let to = listener.address();
        callers.push(Call::dial_datagrams(to, alice.setup(), None).await.unwrap());
        let incoming = timeout(PATIENCE, listener.accept()).await.unwrap();
        opening.push(Call::answer(incoming.unwrap(), bob.setup()).unwrap());
    }
    let to = listener.address();
    let late = Call::dial_datagrams(to, alice.setup(), None).await.unwrap();
    assert!(
        timeout(Duration::from_millis(300), listener.accept())
            .await
            .is_err()
    );
    assert!(listener.refused() > 0);
    // Once one of them has opened there is room.
    tokio::join!(establish(&mut callers[0]), establish(&mut opening[0]));
    let incoming = timeout(PATIENCE, listener.accept()).await.unwrap();
    assert!(incoming.is_ok());
    drop(late);
}
