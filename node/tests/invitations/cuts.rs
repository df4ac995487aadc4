//! A process that dies at any moment: every answer of the messaging server is lost once, and the program
//! is gone with it; the next one finishes what was begun, and nothing happens twice.

use node::Node;

use crate::proxy::Proxy;
use crate::world::{World, accept, joined};

/// Somebody whose account the messaging server keeps, reached through the proxy.
async fn resident(world: &World, proxy: &Proxy, name: &str) -> Node {
    let (node, _) = world.create(name).await;
    let pin = world.messaging.pin().await;
    node.register(&proxy.host(), &pin, None).await.unwrap();
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joiner_who_dies_at_any_answer_becomes_a_contact_once() {
    let world = World::start().await;
    let proxy = Proxy::start(world.messaging.address()).await;
    let alice = resident(&world, &proxy, "Alice").await;
    let (first, _) = world.create("first").await;
    let invitation = world.invite(&alice).await;
    let before = proxy.passed();
    accept(&first, &invitation).await.unwrap();
    let answers = proxy.passed() - before;
    assert!(answers >= 2, "taking and answering");
    alice.collect().await.unwrap();

    for cut in 0..answers {
        let name = format!("Bob{cut}");
        let (bob, _) = world.create(&name).await;
        let invitation = world.invite(&alice).await;
        proxy.cut_after(cut);
        tokio::select! {
            joined = accept(&bob, &invitation) => panic!("{cut} of {answers}: {joined:?}"),
            () = proxy.cut() => {}
        }
        bob.close().await.unwrap();
        proxy.mend();

        let bob = world.open(&name).await;
        accept(&bob, &invitation).await.unwrap();
        assert_eq!(bob.contacts().await.unwrap().len(), 1);
        let answered = alice.collect().await.unwrap();
        let [contact] = joined(&answered)[..] else {
            panic!("{cut} of {answers}: {answered:?}");
        };
        assert_eq!(contact.fingerprint(), bob.fingerprint().await);
        let known = &bob.contacts().await.unwrap()[0];
        assert_eq!(known.card.contents().token, contact.token);
        assert_eq!(contact.card.contents().token, known.token);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inviter_who_dies_while_asking_misses_nobody_and_tells_nobody_twice() {
    let world = World::start().await;
    let proxy = Proxy::start(world.messaging.address()).await;
    let mut alice = resident(&world, &proxy, "Alice").await;
    let (first, _) = world.create("first").await;
    let invitation = world.invite(&alice).await;
    accept(&first, &invitation).await.unwrap();
    let before = proxy.passed();
    assert_eq!(alice.collect().await.unwrap().len(), 1);
    let answers = proxy.passed() - before;

    for cut in 0..answers {
        let (bob, _) = world.create(&format!("Bob{cut}")).await;
        let invitation = world.invite(&alice).await;
        accept(&bob, &invitation).await.unwrap();
        proxy.cut_after(cut);
        tokio::select! {
            answered = alice.collect() => panic!("{cut} of {answers}: {answered:?}"),
            () = proxy.cut() => {}
        }
        alice.close().await.unwrap();
        proxy.mend();
        alice = world.open("Alice").await;
        let answered = alice.collect().await.unwrap();
        assert_eq!(joined(&answered).len(), 1, "{cut}: {answered:?}");
        let contacts = alice.contacts().await.unwrap();
        assert_eq!(contacts.len(), cut + 2, "one more than before");
        assert!(alice.invitations().await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inviter_who_dies_while_leaving_an_invitation_can_take_it_back() {
    let world = World::start().await;
    let proxy = Proxy::start(world.messaging.address()).await;
    let mut alice = resident(&world, &proxy, "Alice").await;
    let before = proxy.passed();
    let invitation = world.invite(&alice).await;
    let answers = proxy.passed() - before;
    alice.withdraw(&invitation.id).await.unwrap();

    for cut in 0..answers {
        proxy.cut_after(cut);
        tokio::select! {
            invitation = world.invite(&alice) => panic!("{cut} of {answers}: {invitation:?}"),
            () = proxy.cut() => {}
        }
        alice.close().await.unwrap();
        proxy.mend();
        alice = world.open("Alice").await;
        let open = alice.invitations().await.unwrap();
        assert_eq!(open.len(), 1, "{cut} of {answers}");
        assert_eq!(open[0].line, None, "nobody was told of it");
        alice.withdraw(&open[0].id).await.unwrap();
        assert!(alice.invitations().await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_was_cut_is_finished_by_the_same_call() {
    let world = World::start().await;
    let proxy = Proxy::start(world.messaging.address()).await;
    let before = proxy.passed();
    drop(resident(&world, &proxy, "first").await);
    let answers = proxy.passed() - before;
    for cut in 0..answers {
        let name = format!("Bob{cut}");
        let (bob, _) = world.create(&name).await;
        let (host, pin) = (proxy.host(), world.messaging.pin().await);
        proxy.cut_after(cut);
        tokio::select! {
            registered = bob.register(&host, &pin, None) => panic!("{cut}: {registered:?}"),
            () = proxy.cut() => {}
        }
        bob.close().await.unwrap();
        proxy.mend();
        let bob = world.open(&name).await;
        bob.register(&host, &pin, None).await.unwrap();
        assert_eq!(bob.home().await, Some((host, true)));
        world.invite(&bob).await;
    }
}
