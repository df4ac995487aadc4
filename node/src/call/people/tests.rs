use identity::IdentityKey;
use kernel::Time;
use primitives::Secret;
use tempfile::TempDir;
use vault::KeyFile;

use super::*;
use crate::{Network, Setup, Unlock};

async fn node() -> (Node, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let key = Unlock::KeyFile(KeyFile::from_secret(Secret::new([9; 32])));
    let setup = Setup::new("Owner".parse().unwrap());
    let path = folder.path().join("owner");
    let created = Node::create(&path, vec![key], setup, Network::default()).await;
    (created.unwrap().0, folder)
}

fn key(seed: u8) -> VerifyingKey {
    let key = IdentityKey::from_seeds(&Secret::new([seed; 32]), None);
    *key.public().ed25519()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

async fn meet(people: &People, seed: u8, called: &str, seen: Seen) -> Box<Pin> {
    match people.met(&key(seed), name(called), seen).await.unwrap() {
        Known::Pin(pin) => pin,
        Known::Contact(contact) => panic!("{contact:?}"),
    }
}

/// Puts the last session with somebody so long ago.
async fn age(people: &People, mut pin: Box<Pin>, by: std::time::Duration) {
    let ago = u64::try_from(by.as_millis()).unwrap();
    pin.seen = Time::from_ms(now().as_ms().saturating_sub(ago));
    let mut batch = Batch::new();
    put(&mut batch, &pin.key.to_bytes(), &pin.write());
    people.keep.commit(batch).await.unwrap();
}

#[tokio::test]
async fn whoever_was_met_is_known_by_key_and_another_key_of_that_name_is_a_change() {
    let (node, _folder) = node().await;
    let people = node.people();
    let who = |seed, claim: &'static str| people.called_who(seed, claim);
    assert_eq!(who(1, "Bob").await, Who::Unknown);
    let bob = meet(&people, 1, "Bob", Seen::NotCompared).await;
    assert_eq!(bob.compared, None);
    let known = Who::Known(Known::Pin(bob.clone()));
    assert_eq!(who(1, "anything").await, known);
    for claim in ["Bob", " bOB ", "Ｂｏｂ"] {
        let changed = Who::Changed(Known::Pin(bob.clone()));
        assert_eq!(who(2, claim).await, changed, "{claim}");
    }
    assert_eq!(who(2, "Bobby").await, Who::Unknown);
    let (other, bobs) = (key(2).into(), name("bob"));
    let wanted = people.who(&other, "", Some(&bobs)).await.unwrap();
    assert!(matches!(wanted, Who::Changed(_)));

    // the other Bob is taken all the same
    let other = meet(&people, 2, "Bob", Seen::Compared).await;
    assert_eq!(other.name.as_str(), "Bob-2");
    // a later session does not forget a comparison
    let again = meet(&people, 2, "ignored", Seen::NotCompared).await;
    assert_eq!((again.compared, again.since), (other.compared, other.since));
    assert!(again.compared.is_some());
    let found = node.person("bob-").await.unwrap();
    assert_eq!(found, Known::Pin(again.clone()));
    assert_eq!(node.person("B").await, Err(FindError::Several));
    node.unpin(&again).await.unwrap();
    assert_eq!(node.person("Bob-2").await, Err(FindError::None));
}

#[tokio::test]
async fn a_card_takes_the_place_of_a_pin() {
    let (node, _folder) = node().await;
    let (bob, _other) = self::node().await;
    let people = node.people();
    let key = *bob.card().await.unwrap().key().ed25519();
    people
        .met(&key, name("Owner"), Seen::NotCompared)
        .await
        .unwrap();
    meet(&people, 1, "Carol", Seen::NotCompared).await;
    let added = node.add(bob.card().await.unwrap(), crate::Origin::Given);
    let contact = added.await.unwrap().contact().clone();
    assert_eq!(contact.name.as_str(), "Owner");
    assert_eq!(node.pins().await.unwrap().len(), 1);
    let compared = people.met(&key, name("x"), Seen::Compared).await.unwrap();
    assert!(matches!(&compared, Known::Contact(contact) if contact.compared.is_some()));
    assert_eq!(people.of(&key).await.unwrap(), Some(compared));
    // somebody else who goes by the name of the contact's card
    assert!(matches!(
        people.called_who(2, "owner").await,
        Who::Changed(_)
    ));
}

#[tokio::test]
async fn a_pin_lasts_180_days_from_the_last_session() {
    let (node, _folder) = node().await;
    let people = node.people();
    let bob = meet(&people, 1, "Bob", Seen::NotCompared).await;
    let minute = std::time::Duration::from_mins(1);
    age(&people, bob.clone(), Pin::LASTS - minute).await;
    assert!(matches!(people.called_who(1, "Bob").await, Who::Known(_)));
    let bob = meet(&people, 1, "Bob", Seen::NotCompared).await;
    age(&people, bob, Pin::LASTS + minute).await;
    assert_eq!(people.called_who(1, "Bob").await, Who::Unknown);
    assert_eq!(people.called_who(2, "Bob").await, Who::Unknown);
    assert!(node.pins().await.unwrap().is_empty());
    meet(&people, 2, "Carol", Seen::NotCompared).await;
    assert_eq!(all_pins(&node.keep).await.unwrap().len(), 1);
}

#[tokio::test]
async fn above_the_limit_the_pin_goes_that_was_not_seen_for_longest_and_never_compared() {
    let (node, _folder) = node().await;
    let mut people = node.people();
    people.most = 3;
    let hours = std::time::Duration::from_hours;
    let pin = meet(&people, 1, "compared", Seen::Compared).await;
    age(&people, pin, hours(9)).await;
    let pin = meet(&people, 2, "old", Seen::NotCompared).await;
    age(&people, pin, hours(3)).await;
    let pin = meet(&people, 3, "older", Seen::NotCompared).await;
    age(&people, pin, hours(5)).await;
    let names = async || {
        let pins = node.pins().await.unwrap();
        let names: Vec<_> = pins.iter().map(|pin| pin.name.to_string()).collect();
        names.join(" ")
    };
    assert_eq!(names().await, "compared old older");
    meet(&people, 4, "one more", Seen::NotCompared).await;
    assert_eq!(names().await, "compared old one more");
    meet(&people, 5, "another", Seen::NotCompared).await;
    assert_eq!(names().await, "another compared one more");
}

#[test]
fn a_claim_becomes_a_name_whatever_it_is() {
    let called = |claim: &str| called(claim, &key(1)).unwrap().to_string();
    assert_eq!(called(" Bob\u{1b}[2J\u{202e}\n "), "Bob[2J");
    assert_eq!(called(&"é".repeat(500)), "é".repeat(32));
    for nothing in ["", " ", "\n", "\u{200b}"] {
        assert_eq!(called(nothing), "shallow hollow platypus 67");
    }
}

impl People {
    async fn called_who(&self, seed: u8, claim: &str) -> Who {
        self.who(&key(seed).into(), claim, None).await.unwrap()
    }
}

#[tokio::test]
async fn the_owner_makes_a_pin_of_a_key_and_calls_it_otherwise() {
    let (node, _folder) = node().await;
    let bob = node.pin(key(1), name("Bob")).await.unwrap().unwrap();
    assert_eq!((bob.name.as_str(), bob.compared), ("Bob", None));
    assert_eq!(node.pin(key(1), name("Other")).await, Ok(None));
    let other = node.pin(key(2), name("Bob")).await.unwrap().unwrap();
    assert_eq!(other.name.as_str(), "Bob-2");
    let taken = node.rename_pin(&other, name("Bob")).await;
    assert_eq!(taken, Err(FindError::Taken));
    let robert = node.rename_pin(&other, name("Robert")).await.unwrap();
    assert_eq!((robert.key, robert.since), (other.key, other.since));
    assert_eq!(node.pins().await.unwrap(), [bob.clone(), robert]);
    node.unpin(&bob).await.unwrap();
    let gone = node.rename_pin(&bob, name("Bobby")).await;
    assert_eq!(gone, Err(FindError::None));
}
