use channel::End;
use kernel::Kind;
use node::Origin;
use node::call::{Admit, Ending, Known, SayError, Seen, Speaker, Target, Who};

use crate::people::{
    Person, address, delivered, ended, established, incoming, introduced, link, message, say,
    talking,
};
use crate::proxy::answers;

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_asked_about_and_known_the_next_time() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let mut here = bob.call(address(&calls)).await;
    let mut there = incoming(&mut calls).await;
    assert!(there.source().unwrap().ip().is_loopback() && here.source().is_none());
    let who = introduced(&mut there).await;
    assert_eq!((who.who, who.claim.as_str()), (Who::Unknown, "Bob"));
    let fingerprint = bob.node.fingerprint().await;
    assert_eq!(who.fingerprint.to_emoji(), fingerprint.to_emoji());
    // nothing is kept of an introduction
    assert!(alice.pinned().await.is_empty());
    there.accept(Seen::Compared).await;
    assert_eq!(introduced(&mut here).await.who, Who::Unknown);
    here.accept(Seen::NotCompared).await;
    let (with, resumed) = established(&mut here).await;
    assert_eq!((with.name().as_str(), resumed), ("Alice", false));
    assert!(with.compared().is_none());
    let (with, _) = established(&mut there).await;
    assert!(matches!(&with, Known::Pin(pin) if pin.compared.is_some()));

    for text in ["hello", "", "good evening"] {
        say(&here, text).await;
        assert_eq!(message(&mut there).await, text);
        say(&there, text).await;
        assert_eq!(message(&mut here).await, text);
    }
    // what was said before the end comes before the end
    say(&here, "bye").await;
    here.speaker().finish().await;
    assert_eq!(message(&mut there).await, "bye");
    assert_eq!(ended(&mut there).await, (End::Closed.into(), 0));
    assert_eq!(ended(&mut here).await, (End::Left.into(), 0));
    assert_eq!(here.speaker().say("?".into()).await, Err(SayError::Over));

    // in another process, nobody is asked
    let bob = bob.again().await;
    let mut here = bob.call(address(&calls)).await;
    let mut there = incoming(&mut calls).await;
    let (one, other) = tokio::join!(established(&mut here), established(&mut there));
    assert_eq!((one.0.name().as_str(), one.1), ("Alice", false));
    assert_eq!((other.0.name().as_str(), other.1), ("Bob", false));
    assert!(other.0.compared().is_some());
    assert_eq!(
        (alice.pinned().await, bob.pinned().await),
        (vec!["Bob".into()], vec!["Alice".into()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_owner_decides_those_who_are_known_are_asked_about_too() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Nobody).await;
    let at = address(&calls);
    drop(talking(&bob, &mut calls, at).await);
    let mut here = bob.call(address(&calls)).await;
    let mut there = incoming(&mut calls).await;
    assert!(matches!(introduced(&mut there).await.who, Who::Known(_)));
    there.refuse().await;
    assert_eq!(ended(&mut there).await.0, End::Rejected.into());
    assert_eq!(ended(&mut here).await.0, End::Lost.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_under_a_known_name_is_never_taken_by_itself() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let impostor = Person::new("bob").await;
    let mut calls = alice.listen(Admit::Known).await;
    let at = address(&calls);
    drop(talking(&bob, &mut calls, at).await);
    let mut here = impostor.call(address(&calls)).await;
    let mut there = incoming(&mut calls).await;
    let who = introduced(&mut there).await;
    assert!(matches!(&who.who, Who::Changed(known) if known.name().as_str() == "Bob"));
    let shown = who.fingerprint.to_hex();
    assert_eq!(shown, impostor.node.fingerprint().await.to_hex());
    there.refuse().await;
    assert_eq!(ended(&mut there).await.0, End::Rejected.into());
    assert_eq!(ended(&mut here).await.0, End::Lost.into());
    assert_eq!(alice.pinned().await, ["Bob"]);

    // a contact's name as well, also when it is the one that is called, by a link with a fingerprint
    let card = alice.node.card().await.unwrap();
    bob.node.add(card, Origin::Given).await.unwrap();
    let other = Person::new("ALICE").await;
    let mut others = other.listen(Admit::Known).await;
    let to = link(address(&others)).to(&other.node.fingerprint().await);
    let mut here = bob.node.call(Target::new(to)).await.unwrap();
    let mut there = incoming(&mut others).await;
    introduced(&mut there).await;
    there.accept(Seen::NotCompared).await;
    let who = introduced(&mut here).await.who;
    assert!(matches!(&who, Who::Changed(Known::Contact(_))), "{who:?}");
    // if the owner insists, it is somebody else of that name
    here.accept(Seen::NotCompared).await;
    assert_eq!(established(&mut here).await.0.name().as_str(), "ALICE");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_called_by_name_or_fingerprint_is_reached_or_nobody() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let carol = Person::new("Carol").await;
    let card = alice.node.card().await.unwrap();
    bob.node.add(card, Origin::Given).await.unwrap();
    let alices = bob.node.person("Alice").await.unwrap();

    // somebody else answers
    let mut wrong = carol.listen(Admit::Known).await;
    let at = link(address(&wrong));
    let mut by_name = Target::new(at.clone());
    by_name.with = Some(alices.clone());
    let by_sum = Target::new(at.to(&alice.node.fingerprint().await));
    for target in [by_name, by_sum] {
        let mut here = bob.node.call(target).await.unwrap();
        let mut there = incoming(&mut wrong).await;
        introduced(&mut there).await;
        there.accept(Seen::NotCompared).await;
        let (how, _) = ended(&mut here).await;
        assert_eq!((how.kind(), how), (Kind::PeerMisbehaved, Ending::OtherKey));
        assert_eq!(ended(&mut there).await.0, End::Lost.into());
    }
    assert!(carol.pinned().await.is_empty() && bob.pinned().await.is_empty());

    // they do: nobody is asked on this side
    let mut calls = alice.listen(Admit::Known).await;
    let at = link(address(&calls));
    let mut by_name = Target::new(at.clone());
    by_name.with = Some(alices);
    let by_sum = Target::new(at.to(&alice.node.fingerprint().await));
    for (caller, target) in [(&bob, by_name), (&carol, by_sum)] {
        let mut here = caller.node.call(target).await.unwrap();
        let mut there = incoming(&mut calls).await;
        introduced(&mut there).await;
        there.accept(Seen::NotCompared).await;
        assert_eq!(established(&mut here).await.0.name().as_str(), "Alice");
    }
    assert!(bob.pinned().await.is_empty(), "a contact needs no pin");
    assert_eq!(carol.pinned().await, ["Alice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_the_name_that_the_caller_wants() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let mut target = Target::new(link(address(&calls)));
    target.name = Some("my sister".parse().unwrap());
    let mut here = bob.node.call(target).await.unwrap();
    let mut there = incoming(&mut calls).await;
    introduced(&mut there).await;
    there.accept(Seen::NotCompared).await;
    introduced(&mut here).await;
    here.accept(Seen::NotCompared).await;
    assert_eq!(established(&mut here).await.0.name().as_str(), "my sister");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_taken_at_the_limit_and_not_above() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let at = address(&calls);
    let (here, mut there) = talking(&bob, &mut calls, at).await;
    let most = Speaker::MOST;
    say(&here, &"x".repeat(most)).await;
    assert_eq!(message(&mut there).await.len(), most);
    let above = here.speaker().say("x".repeat(most + 1).into()).await;
    let bytes = most + 1;
    assert_eq!(above, Err(SayError::TooLong { bytes, most }));
    say(&here, "still here").await;
    assert_eq!(message(&mut there).await, "still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_takes_nothing_ends_a_call_before_anybody_is_told_of_it() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let mut here = bob.call(address(&calls)).await;
    let mut there = incoming(&mut calls).await;
    introduced(&mut there).await;
    // from here on nothing can be kept
    alice.node.close().await.unwrap();
    there.accept(Seen::NotCompared).await;
    introduced(&mut here).await;
    here.accept(Seen::NotCompared).await;
    assert_eq!(ended(&mut there).await.0, End::NotKept.into());
    assert_eq!(ended(&mut here).await.0, End::Lost.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_beside_a_talk_goes_with_it() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let at = address(&calls);
    let (mut here, mut there) = talking(&bob, &mut calls, at).await;
    let (alices, bobs) = (
        bob.node.person("Alice").await.unwrap(),
        alice.node.person("Bob").await.unwrap(),
    );
    say(&here, "one").await;
    let two = bob.node.say(&alices, b"two").await.unwrap().unwrap();
    assert_eq!(message(&mut there).await, "one");
    assert_eq!(message(&mut there).await, "two");
    delivered(&mut here, two).await;
    alice.node.say(&bobs, b"and back").await.unwrap();
    assert_eq!(message(&mut here).await, "and back");
    let long = vec![b'x'; Speaker::MOST + 1];
    assert_eq!(bob.node.say(&alices, &long).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_somebody_was_reached_is_kept_until_they_are_forgotten() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let at = link(address(&calls));
    let to = address(&calls);
    let (here, there) = talking(&bob, &mut calls, to).await;
    let alices = bob.node.person("Alice").await.unwrap();
    assert_eq!(bob.node.reached_at(&alices).await.unwrap(), [at]);
    // nobody knows where a caller can be called
    let bobs = alice.node.person("Bob").await.unwrap();
    assert!(alice.node.reached_at(&bobs).await.unwrap().is_empty());
    drop((here, there));
    let Known::Pin(pin) = &alices else {
        panic!("{alices:?}")
    };
    bob.node.unpin(pin).await.unwrap();
    assert!(bob.node.reached_at(&alices).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_dialled_hears_of_a_refusal_before_the_channel_is_open_at_the_caller() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    // all but the last that Alice's side says before it is open
    let (at, go_on) = answers(address(&calls), 3).await;
    let mut here = bob.call(at).await;
    let mut there = incoming(&mut calls).await;
    introduced(&mut there).await;
    there.accept(Seen::NotCompared).await;
    introduced(&mut here).await;
    established(&mut there).await;
    here.refuse().await;
    go_on.send(()).unwrap();
    assert_eq!(ended(&mut here).await.0, End::Rejected.into());
    assert_eq!(ended(&mut there).await.0, End::Closed.into());
}
