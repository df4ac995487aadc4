//! Each limit, and one above it.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use channel::{Offered, Tunnel};
use primitives::{Generator, Secret};
use switch::Wish;
use switch::server::{Cause, Config, Framing, Id};
use wire::encode;
use wire::relay::{Frame, Message, Ping, Register, frame::Kind};

use crate::world::{World, address, config, own};

/// The client's end of a tunnel that is not a client's.
fn tunnel(world: &mut World, from: IpAddr, framing: Framing) -> (Id, Tunnel) {
    let id = world.connect(from, framing);
    let mut generator = Generator::new(Secret::new([5; 32]));
    let (offered, first) = Offered::new(&mut generator);
    world.give(id, &first);
    let second = world.inbox.get_mut(&id).unwrap().pop_front().unwrap();
    let bytes = second.len();
    world.tell(switch::server::Input::Sent { id, bytes });
    let (tunnel, third) = offered.answered(&second, &mut generator).unwrap();
    world.give(id, &third);
    (id, tunnel)
}

fn say(world: &mut World, (id, tunnel): &mut (Id, Tunnel), kind: Kind) {
    let frame = tunnel.seal(&encode(&Frame { kind: Some(kind) })).unwrap();
    world.give(*id, &frame);
}

fn register(mode: u32, token: &[u8]) -> Kind {
    let token = token.to_vec();
    Kind::Register(Register { token, mode })
}

fn message(length: usize) -> Kind {
    Kind::Msg(Message {
        data: vec![1; length],
    })
}

fn with(change: impl FnOnce(&mut Config)) -> World {
    let mut config = config();
    change(&mut config);
    World::with(config)
}

#[test]
fn a_source_begins_twenty_connections_a_minute() {
    let mut world = World::with(Config::default());
    let mut clients = Vec::new();
    for number in 0..21 {
        let id = world.connect(address(1), Framing::Message);
        world.tell(switch::server::Input::Disconnected(id));
        clients.push(id);
        assert_eq!(world.ends.contains_key(&id), number == 20, "{number}");
    }
    assert_eq!(world.ends[&clients[20]], Cause::Rate);
    assert_eq!(Cause::Rate.code(), 1008);
    let other = world.connect(address(2), Framing::Message);
    assert!(!world.ends.contains_key(&other));
    world.wait(Duration::from_secs(60));
    let again = world.connect(address(1), Framing::Message);
    assert!(!world.ends.contains_key(&again));
}

#[test]
fn half_open_connections_are_bounded_and_time_out() {
    let mut world = with(|config| config.opening = 20);
    for number in 0..100_u16 {
        let from = Ipv6Addr::new(0x2001, 0xdb8, 0, number / 10, 0, 0, 0, number);
        world.connect(from.into(), Framing::Length);
        assert_eq!(world.switch.load().opening, usize::from(number + 1).min(20));
    }
    assert_eq!(world.switch.stats().ended(Cause::Full), 80);
    world.wait(Duration::from_millis(29_999));
    assert_eq!(world.switch.load().opening, 20);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.switch.load().opening, 0);
    assert_eq!(world.switch.stats().ended(Cause::Late), 20);
    assert_eq!(world.until, None);
}

#[test]
fn a_source_has_its_part_of_the_half_open_ones() {
    let mut world = with(|config| config.opening_per_source = 3);
    for number in 0..5 {
        let id = world.connect(address(1), Framing::Message);
        assert_eq!(
            world.ends.get(&id).copied(),
            (number > 2).then_some(Cause::Full)
        );
    }
    // a place is no longer half open
    let other = world.client_from(address(2), Framing::Message, Wish::Create(None), None);
    assert!(world.side(other).token().is_some());
}

#[test]
fn a_source_has_so_many_connections() {
    let mut world = with(|config| config.per_source = 2);
    world.client(Wish::Create(Some(own(1))), None);
    world.client(Wish::Join(own(1)), None);
    let third = world.connect(address(1), Framing::Message);
    assert_eq!(world.ends[&third], Cause::Full);
}

#[test]
fn so_many_places_wait() {
    let mut world = with(|config| (config.unpaired, config.unpaired_per_source) = (3, 2));
    let from = [1, 1, 1, 2, 3];
    let ends = from.map(|from| {
        let id = world.client_from(address(from), Framing::Message, Wish::Create(None), None);
        world.ends.get(&id).copied()
    });
    assert_eq!(
        ends,
        [None, None, Some(Cause::Full), None, Some(Cause::Full)]
    );
}

#[test]
fn so_many_pairs_talk_and_a_place_outlives_a_refusal() {
    let mut world = with(|config| config.pairs = 1);
    let mut pair = Vec::new();
    for number in [1, 2] {
        world.client(Wish::Create(Some(own(number))), None);
        pair.push(world.client(Wish::Join(own(number)), None));
    }
    assert_eq!(world.ends.get(&pair[0]), None);
    assert_eq!(world.ends[&pair[1]], Cause::Full);
    world.side(pair[0]).client.close();
    world.side(pair[0]).drain();
    world.settle();
    let joiner = world.client(Wish::Join(own(2)), None);
    assert!(world.side(joiner).token().is_some());
}

