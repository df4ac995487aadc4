//! Somebody whose key is another one than before.

use std::sync::Arc;

use channel::{Config, End, Event, Mode, Padding, Peer, Role};
use identity::{IdentityKey, Succession};
use primitives::Secret;
use prost::Message as _;
use wire::kamune::{Introduce, SignedTransport};
use wire::v1::Offer;

use crate::between::Between;
use crate::pair::{Pair, START, config, hybrid, key, ours};

/// That the last of `keys` took the place of the others.
fn over(keys: &[&IdentityKey]) -> Succession {
    let two = keys.iter().zip(keys.iter().skip(1));
    let succession = two.fold(None, |before: Option<Succession>, (former, later)| {
        Some(match before {
            None => Succession::found(former, later, START).unwrap(),
            Some(before) => before.then(former, later, START).unwrap(),
        })
    });
    succession.unwrap()
}

fn with(mut config: Config, succession: Succession) -> Config {
    config.succession = Some(succession);
    config
}

fn pair(keys: [Arc<IdentityKey>; 2], configs: [Config; 2]) -> Pair {
    let seeds = [7, 8].map(|seed| Secret::new([seed; 32]));
    let mut pair = Pair::of(keys, configs, None, None, seeds);
    pair.settle();
    pair
}

fn introduced(events: &[Event]) -> &Peer {
    let found = events.iter().find_map(|event| match event {
        Event::Introduced(peer) => Some(&**peer),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn both_sides_are_told_of_the_keys_before() {
    let alice = over(&[&key(11), &key(12), &key(1)]);
    let bob = over(&[&key(21), &hybrid(2)]);
    let configs = [with(ours("Alice"), alice), with(ours("Bob"), bob)];
    let pair = pair([key(1), hybrid(2)], configs);
    assert!(pair.caller.is_open() && pair.called.is_open());
    let seen = introduced(&pair.called.events).former.as_ref().unwrap();
    for seed in [11, 12] {
        assert!(seen.leads_from(key(seed).public()).is_some());
    }
    assert_eq!(seen.leads_from(key(21).public()), None);
    let peer = introduced(&pair.caller.events);
    let seen = peer.former.as_ref().unwrap();
    assert!(seen.leads_from(key(21).public()).is_some());
    assert!(seen.verifies(&peer.identity));
}

#[test]
fn nobody_says_or_hears_of_them_who_speaks_kamune() {
    let succession = over(&[&key(11), &key(1)]);
    for [one, other] in [
        [ours("Alice"), config("Bob")],
        [config("Alice"), ours("Bob")],
    ] {
        let mut pair = Pair::with(with(one, succession.clone()), other, None, None);
        pair.settle();
        assert!(pair.caller.is_open() && pair.called.is_open());
        let peer = introduced(&pair.called.events);
        assert_eq!((peer.mode, &peer.former), (Mode::Kamune, &None));
    }
}

#[test]
fn three_keys_of_both_algorithms_fit_through_a_relay() {
    let keys = [11, 12, 13, 14, 1].map(hybrid);
    let succession = over(&keys.each_ref().map(|key| &**key));
    assert_eq!(succession.to_bytes().len(), Succession::MAX_LEN);
    let mut alice = with(ours("Alice"), succession);
    alice.padding = Padding::Relayed;
    let pair = pair([hybrid(1), hybrid(2)], [alice, ours("Bob")]);
    assert!(pair.caller.is_open() && pair.called.is_open());
    let longest = pair.carried.iter().map(|(_, frame)| frame.len()).max();
    assert!(longest.unwrap() <= 32_704 + 40);
    let former = introduced(&pair.called.events).former.as_ref().unwrap();
    assert_eq!(former.former().count(), Succession::MAX);
}

#[test]
fn a_session_that_goes_on_needs_none_and_tells_none() {
    let alice = || with(ours("Alice"), over(&[&key(11), &key(1)]));
    let first = pair([key(1), key(2)], [alice(), ours("Bob")]);
    let (one, two) = (first.caller.kept, first.called.kept);
    let mut again = Pair::with(alice(), ours("Bob"), one, two);
    again.settle();
    assert!(again.caller.is_open() && again.called.is_open());
    let is_introduction = |event: &Event| matches!(event, Event::Introduced(_));
    assert!(!again.called.events.iter().any(is_introduction));
}

/// How the called side takes an introduction of key 1 with these bytes as succession.
fn taken(succession: Vec<u8>) -> (Option<End>, usize) {
    let mut pair = Pair::ours();
    let mut between = Between::of(&mut pair);
    between.carry(&mut pair, Role::Caller, |plain| {
        let mut envelope = SignedTransport::decode(&plain[..]).unwrap();
        let mut said = Introduce::decode(&envelope.data[..]).unwrap();
        let mut offer = Offer::decode(&said.ours[..]).unwrap();
        offer.succession = succession;
        said.ours = offer.encode_to_vec();
        envelope.data = said.encode_to_vec();
        let mut signed = b"kamune/transport-sign/v1".to_vec();
        signed.push(u8::try_from(envelope.metadata.len()).unwrap());
        signed.extend_from_slice(&envelope.metadata);
        signed.extend_from_slice(&envelope.data);
        // the holder of the key says so
        envelope.signature = key(1).ed25519().sign(&signed).to_vec();
        *plain = envelope.encode_to_vec();
    });
    (pair.called.end(), pair.called.events.len())
}

#[test]
fn what_is_none_or_somebody_elses_ends_the_channel_before_anybody_is_asked() {
    let good = over(&[&key(11), &key(1)]).to_bytes();
    assert_eq!(taken(good.clone()).0, None);
    let mut altered = good.clone();
    altered[50] ^= 1;
    let mut many = good.clone();
    many[2] = 4;
    let others = over(&[&key(11), &key(12)]).to_bytes();
    let backwards = over(&[&key(1), &key(11)]).to_bytes();
    let whole = over(&[&key(11), &hybrid(1)]).to_bytes();
    for (bytes, end) in [
        (altered, End::Forged),
        // what somebody else said once, and what key 1 said of another
        (others, End::Forged),
        (backwards, End::Forged),
        // of a key with a half that was not offered
        (whole, End::Forged),
        (many, End::Malformed),
        (good[..good.len() - 1].to_vec(), End::Malformed),
        (vec![0], End::Malformed),
        (vec![7; 26_226], End::Malformed),
        // one byte more than may be
        (vec![7; 26_227], End::Malformed),
    ] {
        assert_eq!(taken(bytes), (Some(end), 1), "{end:?}");
    }
}

#[test]
fn one_of_another_key_helps_nobody() {
    // A program that says what is not so of its own key.
    let configs = [
        with(ours("Alice"), over(&[&key(11), &key(12)])),
        ours("Bob"),
    ];
    let pair = pair([key(1), key(2)], configs);
    assert_eq!(pair.called.end(), Some(End::Forged));
    assert!(!pair.caller.is_open());
}
