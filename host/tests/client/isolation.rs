//! What must not be linked shares no connection, and behind a proxy no user name.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use net::bucket::{Event, invite, join};
use net::server::{Live, Options, Rpc};
use rendezvous::bucket::invite::Event as Invited;
use rendezvous::bucket::join::Event as Joined;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::buckets::{link, told, words};
use crate::middle::Middle;
use crate::person::Person;
use crate::socks::{self, Asked};
use crate::world::{CHALLENGE, World, config, prover};

/// The way to a server at `address`, through a proxy with `login` in front of its own address.
async fn behind_proxy(login: &str, address: SocketAddr) -> (Options, UnboundedReceiver<Asked>) {
    let (proxy, asked) = socks::proxy(move |_| address).await;
    let mut options = Options::new("rendezvous.onion:80".parse().unwrap());
    options.proxy = Some(format!("socks5h://{login}{proxy}").parse().unwrap());
    (options, asked)
}

/// Everything one person does, and what the proxy saw: invites, joins, registers, asks, and stays.
async fn everything(login: &str) -> Vec<Asked> {
    let world = World::named("rendezvous.onion", config()).await;
    let (options, mut asked) = behind_proxy(login, world.address()).await;
    let mut invite = invite::Options::new(vec![options.at.clone()]);
    invite.proxy.clone_from(&options.proxy);
    let inviter = invite::Inviter::start(invite, link(), words("right")).unwrap();
    let Some(Event::Told(Invited::Ready(line))) = told(inviter).await.pop() else {
        panic!("no line");
    };
    let mut join = join::Options::default();
    join.proxy.clone_from(&options.proxy);
    let joiner = join::Joiner::start(join, line, words("right")).unwrap();
    let found = told(joiner).await.pop();
    assert!(matches!(found, Some(Event::Told(Joined::Found(_)))));

    let anna = Person::new(1);
    world.register(&anna, options.clone()).await;
    let _live = Live::connect(&options, prover(&anna)).await.unwrap();
    let mut rpc = Rpc::new(options).unwrap();
    for _ in 0..3 {
        assert!(rpc.call(CHALLENGE, None).await.is_ok());
    }
    let mut seen = Vec::new();
    while let Ok(one) = asked.try_recv() {
        assert_eq!((one.host.as_str(), one.port), ("rendezvous.onion", 80));
        seen.push(one);
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn every_circuit_has_a_connection_and_a_user_name_of_its_own() {
    let seen = everything("").await;
    // left, fetched; fetched; registered, live, three requests of one circuit
    assert_eq!(seen.len(), 6, "{seen:?}");
    let logins: BTreeSet<&str> = seen.iter().map(|asked| asked.login.as_str()).collect();
    assert_eq!(logins.len(), 6, "{logins:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_was_given_is_kept() {
    let seen = everything("me:secret@").await;
    assert_eq!(seen.len(), 6, "{seen:?}");
    assert!(seen.iter().all(|asked| asked.login == "me:secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_circuit_keeps_its_user_name_over_several_connections() {
    let world = World::named("rendezvous.onion", config()).await;
    let middle = Middle::new(world.address()).await;
    let (options, mut asked) = behind_proxy("", middle.address).await;
    let mut rpc = Rpc::new(options).unwrap();
    assert!(rpc.call(CHALLENGE, None).await.is_ok());
    let first = asked.recv().await.unwrap();
    middle.cut();
    assert!(rpc.call(CHALLENGE, None).await.is_ok());
    assert_eq!(asked.recv().await.unwrap(), first);
}
