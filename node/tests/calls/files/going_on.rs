//! Files that go on where they were.

use std::fs;
use std::net::SocketAddr;

use node::call::{Admit, Calls, FileId};

use super::side::{Folder, Side, bytes, meet};
use crate::people::{Person, address, established, incoming, talking};
use crate::proxy::Proxy;

/// More than goes through before something breaks.
const SIZE: usize = 8_000_000;
/// What is there before that.
const SOME: u64 = 1_000_000;
/// What goes through: so the file is never whole, however slowly a test goes on.
const MOST: u64 = 4 * SOME;

/// Sends a file, until some of it is there.
async fn begin(here: &mut Side, there: &mut Side, from: &Folder, to: &Folder) -> (FileId, FileId) {
    let path = from.file("file", &bytes(SIZE, 7));
    let sent = here.offer(&path).await;
    let (id, ..) = there.offered().await;
    there.accept(id, &to.path("")).await;
    assert_eq!(here.accepted(sent).await, 0);
    tokio::join!(here.progress(sent, SOME), there.progress(id, SOME));
    (sent, id)
}

/// Until all of it is there, and not sent anew.
async fn end(here: &mut Side, there: &mut Side, (sent, id): (FileId, FileId), to: &Folder) {
    let (from, path) = tokio::join!(
        async {
            let from = here.accepted(sent).await;
            here.done(sent).await;
            from
        },
        there.done(id)
    );
    assert!(from >= SOME, "{from}");
    assert_eq!(path, to.path("file"));
    assert!(fs::read(path).unwrap() == bytes(SIZE, 7));
    assert_eq!(to.names(), ["file"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_another_connection() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let to = address(&calls);
    for is_sent_by_caller in [true, false] {
        let proxy = Proxy::start(to).await;
        proxy.hold_after(MOST);
        let (mut caller, mut called) = match is_sent_by_caller {
            true => first(&bob, &mut calls, proxy.address).await,
            false => meet(&bob, &mut calls, proxy.address).await,
        };
        let (here, there) = match is_sent_by_caller {
            true => (&mut caller, &mut called),
            false => (&mut called, &mut caller),
        };
        let (ours, theirs) = (Folder::new(), Folder::new());
        let ids = begin(here, there, &ours, &theirs).await;
        proxy.hold_after(u64::MAX);
        proxy.lead(Some(to));
        let (one, other) = tokio::join!(here.back(), there.back());
        assert_eq!([one, other], [true, true]);
        end(here, there, ids, &theirs).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_next_call_after_either_program_ended() {
    let (mut alice, mut bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut is_known = false;
    for is_sent_by_caller in [true, false] {
        for dies in ["nobody", "caller", "called", "both"] {
            let (ours, theirs) = (Folder::new(), Folder::new());
            let mut calls = alice.listen(Admit::Known).await;
            let proxy = Proxy::start(address(&calls)).await;
            proxy.hold_after(MOST);
            let (mut caller, mut called) = match is_known {
                false => first(&bob, &mut calls, proxy.address).await,
                true => meet(&bob, &mut calls, proxy.address).await,
            };
            is_known = true;
            let ids = match is_sent_by_caller {
                true => begin(&mut caller, &mut called, &ours, &theirs).await,
                false => begin(&mut called, &mut caller, &ours, &theirs).await,
            };
            // what a process that is killed does not say: no goodbye goes through
            proxy.lead(None);
            tokio::join!(caller.lost(), called.lost());
            drop((caller, called, calls));
            if matches!(dies, "caller" | "both") {
                bob = bob.again().await;
            }
            if matches!(dies, "called" | "both") {
                alice = alice.again().await;
            }
            let mut calls = alice.listen(Admit::Known).await;
            proxy.hold_after(u64::MAX);
            proxy.lead(Some(address(&calls)));
            let (mut caller, mut called) = meet(&bob, &mut calls, proxy.address).await;
            match is_sent_by_caller {
                true => end(&mut caller, &mut called, ids, &theirs).await,
                false => end(&mut called, &mut caller, ids, &theirs).await,
            }
        }
    }
}

/// A call of two who do not know each other yet.
async fn first(bob: &Person, calls: &mut Calls, at: SocketAddr) -> (Side, Side) {
    let (caller, called) = talking(bob, calls, at).await;
    (Side::new(caller), Side::new(called))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_calls_with_one_person_one_hands_files_over_then_the_other() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut alices = alice.listen(Admit::Known).await;
    let mut bobs = bob.listen(Admit::Known).await;
    let at = address(&alices);
    let (first, theirs) = talking(&bob, &mut alices, at).await;
    let (first, mut theirs) = (Side::new(first), Side::new(theirs));
    let (from, to) = (Folder::new(), Folder::new());
    first.offer(&from.file("one", b"one")).await;
    theirs.offered().await;
    let mut called = alice.call(address(&bobs)).await;
    let mut second = incoming(&mut bobs).await;
    tokio::join!(established(&mut called), established(&mut second));
    let (second, mut called) = (Side::new(second), Side::new(called));
    let path = from.file("two", b"two");
    let speaker = second.talk.speaker().clone();
    let offered = tokio::spawn(async move { speaker.offer_file(path).await });
    first.talk.speaker().close().await;
    drop((first, theirs));
    offered.await.unwrap().unwrap();
    for name in ["one", "two"] {
        let told = called.until(|told| match told {
            node::call::Told::File(told) => match &told.what {
                node::call::FileEvent::Offered { name: offered, .. } if offered == name => {
                    Some(told.id)
                }
                _ => None,
            },
            _ => None,
        });
        let id = told.await;
        called.accept(id, &to.path("")).await;
        assert_eq!(called.done(id).await, to.path(name));
    }
}
