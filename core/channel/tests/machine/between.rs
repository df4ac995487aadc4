//! Somebody who sits between two of ours, and runs a tunnel with each.

use channel::{Answered, End, Input, Mode, Offered, Output, Role, Tunnel};
use primitives::{Generator, Secret};
use prost::Message as _;
use wire::kamune::{Introduce, SignedTransport};

use crate::pair::{Pair, Side, config, ours};

/// The two tunnels of somebody in between.
pub(crate) struct Between {
    caller: Tunnel,
    called: Tunnel,
}

impl Between {
    pub(crate) fn of(pair: &mut Pair) -> Self {
        let mut generator = Generator::new(Secret::new([9; 32]));
        // with Alice, as Bob
        let first = pair.caller.out.pop_front().unwrap();
        let (answered, second) = Answered::new(&first, &mut generator).unwrap();
        pair.give(Role::Caller, &second);
        let third = pair.caller.out.pop_front().unwrap();
        let caller = answered.finished(&third).unwrap();
        // with Bob, as Alice
        let (offered, first) = Offered::new(&mut generator);
        pair.give(Role::Called, &first);
        let second = pair.called.out.pop_front().unwrap();
        let (called, third) = offered.answered(&second, &mut generator).unwrap();
        pair.give(Role::Called, &third);
        Self { caller, called }
    }

    /// Carries the next frame of `from`, as `alter` has what is in it.
    pub(crate) fn carry(
        &mut self,
        pair: &mut Pair,
        from: Role,
        alter: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let Some(frame) = pair.side(from).out.pop_front() else {
            return false;
        };
        let (out, into) = match from {
            Role::Caller => (&mut self.caller, &mut self.called),
            Role::Called => (&mut self.called, &mut self.caller),
        };
        let mut plain = out.open(&frame).unwrap();
        alter(&mut plain);
        let frame = into.seal(&plain).unwrap();
        pair.give(from.other(), &frame);
        pair.decide(from.other());
        true
    }
}

#[test]
fn whoever_sits_between_two_of_ours_is_found_out() {
    let mut pair = Pair::ours();
    let mut between = Between::of(&mut pair);
    while between.carry(&mut pair, Role::Caller, |_| {})
        || between.carry(&mut pair, Role::Called, |_| {})
    {}
    // Bob compares what Alice saw with what he saw.
    assert_eq!(pair.called.end(), Some(End::Forged));
    assert!(!pair.caller.is_open());
}

/// What `name` says in an introduction without an offer, signed by the same person: their program of
/// before.
fn before(name: &str, role: Role) -> Vec<u8> {
    let mut pair = Pair::with(config("Alice"), config("Bob"), None, None);
    let mut between = Between::of(&mut pair);
    let mut found = Vec::new();
    for from in [Role::Caller, Role::Called] {
        between.carry(&mut pair, from, |plain| {
            if from == role {
                found.clone_from(plain);
            }
        });
    }
    let envelope = SignedTransport::decode(&found[..]).unwrap();
    let introduce = Introduce::decode(&envelope.data[..]).unwrap();
    assert_eq!(introduce.name, name);
    assert!(introduce.ours.is_empty());
    found
}

#[test]
fn introductions_of_before_do_not_make_two_of_ours_speak_less() {
    let (alice, bob) = (before("Alice", Role::Caller), before("Bob", Role::Called));
    for put in [[true, true], [true, false], [false, true]] {
        let mut pair = Pair::ours();
        let mut between = Between::of(&mut pair);
        let mut swap = |from: Role, pair: &mut Pair, count: usize| {
            let (old, is_put) = match from {
                Role::Caller => (&alice, put[0]),
                Role::Called => (&bob, put[1]),
            };
            between.carry(pair, from, |plain| {
                if is_put && count == 0 {
                    plain.clone_from(old);
                }
            })
        };
        let mut counts = [0, 0];
        loop {
            let caller = swap(Role::Caller, &mut pair, counts[0]);
            counts[0] += usize::from(caller);
            let called = swap(Role::Called, &mut pair, counts[1]);
            counts[1] += usize::from(called);
            if !caller && !called {
                break;
            }
        }
        assert_eq!(pair.called.end(), Some(End::Forged), "{put:?}");
        assert!(!pair.caller.is_open(), "{put:?}");
    }
}

#[test]
fn without_a_tunnel_of_their_own_nobody_can_change_an_introduction() {
    // The offer is signed: cutting it out of the one that was sent breaks the signature.
    let mut pair = Pair::ours();
    let mut between = Between::of(&mut pair);
    between.carry(&mut pair, Role::Caller, |plain| {
        let mut envelope = SignedTransport::decode(&plain[..]).unwrap();
        let mut introduce = Introduce::decode(&envelope.data[..]).unwrap();
        assert!(!introduce.ours.is_empty());
        introduce.ours.clear();
        envelope.data = introduce.encode_to_vec();
        *plain = envelope.encode_to_vec();
    });
    assert_eq!(pair.called.end(), Some(End::Forged));
}

#[test]
fn whoever_does_not_want_ours_says_nothing_of_it() {
    for mode in [Mode::Kamune, Mode::Ours] {
        let mut alice = ours("Alice");
        alice.mode = mode;
        let mut pair = Pair::with(alice, ours("Bob"), None, None);
        let mut between = Between::of(&mut pair);
        between.carry(&mut pair, Role::Caller, |plain| {
            let envelope = SignedTransport::decode(&plain[..]).unwrap();
            let introduce = Introduce::decode(&envelope.data[..]).unwrap();
            assert_eq!(introduce.ours.is_empty(), mode == Mode::Kamune);
        });
    }
}

#[test]
fn a_side_that_is_never_answered_ends_by_itself() {
    let mut pair = Pair::ours();
    let _between = Between::of(&mut pair);
    let until = pair.caller.until.unwrap();
    let side: &mut Side = &mut pair.caller;
    side.channel.handle(until, Input::Tick);
    assert!(matches!(side.channel.poll(), Output::Close));
}
