//! People meet while somebody floods the link with T1.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test from end to end"
)]

use std::net::{Ipv4Addr, SocketAddrV4};

use kernel::Time;
use rendezvous::lan::{Config, Event};
use rendezvous::{Passkey, Salt};
use sim::{Cache, Faults, Network, Person, Rng};

/// Two people with one passphrase; work takes them long.
fn pair(cache: &Cache) -> Network<'_> {
    let passkey = Passkey::derive(b"door", Salt::ZERO).unwrap();
    let faults = Faults {
        job_ms: (400, 400),
        ..Faults::none()
    };
    let mut network = Network::new(cache, faults, 1);
    for n in 0..2 {
        let person = Person {
            passkey: passkey.clone(),
            payload: vec![n],
            seed: [n; 31],
            config: Config::default(),
        };
        network.join(person, Time::ZERO);
    }
    network
}

/// `count` T1 to both, one each millisecond from `start` on. They fail only in the work.
fn flood(network: &mut Network<'_>, start: u64, count: u32, from: impl Fn(u32) -> SocketAddrV4) {
    let mut rng = Rng::new(7);
    for n in 0..count {
        let bytes = [b"t1e".as_slice(), &rng.bytes(192), &[0xff; 8]].concat();
        for node in 0..2 {
            let at = Time::from_ms(start + u64::from(n));
            network.inject(at, node, from(n), bytes.clone());
        }
    }
}

fn one_address(_: u32) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(10, 66, 66, 66), 666)
}

fn one_host(n: u32) -> SocketAddrV4 {
    let port = u16::try_from(n % 60_000).unwrap() + 1;
    SocketAddrV4::new(*one_address(n).ip(), port)
}

fn many_addresses(n: u32) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::from_bits(0x0a42_0000 + n), 666)
}

fn have_met(network: &Network<'_>) -> bool {
    (0..2).all(|node| network.matches(node).count() == 1)
}

fn dropped(network: &Network<'_>) -> u64 {
    network.stats(0).unwrap().dropped
}

#[test]
fn one_flooding_host_does_not_keep_two_people_apart() {
    for from in [one_address, one_host] {
        let cache = Cache::default();
        let mut network = pair(&cache);
        flood(&mut network, 0, 10_000, from);
        network.run(Time::from_ms(4000)).unwrap();
        assert!(have_met(&network));
        assert!(dropped(&network) > 1000);
    }
}

#[test]
fn a_flood_from_everywhere_does_not_delay_a_meeting_in_progress() {
    let cache = Cache::default();
    let mut network = pair(&cache);
    network.run(Time::from_ms(500)).unwrap();
    flood(&mut network, 500, 10_000, many_addresses);
    network.run(Time::from_ms(820)).unwrap();
    assert!(have_met(&network), "as soon as without a flood");
    network.run(Time::from_ms(11_000)).unwrap();
    assert!(dropped(&network) > 1000);
    let is_overload = |event: &Event| matches!(event, Event::Overloaded { .. });
    let told = network
        .told(0)
        .iter()
        .filter(|told| is_overload(&told.event));
    assert!(
        (1..=2).contains(&told.count()),
        "the person is told, in moderation"
    );
}

#[test]
fn people_meet_after_a_flood_from_everywhere() {
    let cache = Cache::default();
    let mut network = pair(&cache);
    flood(&mut network, 0, 10_000, many_addresses);
    network.run(Time::from_ms(75_000)).unwrap();
    assert!(have_met(&network));
}
