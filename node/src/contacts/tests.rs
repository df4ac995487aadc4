use identity::{Change, Contents, IdentityKey, RecoveryKey};
use kernel::Time;
use primitives::Secret;

use super::*;

fn key(seed: u8) -> IdentityKey {
    IdentityKey::from_seeds(&Secret::new([seed; 32]), None)
}

fn paper() -> RecoveryKey {
    RecoveryKey::from_secret(Secret::new([99; 32]))
}

fn found() -> IdentityChain {
    IdentityChain::found(&key(1), Some(&paper()), None, Time::ZERO)
}

/// The chain with another key, by the recovery key.
fn rotated(chain: &IdentityChain, seed: u8) -> IdentityChain {
    let mut chain = chain.clone();
    let rotate = Change::Rotate {
        key: key(seed).public().clone(),
        recovery: chain.state().recovery,
    };
    let rotate = chain.propose(rotate, Time::ZERO).recover(&paper());
    chain.append(rotate.accept(&key(seed))).unwrap();
    chain
}

fn card(chain: &IdentityChain, seed: u8, issued: u64) -> Card {
    let contents = Contents::new("Bob".parse().unwrap());
    let issued = Time::from_ms(issued);
    Card::issue(
        &key(seed),
        chain.user_id(),
        chain.generation(),
        contents,
        issued,
    )
    .unwrap()
}

fn arrival(card: Card, chain: Option<&IdentityChain>) -> Arrival {
    Arrival {
        card,
        chain: chain.cloned(),
        origin: Origin::Link,
        token: ContactToken::NONE,
    }
}

fn bob(chain: Option<&IdentityChain>) -> Contact {
    Contact {
        name: "Bob".parse().unwrap(),
        card: card(&found(), 1, 10),
        chain: chain.cloned(),
        origin: Origin::Met,
        since: Time::ZERO,
        compared: Some(Time::ZERO),
        token: ContactToken::new([7; 16]),
    }
}

#[test]
fn a_newer_card_replaces_an_older_one_and_not_the_other_way_round() {
    let chain = found();
    for (issued, kept) in [(11, 11), (10, 10), (9, 10)] {
        let merged = merge(bob(Some(&chain)), arrival(card(&chain, 1, issued), None));
        let Ok(Added::Known(contact)) = merged else {
            panic!("{merged:?}");
        };
        assert_eq!(contact.card.issued(), Time::from_ms(kept));
        assert_eq!(contact.origin, Origin::Link, "the better way counts");
        assert_eq!(contact.token, ContactToken::new([7; 16]));
        assert!(contact.compared.is_some());
    }
}

#[test]
fn another_key_counts_only_by_the_chain_and_must_be_compared_again() {
    let chain = found();
    let later = rotated(&chain, 2);
    let new = card(&later, 2, 20);
    for held in [None, Some(&chain)] {
        let refused = merge(bob(held), arrival(new.clone(), None));
        assert_eq!(refused, Err(AddError::OtherKey));
        let merged = merge(bob(held), arrival(new.clone(), Some(&later)));
        let Ok(Added::KeyChanged(contact)) = merged else {
            panic!("{merged:?}");
        };
        assert_eq!(contact.card, new);
        assert_eq!(contact.chain.as_ref(), Some(&later));
        assert_eq!(contact.compared, None);
    }
    // known to the chain before the card came
    let merged = merge(bob(Some(&later)), arrival(new, None));
    assert!(matches!(merged, Ok(Added::KeyChanged(_))), "{merged:?}");
}

#[test]
fn an_old_key_does_not_come_back() {
    let chain = found();
    let later = rotated(&chain, 2);
    let mut contact = bob(Some(&later));
    contact.card = card(&later, 2, 20);
    let old = card(&chain, 1, 30);
    let refused = merge(contact.clone(), arrival(old.clone(), None));
    assert_eq!(refused, Err(AddError::OtherKey));
    let refused = merge(contact, arrival(old, Some(&chain)));
    assert_eq!(refused, Err(AddError::OtherKey));
}

#[test]
fn a_forked_history_is_refused() {
    let chain = found();
    let (one, two) = (rotated(&chain, 2), rotated(&chain, 3));
    let mut contact = bob(Some(&one));
    contact.card = card(&one, 2, 20);
    let refused = merge(contact, arrival(card(&two, 3, 30), Some(&two)));
    assert_eq!(refused, Err(AddError::Fork));
}

#[test]
fn a_chain_that_never_had_the_key_is_refused() {
    let other = IdentityChain::found(&key(5), None, None, Time::ZERO);
    let refused = merge(bob(None), arrival(card(&found(), 1, 20), Some(&other)));
    assert_eq!(refused, Err(AddError::OtherKey));
}

#[test]
fn names_are_told_apart_by_numbers_and_stay_within_their_length() {
    let taken = |names: &'static [&'static str]| move |name: &Name| !names.contains(&name.as_str());
    let bob: Name = "Bob".parse().unwrap();
    assert_eq!(free(bob.clone(), taken(&[])), bob);
    assert_eq!(free(bob.clone(), taken(&["Bob"])).as_str(), "Bob-2");
    assert_eq!(free(bob, taken(&["Bob", "Bob-2"])).as_str(), "Bob-3");
    let long: Name = "é".repeat(32).parse().unwrap();
    let free = free(long.clone(), |name| *name != long);
    assert_eq!(free.as_str(), format!("{}-2", "é".repeat(31)));
}
