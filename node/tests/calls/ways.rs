//! Other ways than TCP.

use std::net::{Ipv4Addr, SocketAddr};

use kernel::Kind;
use node::call::{
    Admit, CallError, Calls, Link, Path, Place, Places, Seen, Target, Tokens, Told, Transport,
};

use crate::people::{Person, back, established, incoming, introduced, message, next, say};
use crate::proxy::Proxy;

async fn everywhere(person: &Person) -> Calls {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut places = Places::tcp(any);
    places.direct.push((Transport::Udp, any));
    places.direct.push((Transport::Quic, any));
    person.node.listen(places, Admit::Known).await.unwrap()
}

fn links(calls: &Calls) -> Vec<Link> {
    let link = |place: &Place| match place {
        Place::Direct(transport, at) => Link::direct(*transport, at.ip(), at.port()).unwrap(),
        Place::Server(link) => link.clone(),
        other => panic!("{other:?}"),
    };
    calls.places().iter().map(link).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_talk_by_each_way_and_see_which() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = everywhere(&alice).await;
    let own = alice.node.fingerprint().await;
    let bobs = bob.node.card().await.unwrap();
    alice.node.add(bobs, node::Origin::Given).await.unwrap();
    let expected = [Path::Tcp, Path::Udp, Path::Quic];
    for (link, expected) in links(&calls).into_iter().zip(expected) {
        let mut here = bob.node.call(Target::new(link.to(&own))).await.unwrap();
        let mut there = incoming(&mut calls).await;
        assert_eq!([here.path(), there.path()], [&expected; 2]);
        for talk in [&mut here, &mut there] {
            let Told::Established { path, .. } = next(talk).await else {
                panic!("not established");
            };
            assert_eq!(path, expected);
        }
        say(&here, "hello").await;
        assert_eq!(message(&mut there).await, "hello");
        here.speaker().close().await;
        while here.next().await.is_some() {}
        while there.next().await.is_some() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_links_one_that_leads_there_is_taken_and_another_when_it_breaks() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = everywhere(&alice).await;
    let ways = links(&calls);
    let [Place::Direct(_, tcp), ..] = calls.places() else {
        panic!("no address");
    };
    let proxy = Proxy::start(*tcp).await;
    let broken = Link::direct(Transport::Tcp, proxy.address.ip(), proxy.address.port());
    // Nobody listens at the first; the second breaks later.
    let nobody = Link::direct(Transport::Tcp, Ipv4Addr::LOCALHOST.into(), 1).unwrap();
    let target = Target::to(vec![nobody.clone(), broken.unwrap()]);
    let mut here = bob.node.call(target.clone()).await.unwrap();
    let mut there = incoming(&mut calls).await;
    introduced(&mut there).await;
    there.accept(Seen::NotCompared).await;
    introduced(&mut here).await;
    here.accept(Seen::NotCompared).await;
    tokio::join!(established(&mut here), established(&mut there));
    here.speaker().close().await;
    while here.next().await.is_some() {}
    while there.next().await.is_some() {}

    let mut target = target;
    target.links.push(ways[2].clone());
    let mut here = bob.node.call(target).await.unwrap();
    let mut there = incoming(&mut calls).await;
    tokio::join!(established(&mut here), established(&mut there));
    if *here.path() == Path::Tcp {
        proxy.lead(None);
        let (one, other) = tokio::join!(back(&mut here), back(&mut there));
        assert_eq!([one, other], [true, true], "the session goes on");
    }
    say(&here, "by another way").await;
    assert_eq!(message(&mut there).await, "by another way");

    let error = bob.node.call(Target::new(nobody)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    let CallError::Unreached(unreached) = error else {
        panic!("{error}");
    };
    assert_eq!(unreached.failed.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_two_people_are_refused() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let link = |n| Link::direct(Transport::Tcp, Ipv4Addr::LOCALHOST.into(), n).unwrap();
    let alices = link(1).to(&alice.node.fingerprint().await);
    let bobs = link(2).to(&bob.node.fingerprint().await);
    let error = bob.node.call(Target::to(vec![alices, bobs])).await;
    assert_eq!(error.unwrap_err(), CallError::TwoPeople);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_at_a_server_stays_the_same_if_that_is_wanted() {
    let alice = Person::new("Alice").await;
    // nobody is there: a link is known before
    let mut places = Places::default();
    places.brokers = ["127.0.0.1:9", "[::1]:9"]
        .map(|at| at.parse().unwrap())
        .to_vec();
    let listen = async |node: &node::Node, tokens: Tokens| {
        let mut places = places.clone();
        places.tokens = tokens;
        let calls = node.listen(places, Admit::Known).await.unwrap();
        links(&calls)
    };
    let kept = listen(&alice.node, Tokens::Kept).await;
    assert!(matches!(&kept[..], [one, other] if one != other));
    let drawn = listen(&alice.node, Tokens::Drawn).await;
    assert!(drawn.iter().all(|link| !kept.contains(link)));
    let alice = alice.again().await;
    assert_eq!(listen(&alice.node, Tokens::Kept).await, kept);
    let renewed = listen(&alice.node, Tokens::Renewed).await;
    assert!(renewed.iter().all(|link| !kept.contains(link)));
    assert_eq!(listen(&alice.node, Tokens::Kept).await, renewed);
}
