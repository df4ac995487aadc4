use identity::RecoveryKey;
use node::HomeError;

use crate::proxy::Proxy;
use crate::world::{Place, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pin_leaves_no_home_and_the_right_one_makes_one() {
    let world = World::start().await;
    let (alice, _) = world.create("Alice").await;
    let host = world.messaging.host();
    let refused = alice.register(&host, "AAA-AAAAAAA", None).await;
    assert!(matches!(refused, Err(HomeError::Call(_))), "{refused:?}");
    assert_eq!(alice.home().await, None);
    assert!(alice.card().await.unwrap().contents().home.is_none());

    let pin = world.messaging.pin().await;
    alice.register(&host, &pin, None).await.unwrap();
    assert_eq!(alice.home().await, Some((host.clone(), true)));
    let card = alice.card().await.unwrap();
    assert_eq!(
        card.contents().home.as_ref().unwrap().address(),
        host.as_str()
    );
    // it is fine to say it again: the server knows the account, and wants no pin
    alice.register(&host, "", None).await.unwrap();

    alice.close().await.unwrap();
    let alice = world.open("Alice").await;
    assert_eq!(alice.home().await, Some((host, true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_moves_by_its_recovery_words_only() {
    let world = World::start().await;
    let (alice, words) = world.create("Alice").await;
    let pin = world.messaging.pin().await;
    let first = world.messaging.host();
    alice.register(&first, &pin, None).await.unwrap();
    let other = Place::start().await;
    let pin = other.pin().await;
    let refused = alice.register(&other.host(), &pin, None).await;
    assert_eq!(
        refused,
        Err(HomeError::Settled {
            address: first.to_string()
        })
    );
    let wrong = RecoveryKey::from_secret(primitives::Secret::new([1; 32]));
    let refused = alice.register(&other.host(), &pin, Some(&wrong)).await;
    assert_eq!(refused, Err(HomeError::Recovery));
    assert_eq!(alice.home().await, Some((first, true)));
    let paper = RecoveryKey::from_words(&words).unwrap();
    alice
        .register(&other.host(), &pin, Some(&paper))
        .await
        .unwrap();
    assert_eq!(alice.home().await, Some((other.host(), true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_told_as_such() {
    let world = World::start().await;
    let (alice, _) = world.create("Alice").await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = free.local_addr().unwrap().to_string().parse().unwrap();
    drop(free);
    let refused = alice
        .register(&away, "AAA-AAAAAAA", None)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), kernel::Kind::Unavailable);
    assert_eq!(alice.home().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_got_no_answer_goes_elsewhere_by_its_recovery_words() {
    let world = World::start().await;
    let proxy = Proxy::start(world.messaging.address()).await;
    let before = proxy.passed();
    let (first, _) = world.create("first").await;
    let pin = world.messaging.pin().await;
    first.register(&proxy.host(), &pin, None).await.unwrap();
    let answers = proxy.passed() - before;

    let (alice, words) = world.create("Alice").await;
    let pin = world.messaging.pin().await;
    proxy.cut_after(answers - 1);
    let host = proxy.host();
    tokio::select! {
        registered = alice.register(&host, &pin, None) => panic!("{registered:?}"),
        () = proxy.cut() => {}
    }
    alice.close().await.unwrap();
    let alice = world.open("Alice").await;
    assert_eq!(alice.home().await, Some((host.clone(), false)));
    let elsewhere = world.rendezvous.host();
    let pin = world.rendezvous.pin().await;
    let refused = alice.register(&elsewhere, &pin, None).await;
    assert_eq!(refused, Err(HomeError::Unfinished { host }));
    let paper = RecoveryKey::from_words(&words).unwrap();
    alice
        .register(&elsewhere, &pin, Some(&paper))
        .await
        .unwrap();
    assert_eq!(alice.home().await, Some((elsewhere, true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_the_account_is_not_said_to_keep_it() {
    let world = World::start().await;
    let (alice, words) = world.create("Alice").await;
    let proxy = Proxy::start(world.messaging.address()).await;
    let pin = world.messaging.pin().await;
    alice.register(&proxy.host(), &pin, None).await.unwrap();
    // another store, and so another key, at the same address
    proxy.lead_to(world.rendezvous.address());
    let pin = world.rendezvous.pin().await;
    let refused = alice.register(&proxy.host(), &pin, None).await;
    let address = proxy.host().to_string();
    assert_eq!(refused, Err(HomeError::Settled { address }));
    let paper = RecoveryKey::from_words(&words).unwrap();
    alice
        .register(&proxy.host(), &pin, Some(&paper))
        .await
        .unwrap();
    world.invite(&alice).await;
}
