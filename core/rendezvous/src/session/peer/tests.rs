//! A real and a dummy answer are the same steps on inputs of the same lengths.

use alloc::string::String;

use ctidh::ctidh1024::SecretKey;
use primitives::seal;

use super::super::steps::{Prk, traced};
use super::*;
use crate::{Passkey, Salt};

fn own() -> Own {
    Own {
        t1: Vec::new(),
        id: Id::of_t1(b"own"),
        passkey: Passkey::derive(b"", Salt::ZERO).unwrap(),
        scalar: Secret::new([1; 32]),
        isogeny: SecretKey::from_seed(&[2; 32]),
        k: Secret::new([3; 32]),
        sk_gamma: Secret::new([4; 32]),
        sk_delta: Secret::new([5; 32]),
        dummy_prk: Prk::extract(&[6; 32], Salt::ZERO.as_bytes()),
    }
}

/// A peer, and the T2 of it that is valid.
fn peer(own: &Own) -> (Peer, T2) {
    let (k_tx, k_rx, g) = (
        Secret::new([7; 32]),
        Secret::new([8; 32]),
        Secret::new([9; 32]),
    );
    let gamma = seal(&g, b"", own.salt()).try_into().unwrap();
    let delta = seal(&Secret::new([10; 32]), b"payload", own.salt()).into();
    let valid = T2::new(Prp::new(&k_rx).encrypt(g.expose()));
    (
        Peer::new((gamma, delta), (k_tx, k_rx), &own.sk_gamma),
        valid,
    )
}

/// `fresh` after its `valid` T2, and the T3 of it that opens its payload.
fn met(own: &Own, fresh: &Peer, valid: &T2) -> (Peer, T3) {
    let mut met = fresh.clone();
    met.take_t2(own, &Id::of_t1(b"peer"), valid, Choice::from(1));
    let opens = T3::new(Prp::new(&met.k3).encrypt(&[10; 32]));
    (met, opens)
}

#[test]
fn real_and_dummy_answers_take_the_same_steps() {
    let own = own();
    let (fresh, valid) = peer(&own);
    let wrong = T2::new([0x55; 32]);
    let id = Id::of_t1(b"peer");
    let mut traces: Vec<(bool, Vec<String>)> = Vec::new();
    for t2 in [valid, wrong] {
        for may_reveal in [0, 1] {
            for state_before in [None, Some(valid), Some(wrong)] {
                let mut peer = fresh.clone();
                if let Some(before) = state_before {
                    peer.take_t2(&own, &id, &before, Choice::from(1));
                }
                traced::take();
                let (_, real) = peer.take_t2(&own, &id, &t2, Choice::from(may_reveal));
                assert_eq!(bool::from(real), t2 == valid && may_reveal == 1);
                assert_eq!(peer.retry_t3(own.salt()), None);
                traces.push((real.into(), traced::take()));
            }
        }
    }
    let (_, first) = &traces[0];
    assert_eq!(first.len(), 8, "{first:?}");
    assert_eq!(traces.iter().filter(|(real, _)| *real).count(), 3);
    assert!(traces.iter().all(|(_, trace)| trace == first), "{traces:?}");
}

#[test]
fn every_t3_takes_the_same_steps() {
    let own = own();
    let (fresh, valid) = peer(&own);
    let (met, opens) = met(&own, &fresh, &valid);
    let mut matched = met.clone();
    assert!(matched.take_t3(own.salt(), opens).is_some());
    let mut traces: Vec<(bool, Vec<String>)> = Vec::new();
    for before in [&fresh, &met, &matched] {
        for t3 in [opens, T3::new([0x55; 32])] {
            let mut peer = before.clone();
            traced::take();
            let payload = peer.take_t3(own.salt(), t3);
            traces.push((payload.is_some(), traced::take()));
            assert_eq!(peer.retry_t3(own.salt()), None);
            assert_eq!(traces[0].1, traced::take(), "trying again is the same");
        }
    }
    let (_, first) = &traces[0];
    assert_eq!(first.len(), 3, "{first:?}");
    let matches: Vec<bool> = traces.iter().map(|(is_match, _)| *is_match).collect();
    assert_eq!(matches, [false, false, true, false, false, false]);
    assert!(traces.iter().all(|(_, trace)| trace == first), "{traces:?}");
}

#[test]
fn a_t2_takes_the_same_steps_when_it_opens_an_early_t3() {
    let own = own();
    let (fresh, valid) = peer(&own);
    let id = Id::of_t1(b"peer");
    let (_, opens) = met(&own, &fresh, &valid);
    let mut traces: Vec<(bool, Vec<String>)> = Vec::new();
    for t3 in [opens, T3::new([0x55; 32])] {
        let mut peer = fresh.clone();
        assert_eq!(peer.take_t3(own.salt(), t3), None);
        for t2 in [T2::new([0x55; 32]), valid, valid] {
            traced::take();
            peer.take_t2(&own, &id, &t2, Choice::from(1));
            let payload = peer.retry_t3(own.salt());
            traces.push((payload.is_some(), traced::take()));
        }
    }
    let matches: Vec<bool> = traces.iter().map(|(is_match, _)| *is_match).collect();
    assert_eq!(matches, [false, true, false, false, false, false]);
    let (_, first) = &traces[0];
    assert!(traces.iter().all(|(_, trace)| trace == first), "{traces:?}");
}

#[test]
fn a_valid_t2_is_not_undone_by_a_wrong_one() {
    let own = own();
    let (mut peer, valid) = peer(&own);
    let id = Id::of_t1(b"peer");
    let (real, _) = peer.take_t2(&own, &id, &valid, Choice::from(1));
    let k3 = peer.k3.clone();
    let (dummy, _) = peer.take_t2(&own, &id, &T2::new([1; 32]), Choice::from(1));
    assert_ne!(real, dummy);
    assert!(peer.valid_t2 && peer.k3 == k3);
}

#[test]
fn a_thousand_peers_take_a_few_megabytes() {
    let own = own();
    let (peer, _) = peer(&own);
    // 829 bytes is the largest payload on a LAN, with its tag
    let each = size_of_val(&peer).saturating_add(829 + TAG_LEN);
    assert!(each.saturating_mul(1000) < 2_000_000, "{each} bytes each");
}
