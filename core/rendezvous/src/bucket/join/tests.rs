use alloc::vec::Vec;

use super::*;
use crate::bucket::server::Secret;
use crate::bucket::{Entry, Id, LinkId, LinkKey};

const START: u64 = 1_795_219_200;

fn at(ms: u64) -> Time {
    id().opened().after(Duration::from_millis(ms))
}

fn id() -> Id {
    Id::new(START, 0)
}

fn words(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn line() -> Line {
    Line::new(Host::typed("meet.example").unwrap(), id().hash())
}

fn link() -> Link {
    let host = Host::typed("msg.example:443").unwrap();
    Link::new(host, LinkId::new([1; 24]), LinkKey::new([2; 32]))
}

fn key(text: &str) -> EntryKey {
    EntryKey::derive(&words(text), line().host()).unwrap()
}

fn answer(entries: &[Entry]) -> Vec<u8> {
    Secret::new([5; 32])
        .answer(&id().hash(), entries)
        .into_bytes()
}

/// A joiner whose two first outputs are taken: a passphrase to stretch, and a fetch.
fn joiner(text: &str) -> (Join, Circuit) {
    let mut join = Join::new(Config::default(), line(), words(text), at(0));
    assert!(matches!(join.poll(), Output::Stretch(_)));
    let circuit = fetch(&mut join);
    (join, circuit)
}

fn fetch(join: &mut Join) -> Circuit {
    match join.poll() {
        Output::Fetch { at, hash, circuit } => {
            assert_eq!((&at, hash), (line().host(), id().hash()));
            circuit
        }
        other => panic!("{other:?}"),
    }
}

fn told(join: &mut Join) -> Event {
    match join.poll() {
        Output::Tell(event) => event,
        other => panic!("{other:?}"),
    }
}

fn failed(join: &mut Join) -> &'static str {
    let name = match told(join) {
        Event::Failed(failure) => failure.name(),
        other => panic!("{other:?}"),
    };
    assert!(matches!(join.poll(), Output::Wait(None)));
    // and it stays over
    join.handle(at(9), Input::Fetched(Ok(&answer(&[]))));
    assert!(matches!(join.poll(), Output::Wait(None)));
    name
}

#[test]
fn finds_the_link_whichever_comes_first() {
    let entry = key("right").seal(&link(), [4; 24]);
    let bucket = answer(&[entry]);
    for key_first in [true, false] {
        let (mut join, _) = joiner("right");
        for is_key in [key_first, !key_first] {
            assert!(matches!(join.poll(), Output::Wait(None)));
            match is_key {
                true => join.handle(at(1), Input::Stretched(Ok(key("right")))),
                false => join.handle(at(1), Input::Fetched(Ok(&bucket))),
            }
        }
        assert_eq!(told(&mut join), Event::Found(link()));
        assert!(matches!(join.poll(), Output::Wait(None)));
    }
}

#[test]
fn the_work_it_asks_for_gives_its_key() {
    let mut join = Join::new(Config::default(), line(), words("right"), at(0));
    let Output::Stretch(stretching) = join.poll() else {
        panic!("no work");
    };
    let _ = fetch(&mut join);
    let entry = key("right").seal(&link(), [4; 24]);
    join.handle(at(1), Input::Stretched(stretching.run()));
    join.handle(at(1), Input::Fetched(Ok(&answer(&[entry]))));
    assert_eq!(told(&mut join), Event::Found(link()));
}

#[test]
fn wrong_words_are_told_from_no_bucket() {
    let entry = key("right").seal(&link(), [4; 24]);
    let (mut join, _) = joiner("wrong");
    join.handle(at(1), Input::Stretched(Ok(key("wrong"))));
    join.handle(at(1), Input::Fetched(Ok(&answer(&[entry]))));
    assert_eq!(failed(&mut join), "no_invitation");

    let (mut join, _) = joiner("right");
    join.handle(at(1), Input::Fetched(Ok(&answer(&[]))));
    assert_eq!(failed(&mut join), "no_such_bucket");
}

#[test]
fn answers_that_are_no_bucket_are_refused() {
    for bad in [&[][..], &[1; 16_384], &[1; 16_386], &[0; 16_385]] {
        let (mut join, _) = joiner("right");
        join.handle(at(1), Input::Fetched(Ok(bad)));
        assert_eq!(failed(&mut join), "bucket_malformed");
    }
}

#[test]
fn a_request_is_made_again_over_another_connection() {
    let (mut join, first) = joiner("right");
    let mut circuits = alloc::vec![first];
    let mut now = 0;
    for pause in [1_000, 2_000, 4_000] {
        join.handle(at(now), Input::Fetched(Err(Trouble::Away)));
        now += pause;
        assert_eq!(told(&mut join), Event::Again(at(now)));
        assert!(matches!(join.poll(), Output::Wait(Some(until)) if until == at(now)));
        join.handle(at(now - 1), Input::Tick);
        assert!(matches!(join.poll(), Output::Wait(Some(_))));
        join.handle(at(now), Input::Tick);
        circuits.push(fetch(&mut join));
    }
    circuits.sort();
    circuits.dedup();
    assert_eq!(circuits.len(), 4);
    join.handle(at(now), Input::Fetched(Err(Trouble::Away)));
    assert_eq!(failed(&mut join), "away");
}

#[test]
fn a_busy_or_unwilling_server_is_named() {
    let retry = Some(Duration::from_secs(61));
    for (trouble, name) in [
        (Trouble::Busy { retry }, "busy"),
        (Trouble::Declined, "declined"),
    ] {
        let (mut join, _) = joiner("right");
        join.handle(at(1), Input::Fetched(Err(trouble)));
        assert_eq!(failed(&mut join), name);
    }
    let (mut join, _) = joiner("right");
    join.handle(at(1), Input::Stretched(Err(KeyError::Memory)));
    assert_eq!(failed(&mut join), "memory");
}
