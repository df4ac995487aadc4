//! What somebody sends who does not keep to the protocol: refused, counted, and no more.

use proptest::prelude::*;
use transfer::{By, Event, Reason, Stage, Stats, Transfers, Way};
use wire::v1::file_frame::Kind;
use wire::v1::{
    FileAccept, FileChunk, FileComplete, FileDecline, FileDone, FileList, FileOffer, FileWithdraw,
    FileWritten,
};

use crate::world::{World, bytes, frame, id, kind};

fn raw(number: u8) -> Vec<u8> {
    vec![number; 32]
}

fn offer(number: u8, size: u64) -> Kind {
    Kind::Offer(FileOffer {
        id: raw(number),
        name: "name".into(),
        size,
        media_type: String::new(),
    })
}

fn chunk(number: u8, offset: u64, data: &[u8]) -> Kind {
    Kind::Chunk(FileChunk {
        id: raw(number),
        offset,
        data: data.to_vec(),
    })
}

fn complete(number: u8, hash: [u8; 32]) -> Kind {
    Kind::Complete(FileComplete {
        id: raw(number),
        hash: hash.to_vec(),
    })
}

/// Somebody who does not keep to it talks to side 1, which accepts everything.
fn victim() -> World {
    let mut world = World::new();
    world.sides[1].out.clear();
    world
}

/// The answer, if there is one, as its kind.
fn answers(world: &mut World) -> Vec<Kind> {
    world.sides[1]
        .out
        .drain(..)
        .map(|frame| kind(&frame))
        .collect()
}

fn declined(number: u8, reason: u32) -> Kind {
    Kind::Decline(FileDecline {
        id: raw(number),
        reason,
    })
}

fn withdrawn(number: u8, reason: u32) -> Kind {
    Kind::Withdraw(FileWithdraw {
        id: raw(number),
        reason,
    })
}

#[test]
fn a_transfer_ends_where_the_sender_breaks_the_protocol() {
    let big = vec![0; 61_371];
    let breaches: [(&str, &[Kind]); 9] = [
        ("a gap", &[chunk(1, 1, b"x")]),
        ("an overlap", &[chunk(1, 0, b"abc"), chunk(1, 2, b"x")]),
        ("beyond the size", &[chunk(1, 0, &[0; 101])]),
        ("far beyond it", &[chunk(1, u64::MAX, b"x")]),
        (
            "complete too soon",
            &[chunk(1, 0, &[0; 99]), complete(1, [0; 32])],
        ),
        (
            "complete twice",
            &[
                chunk(1, 0, &[0; 100]),
                complete(1, [0; 32]),
                complete(1, [0; 32]),
            ],
        ),
        (
            "after complete",
            &[
                chunk(1, 0, &[0; 100]),
                complete(1, [0; 32]),
                chunk(1, 100, b"x"),
            ],
        ),
        ("a size of its own", &[chunk(1, 0, &big)]),
        ("far behind", &[chunk(1, 0, b"abc"), chunk(1, 0, b"abc")]),
    ];
    for (what, frames) in breaches {
        let mut world = victim();
        // so that a hash is not looked at
        world.sides[1].is_quick = false;
        world.say(1, offer(1, 100));
        assert_eq!(answers(&mut world).len(), 1, "{what}");
        for frame in frames {
            world.say(1, frame.clone());
        }
        assert_eq!(answers(&mut world), [declined(1, 5)], "{what}");
        let failed = Event::Failed {
            way: Way::In,
            id: id(1),
            by: By::Us,
            reason: Reason::Breach,
        };
        assert_eq!(world.sides[1].events.last(), Some(&failed), "{what}");
        assert_eq!(world.sides[1].machine.stats().breaches, 1, "{what}");
        assert_eq!(world.sides[1].stage(Way::In, id(1)), Some(Stage::Over));
        // what follows has no place, and an honest file finds one
        world.say(1, chunk(1, 0, b"x"));
        world.say(1, complete(1, [0; 32]));
        assert_eq!(world.sides[1].machine.stats().misplaced, 2);
        assert!(answers(&mut world).is_empty());
        world.sides[0].offer(2, &bytes(1000));
        world.settle();
        assert!(world.sides[1].has(id(2), &bytes(1000)));
    }
}

#[test]
fn no_byte_is_taken_without_consent() {
    for frame in [chunk(1, 0, b"x"), complete(1, [0; 32])] {
        let mut world = victim();
        world.sides[1].is_eager = false;
        world.say(1, frame.clone());
        assert_eq!(world.sides[1].machine.stats().misplaced, 1);
        world.say(1, offer(1, 1));
        world.say(1, frame);
        assert_eq!(answers(&mut world), [declined(1, 5)]);
        assert!(!world.sides[1].trace.contains(['W', 'S']));
        assert_eq!(world.sides[1].machine.stats().breaches, 1);
        // nor on another connection, before it was said there from where
        world.say(1, offer(2, 1));
        world.sides[1].accept(id(2));
        world.part();
        world.connect();
        world.say(1, chunk(2, 0, b"x"));
        assert!(!world.sides[1].trace.contains('W'));
        assert_eq!(world.sides[1].machine.stats().breaches, 2);
    }
}

#[test]
fn a_wrong_hash_is_no_file() {
    let mut world = victim();
    world.say(1, offer(1, 3));
    world.say(1, chunk(1, 0, b"abc"));
    world.say(1, complete(1, [7; 32]));
    let last = answers(&mut world).pop();
    assert_eq!(last, Some(declined(1, 4)));
    assert!(world.sides[1].disk.placed.is_empty());
    assert!(world.sides[1].disk.partial.is_empty());
    // it is no breach: a file may change
    assert_eq!(world.sides[1].machine.stats(), Stats::default());
}