#[test]
fn a_pair_has_so_many_bytes_carried() {
    let mut world = with(|config| config.pair_bytes = 105);
    let [creator, joiner] = world.pair([Framing::Message; 2]);
    world.say(creator, &[1; 60]).unwrap();
    world.say(joiner, &[1; 40]).unwrap();
    world.settle();
    assert!(world.ends.is_empty());
    world.say(creator, &[1]).unwrap();
    world.settle();
    assert_eq!(world.ends[&creator], Cause::Spent);
    assert_eq!(world.side(joiner).frames().len(), 1);
}

#[test]
fn a_source_has_so_many_bytes_carried_in_an_hour() {
    let mut world = with(|config| config.source_bytes = 100);
    let [creator, joiner] = world.pair([Framing::Message; 2]);
    world.say(creator, &[1; 100]).unwrap();
    world.say(joiner, &[1; 95]).unwrap();
    world.settle();
    assert!(world.ends.is_empty());
    for _ in 0..359 {
        world.wait(Duration::from_secs(10));
    }
    world.say(creator, &[1]).unwrap();
    world.settle();
    assert_eq!(world.ends[&creator], Cause::Spent);
    assert_eq!(world.ends[&joiner], Cause::Left);
}

#[test]
fn frames_have_a_longest_length() {
    for (length, cause) in [(65_600, Cause::Malformed), (65_601, Cause::TooLong)] {
        let mut world = World::new();
        let (id, _) = tunnel(&mut world, address(1), Framing::Message);
        world.give(id, &vec![0; length]);
        assert_eq!(world.ends[&id], cause, "{length}");
    }
    assert_eq!(Cause::TooLong.code(), 1009);
}

#[test]
fn what_the_partner_cannot_be_sent_is_not_sealed() {
    // 65,511 and what is around it are 65,535
    for (framing, length, ends) in [
        (Framing::Message, 65_535, false),
        (Framing::Length, 65_511, false),
        (Framing::Length, 65_512, true),
    ] {
        let mut world = World::new();
        let mut creator = tunnel(&mut world, address(1), framing);
        say(&mut world, &mut creator, register(1, own(1).as_bytes()));
        let mut joiner = tunnel(&mut world, address(2), Framing::Message);
        say(&mut world, &mut joiner, register(2, own(1).as_bytes()));
        say(&mut world, &mut joiner, message(length));
        let cause = ends.then_some(Cause::TooLong);
        assert_eq!(world.ends.get(&joiner.0).copied(), cause, "{length}");
        assert_eq!(world.inbox[&creator.0].len(), if ends { 1 } else { 2 });
    }
}

#[test]
fn wishes_that_are_none_are_refused() {
    let regular: [u8; 32] = std::array::from_fn(|n| u8::try_from(n % 8).unwrap());
    for (mode, token, cause) in [
        (0, own(1).as_bytes(), Cause::Refused),
        (3, own(1).as_bytes(), Cause::Refused),
        (1, &regular, Cause::Refused),
        (1, &[1; 32], Cause::Refused),
        (1, &own(1).as_bytes()[1..], Cause::Refused),
        (2, &[], Cause::Refused),
        (2, &[1; 65], Cause::Malformed),
    ] {
        let mut world = World::new();
        let mut one = tunnel(&mut world, address(1), Framing::Message);
        say(&mut world, &mut one, register(mode, token));
        assert_eq!(world.ends.get(&one.0), Some(&cause), "{mode} {token:?}");
    }
}

#[test]
fn nothing_but_a_wish_comes_first() {
    for kind in [message(1), Kind::Ping(Ping {})] {
        let mut world = World::new();
        let mut one = tunnel(&mut world, address(1), Framing::Message);
        say(&mut world, &mut one, kind);
        assert_eq!(world.ends[&one.0], Cause::Malformed);
    }
}

#[test]
fn what_a_relay_does_not_know_is_counted_and_dropped() {
    let mut world = World::new();
    let mut one = tunnel(&mut world, address(1), Framing::Message);
    say(&mut world, &mut one, register(1, &[]));
    say(&mut world, &mut one, register(1, &[]));
    say(&mut world, &mut one, message(10));
    let frame = one.1.seal(&encode(&Frame { kind: None })).unwrap();
    world.give(one.0, &frame);
    assert!(world.ends.is_empty());
    let stats = world.switch.stats();
    assert_eq!((stats.misplaced, stats.unheard, stats.created), (2, 1, 1));
}

#[test]
fn somebody_who_asks_and_does_not_read_is_not_answered_without_end() {
    let mut world = World::new();
    let mut one = tunnel(&mut world, address(1), Framing::Message);
    say(&mut world, &mut one, register(1, &[]));
    for _ in 0..10_000 {
        say(&mut world, &mut one, Kind::Ping(Ping {}));
    }
    let waits: usize = world.inbox[&one.0].iter().map(Vec::len).sum();
    assert!((65_536..65_600).contains(&waits), "{waits}");
    assert!(world.ends.is_empty() && world.switch.stats().unanswered > 5000);
}

#[test]
fn hostile_first_frames_cost_an_exchange_at_most() {
    for length in [0, 1, 1215, 1216, 1217, 65_535] {
        let mut world = World::new();
        let id = world.connect(address(1), Framing::Message);
        world.give(id, &vec![0xff; length]);
        assert_eq!(world.ends[&id], Cause::Malformed, "{length}");
        assert_eq!(world.switch.load().opening, 0);
    }
}
