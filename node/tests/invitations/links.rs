use std::time::Duration;

use node::{AddError, InviteError, Invited, JoinError, Origin, Watched, Wish, words};
use rendezvous::bucket::Host;
use tokio::time::timeout;

use crate::world::{World, accept, invite, is_new, join, joined};

#[tokio::test(flavor = "multi_thread")]
async fn two_people_become_contacts_by_a_link() {
    let world = World::start().await;
    let alice = world.resident("Alice").await;
    let (bob, _) = world.create("Bob").await;
    let invitation = world.invite(&alice).await;
    let line = invitation.line.as_ref().unwrap().to_string();
    assert!(!line.contains(world.messaging.host().as_str()));

    let contact = accept(&bob, &invitation).await.unwrap();
    assert_eq!(contact.name.as_str(), "Alice");
    assert_eq!(contact.origin, Origin::Link);
    assert_eq!(contact.fingerprint(), alice.fingerprint().await);
    let home = contact.card.contents().home.clone().unwrap();
    assert_eq!(home.address(), world.messaging.host().as_str());

    let answered = alice.collect().await.unwrap();
    assert!(answered.iter().all(is_new));
    let [contact] = joined(&answered)[..] else {
        panic!("{answered:?}");
    };
    assert_eq!(contact.name.as_str(), "Bob");
    assert_eq!(contact.fingerprint(), bob.fingerprint().await);
    assert_eq!(contact.card.contents().home, None);
    // each holds the token that the other put on the card
    assert_eq!(
        alice.contacts().await.unwrap()[0].token,
        bob.contacts().await.unwrap()[0].card.contents().token
    );
    assert!(alice.invitations().await.unwrap().is_empty(), "it is over");
    assert!(alice.collect().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inviter_who_was_away_hears_of_it_later() {
    let world = World::start().await;
    let alice = world.resident("Alice").await;
    let invitation = world.invite(&alice).await;
    alice.close().await.unwrap();
    let (bob, _) = world.create("Bob").await;
    accept(&bob, &invitation).await.unwrap();

    let alice = world.open("Alice").await;
    let open = alice.invitations().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].line, invitation.line);
    assert_eq!(open[0].words, invitation.words);
    let answered = alice.collect().await.unwrap();
    assert_eq!(joined(&answered)[0].name.as_str(), "Bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inviter_who_waits_is_told_at_once() {
    let world = World::start().await;
    let alice = world.resident("Alice").await;
    let (bob, _) = world.create("Bob").await;
    let invitation = world.invite(&alice).await;
    let mut watching = alice.watch();
    let told = async {
        match timeout(PATIENCE, watching.next()).await.unwrap().unwrap() {
            Watched::Answered(answered) => joined(&[answered])[0].name.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let (contact, told) = tokio::join!(accept(&bob, &invitation), told);
    assert_eq!(contact.unwrap().name.as_str(), "Alice");
    assert_eq!(told, "Bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_as_often_as_it_says() {
    let world = World::start().await;
    let alice = world.resident("Alice").await;
    let mut wish = world.wish();
    wish.uses = 2;
    let invitation = invite(&alice, wish).await;
    for name in ["Bob", "Carol"] {
        let (node, _) = world.create(name).await;
        accept(&node, &invitation).await.unwrap();
    }
    let (dave, _) = world.create("Dave").await;
    let refused = accept(&dave, &invitation).await;
    assert_eq!(refused, Err(JoinError::Gone));
    assert!(dave.contacts().await.unwrap().is_empty());
    let answered = alice.collect().await.unwrap();
    let names: Vec<_> = joined(&answered)
        .iter()
        .map(|contact| contact.name.as_str())
        .collect();
    assert_eq!(names, ["Bob", "Carol"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_words_find_nothing_and_use_nothing_up() {
    let world = World::start().await;
    let alice = world.resident("Alice").await;
    let (bob, _) = world.create("Bob").await;
    let invitation = world.invite(&alice).await;
    let line = invitation.line.as_ref().unwrap();
    let refused = join(&bob, line, &words::draw(8).unwrap()).await;
    let Err(JoinError::Rendezvous(failure)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(failure.name(), "no_invitation");
    accept(&bob, &invitation).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_invitation_leads_nowhere() {
    let world = World::start().await;
    let alice = world.resident("Alice").await;
    let (bob, _) = world.create("Bob").await;
    let invitation = world.invite(&alice).await;
    alice.withdraw(&invitation.id).await.unwrap();
    assert_eq!(accept(&bob, &invitation).await, Err(JoinError::Gone));
    assert!(alice.invitations().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_invitation_is_refused_and_not_used_up() {
    let world = World::start().await;
    let alice = world.resident("Alice").await;
    let invitation = world.invite(&alice).await;
    let refused = accept(&alice, &invitation).await;
    assert_eq!(refused, Err(JoinError::Add(AddError::Own)));
    let (bob, _) = world.create("Bob").await;
    accept(&bob, &invitation).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_was_found_and_dropped_can_be_followed_again() {
    let world = World::start().await;
    let alice = world.resident("Alice").await;
    let (bob, _) = world.create("Bob").await;
    let invitation = world.invite(&alice).await;
    let (line, words) = (invitation.line.clone().unwrap(), invitation.words.clone());
    let mut joining = bob.join(line, words).unwrap();
    while !matches!(joining.next().await.unwrap(), node::Joined::Found) {}
    drop(joining);
    // a second way to the same invitation ends in the same contact, and uses it once
    accept(&bob, &invitation).await.unwrap();
    let answered = alice.collect().await.unwrap();
    assert_eq!(joined(&answered).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_rendezvous_server_is_used_when_the_first_is_away() {
    let world = World::start().await;
    let alice = world.resident("Alice").await;
    let (bob, _) = world.create("Bob").await;
    // a port that nobody listens on: it was given to us, and is free again
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away: Host = free.local_addr().unwrap().to_string().parse().unwrap();
    drop(free);
    let mut wish = world.wish();
    wish.servers.insert(0, away.clone());
    let mut inviting = alice.invite(wish).await.unwrap();
    let mut refused = Vec::new();
    let invitation = loop {
        match inviting.next().await.unwrap() {
            Invited::Refused { at, why } => refused.push((at, why.name())),
            Invited::Ready(invitation) => break invitation,
            _ => {}
        }
    };
    assert_eq!(refused, [(away, "away")]);
    assert_eq!(
        invitation.line.as_ref().unwrap().host(),
        &world.rendezvous.host()
    );
    accept(&bob, &invitation).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_home_nobody_is_invited_and_a_failed_invitation_leaves_nothing() {
    let world = World::start().await;
    let (bob, _) = world.create("Bob").await;
    let refused = bob.invite(world.wish()).await.map(drop);
    assert!(
        matches!(refused, Err(InviteError::Home(node::HomeError::None))),
        "{refused:?}"
    );
    let alice = world.resident("Alice").await;
    let none = Wish::new(Vec::new(), words::draw(8).unwrap());
    let refused = alice.invite(none).await.map(drop);
    assert!(matches!(refused, Err(InviteError::Start(_))), "{refused:?}");
    assert!(alice.invitations().await.unwrap().is_empty());
}

const PATIENCE: Duration = Duration::from_secs(60);
