//! People who invite and join over real servers, and servers that are refused by name.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use net::RequestError;
use net::bucket::{Event, StartError, invite, join};
use net::server::{CallError, Rpc};
use rendezvous::bucket::invite::Event as Invited;
use rendezvous::bucket::join::Event as Joined;
use rendezvous::bucket::{Host, Id, Line, Link, LinkId, LinkKey, Passphrase};
use tokio::time::timeout;
use wire::v1::operation::Operation as Op;
use wire::v1::{Bucket, BucketLeave, BucketLeft, Done, answer};

use crate::scripted::{answering, raw};
use crate::world::{PATIENCE, World, by_name, config, direct, host, root};

pub(crate) fn link() -> Link {
    let host = Host::typed("msg.example").unwrap();
    Link::new(host, LinkId::new([1; 24]), LinkKey::new([2; 32]))
}

pub(crate) fn words(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

/// All that somebody tells until the end.
pub(crate) async fn told<E>(mut running: net::Running<Event<E>>) -> Vec<Event<E>> {
    let mut told = Vec::new();
    while let Some(event) = timeout(PATIENCE, running.next()).await.unwrap() {
        told.push(event);
    }
    told
}

/// All that an inviter tells who may use these servers, and asks each once.
async fn invited(servers: Vec<Host>) -> Vec<invite::Event> {
    let mut options = invite::Options::new(servers);
    options.machine.tries = 1;
    told(invite::Inviter::start(options, link(), words("right")).unwrap()).await
}

/// Which servers were refused, and for what.
fn refusals(told: &[invite::Event]) -> Vec<(Host, &'static str)> {
    let refusal = |event: &invite::Event| match event {
        Event::Told(Invited::Refused { at, why, .. }) => Some((at.clone(), why.name())),
        _ => None,
    };
    told.iter().filter_map(refusal).collect()
}

fn line(told: &[invite::Event]) -> &Line {
    let Some(Event::Told(Invited::Ready(line))) = told.last() else {
        panic!("{told:?}");
    };
    line
}

async fn joined(line: Line, passphrase: &str) -> Vec<join::Event> {
    let mut options = join::Options::default();
    options.machine.tries = 1;
    told(join::Joiner::start(options, line, words(passphrase)).unwrap()).await
}

/// Why a joiner failed, by name.
fn failure(told: &[join::Event]) -> &'static str {
    let Some(Event::Told(Joined::Failed(why))) = told.last() else {
        panic!("{told:?}");
    };
    why.name()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_leaves_another_finds_by_line_and_words() {
    let world = World::start().await;
    let told = invited(vec![host(world.address())]).await;
    let found = joined(line(&told).clone(), "right").await;
    let Some(Event::Told(Joined::Found(found))) = found.last() else {
        panic!("{found:?}");
    };
    assert_eq!(*found, link());

    let told = joined(line(&told).clone(), "wrong").await;
    assert_eq!(failure(&told), "no_invitation");
    let nowhere = Line::new(host(world.address()), Id::new(1, 1).hash());
    assert_eq!(failure(&joined(nowhere, "right").await), "no_such_bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn they_meet_over_tls_on_a_server_of_a_private_root() {
    let world = World::with_tls().await;
    let way = by_name("rendezvous.test", world.address()).await;
    let mut options = invite::Options::new(vec![way.at.clone()]);
    options.proxy.clone_from(&way.proxy);
    options.roots = vec![root("named")];
    let told = told(invite::Inviter::start(options, link(), words("right")).unwrap()).await;
    let mut options = join::Options::default();
    options.proxy = way.proxy;
    options.roots = vec![root("named")];
    let joiner = join::Joiner::start(options, line(&told).clone(), words("right")).unwrap();
    let found = self::told(joiner).await;
    assert!(matches!(found.last(), Some(Event::Told(Joined::Found(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_first_server_is_away_the_second_one_serves() {
    let (away, world) = (World::start().await, World::start().await);
    let first = host(away.address());
    away.server.stop(Duration::ZERO).await;
    let second = host(world.address());
    let told = invited(vec![first.clone(), second.clone()]).await;
    assert_eq!(refusals(&told), [(first.clone(), "away")]);
    let Some(Event::Trouble { at, error, .. }) = told.first() else {
        panic!("{told:?}");
    };
    let is_away = matches!(
        error,
        CallError::Unreachable(RequestError::NoConnection { .. })
    );
    assert!(*at == first && is_away, "{error}");
    assert_eq!(*line(&told).host(), second);
    let found = joined(line(&told).clone(), "right").await;
    assert!(matches!(found.last(), Some(Event::Told(Joined::Found(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_keeps_no_buckets_declines() {
    let server = host::http::Server::start(config(), None).await.unwrap();
    let at = host(*server.addresses().first().unwrap());
    let told = invited(vec![at.clone()]).await;
    assert_eq!(refusals(&told), [(at.clone(), "declined")]);
    let line = Line::new(at, Id::new(1, 1).hash());
    assert_eq!(failure(&joined(line, "right").await), "declined");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_too_much_to_do_is_busy() {
    let address =
        raw(|_| b"HTTP/1.1 429 x\r\nretry-after: 61\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let told = invited(vec![host(address)]).await;
    assert_eq!(refusals(&told), [(host(address), "busy")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_lie_are_refused_by_name_one_after_the_other() {
    let mut servers: Vec<(Host, &str)> = Vec::new();
    for (liar, name) in [
        (named(b"short"), "id_malformed"),
        (named(&Id::new(1, 0).to_bytes()), "id_time"),
        (named(&Id::new(now(), 17).to_bytes()), "id_number"),
        (answer::Result::Done(Done {}), "id_malformed"),
    ] {
        let address = answering(move |_| liar.clone()).await;
        servers.push((host(address), name));
    }
    for (shown, name) in [
        (bucket(3), "bucket_malformed"),
        (answer::Result::Done(Done {}), "bucket_malformed"),
        (bucket(2), "no_such_bucket"),
        (bucket(1), "entry_missing"),
    ] {
        let address = answering(move |operation| match operation {
            Op::BucketLeave(_) => named(&Id::new(now(), 0).to_bytes()),
            _ => shown.clone(),
        })
        .await;
        servers.push((host(address), name));
    }
    let told = invited(servers.iter().map(|(at, _)| at.clone()).collect()).await;
    assert_eq!(refusals(&told), servers);
    assert!(matches!(told.last(), Some(Event::Told(Invited::Failed(_)))));
}

fn named(id: &[u8]) -> answer::Result {
    answer::Result::BucketLeft(BucketLeft { bucket: id.into() })
}

fn bucket(state: u32) -> answer::Result {
    let slots = vec![0; 16_384];
    answer::Result::Bucket(Bucket { state, slots })
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// Leaves this many entries of others.
async fn others(address: SocketAddr, count: u8) {
    for number in 0..count {
        let mut rpc = Rpc::new(direct(address)).unwrap();
        let leave = Op::BucketLeave(BucketLeave {
            entry: vec![number; 256],
        });
        rpc.call(leave, None).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_shown_once_the_cohort_has_come() {
    let world = World::start().await;
    let mut options = invite::Options::new(vec![host(world.address())]);
    options.machine.cohort = 3;
    options.machine.poll = Duration::from_millis(50);
    let mut inviter = invite::Inviter::start(options, link(), words("right")).unwrap();
    let mut last = None;
    while let Some(event) = timeout(PATIENCE, inviter.next()).await.unwrap() {
        // once, when it begins to wait
        if let (Event::Told(Invited::Waiting { came: 0, .. }), None) = (&event, &last) {
            others(world.address(), 3).await;
            last = Some(event);
        } else if matches!(event, Event::Told(Invited::Ready(_))) {
            return assert!(last.is_some(), "it did not wait");
        }
    }
    panic!("no line");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inviter_who_waits_can_be_stopped() {
    let world = World::start().await;
    let mut options = invite::Options::new(vec![host(world.address())]);
    options.machine.cohort = 1;
    let mut inviter = invite::Inviter::start(options, link(), words("right")).unwrap();
    while let Some(event) = timeout(PATIENCE, inviter.next()).await.unwrap() {
        if matches!(event, Event::Told(Invited::Waiting { .. })) {
            inviter.stopper().stop();
        }
    }
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_is_sent() {
    for servers in [0, 9] {
        let servers = vec![Host::typed("meet.example").unwrap(); servers];
        let options = invite::Options::new(servers);
        let refused = invite::Inviter::start(options, link(), words("right"));
        assert!(matches!(refused, Err(StartError::Machine(_))));
    }
    let mut options = invite::Options::new(vec![Host::typed("meet.example").unwrap()]);
    options.roots = vec![b"no certificate".to_vec().into()];
    let refused = invite::Inviter::start(options, link(), words("right"));
    assert!(matches!(refused, Err(StartError::Server(_))));
}