#[test]
fn another_file_under_the_same_id_is_not_taken() {
    let mut world = victim();
    world.say(1, offer(1, 100));
    world.say(1, chunk(1, 0, b"x"));
    // once more on this connection has no place
    world.say(1, offer(1, 100));
    assert_eq!(world.sides[1].machine.stats().misplaced, 1);
    world.part();
    world.connect();
    world.sides[1].out.clear();
    world.say(1, offer(1, 101));
    assert_eq!(answers(&mut world), [declined(1, 5)]);
    assert_eq!(world.sides[1].machine.stats().breaches, 1);
}

#[test]
fn more_than_may_be_under_way_ends_it() {
    let mut world = victim();
    world.sides[1].is_quick = false;
    world.say(1, offer(1, 10 << 20));
    world.say(1, offer(2, 10 << 20));
    answers(&mut world);
    // both together have as much as they may
    let piece = [0; 1 << 15];
    for number in 0..16_u64 {
        world.say(1, chunk(1, number << 15, &piece));
        world.say(1, chunk(2, number << 15, &piece));
    }
    assert!(answers(&mut world).is_empty());
    world.say(1, chunk(1, 1 << 19, b"x"));
    assert_eq!(answers(&mut world), [declined(1, 5)]);
    // the other goes on
    world.say(1, chunk(2, 1 << 19, b"x"));
    assert!(answers(&mut world).is_empty());
    assert_eq!(world.sides[1].machine.stats().breaches, 1);
}

#[test]
fn a_transfer_ends_where_the_receiver_breaks_the_protocol() {
    let accept = |offset| Kind::Accept(FileAccept { id: raw(1), offset });
    let written = |offset| Kind::Written(FileWritten { id: raw(1), offset });
    let done = Kind::Done(FileDone { id: raw(1) });
    let breaches: [(&str, &[Kind]); 4] = [
        ("from beyond the end", &[accept(3_000_001)]),
        (
            "written what was not sent",
            &[accept(0), written(2_000_000)],
        ),
        ("done before it is", &[accept(0), done]),
        ("from far beyond the end", &[accept(u64::MAX)]),
    ];
    for (what, frames) in breaches {
        let mut world = victim();
        world.sides[1].offer(1, &bytes(3_000_000));
        for frame in frames {
            world.say(1, frame.clone());
        }
        assert_eq!(answers(&mut world).last(), Some(&withdrawn(1, 5)), "{what}");
        assert_eq!(world.sides[1].machine.stats().breaches, 1, "{what}");
        assert!(world.sides[1].disk.records.is_empty(), "{what}");
    }
    // What has no place changes nothing.
    let mut world = victim();
    world.sides[1].offer(1, &bytes(100_000));
    for frame in [
        written(1),
        accept(100_000),
        accept(0),
        written(0),
        written(100_000),
    ] {
        world.say(1, frame);
    }
    let stats = world.sides[1].machine.stats();
    assert_eq!((stats.misplaced, stats.breaches), (4, 0));
}

#[test]
fn a_second_list_is_refused() {
    let mut world = victim();
    // the first came as the connection began
    world.settle();
    world.say(1, offer(1, 100));
    world.say(1, Kind::List(FileList::default()));
    assert_eq!(world.sides[1].machine.stats().misplaced, 1);
    assert_eq!(world.sides[1].stage(Way::In, id(1)), Some(Stage::Accepted));
}

#[test]
fn what_is_no_frame_is_counted() {
    let good = frame(offer(1, 1));
    let mut other = good.clone();
    other[0] = 2;
    let unknown = [1, 0xfa, 0x01, 0];
    let long_name = frame(Kind::Offer(FileOffer {
        id: raw(1),
        name: "n".repeat(256),
        ..FileOffer::default()
    }));
    let no_name = frame(Kind::Offer(FileOffer {
        id: raw(1),
        ..FileOffer::default()
    }));
    let short_id = frame(Kind::Done(FileDone { id: vec![1; 31] }));
    let nothing = frame(chunk(1, 0, b""));
    let list = frame(Kind::List(FileList {
        ids: vec![raw(1); 17],
    }));
    let cases = [
        &[][..],
        &[1],
        &other,
        &unknown,
        &good[..good.len() - 1],
        &long_name,
        &no_name,
        &short_id,
        &nothing,
        &list,
    ];
    let mut world = victim();
    for (count, bytes) in (1..).zip(cases) {
        world.give(1, bytes);
        assert_eq!(
            world.sides[1].machine.stats().malformed,
            count,
            "{bytes:02x?}"
        );
    }
    assert!(answers(&mut world).is_empty());
    assert!(world.sides[1].events.is_empty());
    // nor is anything taken while there is no connection
    let mut alone = Transfers::default();
    alone.handle(&good);
    assert_eq!(alone.poll(), transfer::Output::Wait);
    assert_eq!(alone.stats().misplaced, 1);
}

proptest! {
    #[test]
    fn bytes_of_anyones_do_nothing_worse(
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..40),
        is_frame in any::<bool>(),
    ) {
        let mut world = victim();
        world.sides[1].offer(1, b"hello");
        for mut bytes in frames {
            if is_frame {
                bytes.insert(0, 1);
            }
            world.give(1, &bytes);
        }
        prop_assert!(world.sides[1].disk.placed.is_empty());
    }
}
