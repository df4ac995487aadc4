//! Every bound, at it and one above.

use transfer::{AcceptError, Event, File, Kept, OfferError, Output, Stage, Transfers, Way};
use wire::v1::file_frame::Kind;
use wire::v1::{FileDecline, FileOffer, FileWithdraw};

use crate::world::{World, bytes, id, kind};

fn offer(number: u8) -> Kind {
    Kind::Offer(FileOffer {
        id: vec![number; 32],
        name: "name".into(),
        size: 7,
        media_type: String::new(),
    })
}

fn too_many(number: u8) -> Kind {
    Kind::Decline(FileDecline {
        id: vec![number; 32],
        reason: 2,
    })
}

#[test]
fn sixteen_files_each_way_and_no_more() {
    let mut world = World::new();
    world.sides[1].is_eager = false;
    for number in 0..16 {
        world.sides[0].offer(number, b"hello");
    }
    let file = File::new("x", 1, "");
    let more = world.sides[0]
        .machine
        .offer(id(16), file.clone(), Vec::new());
    assert_eq!(more, Err(OfferError::Full));
    let twice = world.sides[0].machine.offer(id(15), file, Vec::new());
    assert_eq!(twice, Err(OfferError::Known));
    world.settle();
    assert_eq!(world.sides[1].events.len(), 16);
    // somebody who does not count
    world.say(1, offer(16));
    let answer = world.sides[1].out.pop_back().unwrap();
    assert_eq!(kind(&answer), too_many(16));
    assert_eq!(world.sides[1].machine.stats().excess, 1);
    // one less, one more
    world.sides[1].machine.cancel(Way::In, id(3));
    world.sides[1].drain();
    world.settle();
    world.sides[0].offer(16, b"hello");
    world.settle();
    for number in (0..=16).filter(|number| *number != 3) {
        world.sides[1].accept(id(number));
    }
    world.sides[1].drain();
    world.settle();
    for number in 0..=16 {
        assert_eq!(world.sides[1].has(id(number), b"hello"), number != 3);
    }
}

#[test]
fn sixteen_files_at_once_on_the_longest_asides_all_move() {
    let mut world = World::apart();
    world.most = 61_435;
    world.sides[0].is_quick = false;
    world.sides[1].is_quick = false;
    let file = bytes(400_000);
    for number in 0..16 {
        world.sides[0].offer(number, &file);
    }
    world.connect();
    world.settle();
    for number in 0..16 {
        assert!(world.sides[1].has(id(number), &file));
    }
    let longest = world.carried.iter().map(|(_, frame)| frame.len()).max();
    assert!(longest.is_some_and(|longest| (61_371..=61_435).contains(&longest)));
}

#[test]
fn asides_may_be_as_short_as_1024_bytes() {
    for most in [0, 1024] {
        let mut world = World::apart();
        let name = "n".repeat(255);
        let media_type = ["a/", &"b".repeat(125)].concat();
        for number in 0..15 {
            let file = File::new(&name, u64::MAX, &media_type);
            let note = vec![7; Kept::NOTE];
            let offered = world.sides[0].machine.offer(id(number), file, note);
            offered.unwrap();
        }
        world.sides[0].drain();
        world.sides[0].offer(15, &bytes(3000));
        world.most = most;
        world.connect();
        world.most = 1024;
        while world.carry(0) | world.carry(1) {}
        assert!(world.sides[1].has(id(15), &bytes(3000)));
    }
}

#[test]
fn a_note_has_4096_bytes_at_most() {
    let note = |bytes| vec![7; bytes];
    let mut machine = Transfers::default();
    let file = File::new("x", 1, "");
    let offered = machine.offer(id(1), file.clone(), note(4097));
    assert_eq!(offered, Err(OfferError::Note { bytes: 4097 }));
    assert_eq!(machine.poll(), Output::Wait);
    machine.offer(id(1), file, note(4096)).unwrap();
    let Output::Save(kept) = machine.poll() else {
        panic!("nothing is kept");
    };
    assert_eq!(Kept::decode(&kept.to_bytes()), Ok(kept.clone()));
    assert_eq!((kept.note().len(), kept.stage()), (4096, Stage::Offered));
    let accepted = machine.accept(id(2), note(4097));
    assert_eq!(accepted, Err(AcceptError::Note { bytes: 4097 }));
    assert_eq!(machine.accept(id(2), note(1)), Err(AcceptError::NotOffered));
}

#[test]
fn sixty_four_ends_are_remembered() {
    let mut world = World::new();
    for number in 0..70 {
        world.sides[0].offer(number, &[number]);
        world.settle();
    }
    assert_eq!(world.sides[1].disk.records.len(), 64);
    assert_eq!(world.sides[1].stage(Way::In, id(5)), None);
    assert_eq!(world.sides[1].stage(Way::In, id(6)), Some(Stage::Over));
    // also by a program that starts again, which goes on counting
    world.part();
    world.sides[1].restart();
    world.connect();
    world.sides[0].offer(70, b"more");
    world.settle();
    assert_eq!(world.sides[1].disk.records.len(), 64);
    assert_eq!(world.sides[1].stage(Way::In, id(6)), None);
    assert_eq!(world.sides[1].stage(Way::In, id(70)), Some(Stage::Over));
}

#[test]
fn sixty_four_offers_may_be_withdrawn_on_a_connection() {
    let mut world = World::new();
    world.settle();
    world.sides[1].is_eager = false;
    for number in 0..64 {
        world.say(1, offer(number));
        world.say(
            1,
            Kind::Withdraw(FileWithdraw {
                id: vec![number; 32],
                reason: 1,
            }),
        );
    }
    assert_eq!(world.sides[1].events.len(), 128);
    world.sides[1].out.clear();
    world.say(1, offer(64));
    assert_eq!(kind(&world.sides[1].out[0]), too_many(64));
    assert_eq!(world.sides[1].events.len(), 128);
    world.part();
    world.connect();
    world.say(1, offer(64));
    assert!(matches!(
        world.sides[1].events.last(),
        Some(Event::Offered { .. })
    ));
}
