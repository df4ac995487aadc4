//! Files that arrive, and files that do not.

use transfer::{By, Event, File, Id, Reason, Stage, Stats, Way};

use wire::v1::file_frame::Kind;

use crate::world::{Side, World, bytes, id, kind};

/// Of these, the last way and count of progress.
fn progress(events: &[Event], of_way: Way) -> Option<(u64, u64)> {
    events.iter().rev().find_map(|event| match event {
        Event::Progress { way, done, of, .. } if *way == of_way => Some((*done, *of)),
        _ => None,
    })
}

fn failed(side: &Side) -> Option<(Way, Id, By, Reason)> {
    match side.events.last() {
        Some(Event::Failed {
            way,
            id,
            by,
            reason,
        }) => Some((*way, *id, *by, *reason)),
        _ => None,
    }
}

#[test]
fn files_of_all_lengths_go_both_ways_at_once() {
    let chunk = 30_000 - 64;
    let lengths = [
        0,
        1,
        chunk - 1,
        chunk,
        chunk + 1,
        2 * chunk,
        1 << 20,
        3_000_000,
    ];
    let mut world = World::new();
    let files: Vec<_> = lengths.map(bytes).into();
    for side in &mut world.sides {
        for (number, file) in (0..).zip(&files) {
            side.offer(number, file);
        }
    }
    world.settle();
    for side in &world.sides {
        for (number, file) in (0..).zip(&files) {
            assert!(side.has(id(number), file), "{} bytes", file.len());
            assert_eq!(side.stage(Way::In, id(number)), Some(Stage::Over));
            assert_eq!(side.stage(Way::Out, id(number)), None);
            for way in [Way::In, Way::Out] {
                let done = Event::Done {
                    way,
                    id: id(number),
                };
                assert_eq!(
                    side.events.iter().filter(|event| **event == done).count(),
                    1
                );
            }
        }
        assert_eq!(side.machine.stats(), Stats::default());
        let all = Some((3_000_000, 3_000_000));
        assert_eq!(progress(&side.events, Way::In), all);
        assert_eq!(progress(&side.events, Way::Out), all);
    }
}

#[test]
fn an_offer_waits_and_nothing_is_kept_or_sent_before_it_is_accepted() {
    let mut world = World::new();
    world.sides[1].is_eager = false;
    let file = bytes(100_000);
    let one = world.sides[0].offer(1, &file);
    world.settle();
    let said = File::new("file 1", 100_000, "text/plain");
    let offered = Event::Offered {
        id: one,
        file: said,
    };
    assert_eq!(world.sides[1].events, [offered]);
    assert!(world.sides[1].disk.records.is_empty());
    assert!(!world.sides[0].trace.contains('R'));
    // on another connection it is not asked about again
    world.part();
    world.connect();
    world.settle();
    assert_eq!(world.sides[1].events.len(), 1);
    world.sides[1].accept(one);
    world.sides[1].drain();
    world.settle();
    assert!(world.sides[1].has(one, &file));
    // kept before it is said
    let trace = &world.sides[1].trace;
    assert!(trace.contains("S>W"), "{trace}");
    assert!(trace.ends_with("S>TS"), "{trace}");
    let trace = &world.sides[0].trace;
    assert!(trace.starts_with(">S>"), "{trace}");
    assert!(trace.ends_with("TF"), "{trace}");
}

#[test]
fn one_may_be_accepted_while_nobody_is_there() {
    let mut world = World::new();
    world.sides[1].is_eager = false;
    let one = world.sides[0].offer(1, b"hello");
    world.settle();
    world.part();
    world.sides[1].accept(one);
    world.sides[1].drain();
    world.connect();
    world.settle();
    assert!(world.sides[1].has(one, b"hello"));
}

#[test]
fn whoever_does_not_want_a_file_is_not_asked_again() {
    let mut world = World::new();
    world.sides[1].is_eager = false;
    let one = world.sides[0].offer(1, b"hello");
    world.settle();
    world.sides[1].machine.cancel(Way::In, one);
    world.sides[1].drain();
    // what was said is lost
    world.part();
    world.sides[1].restart();
    world.connect();
    world.settle();
    assert_eq!(world.sides[0].events, [Event::Declined { id: one }]);
    assert!(world.sides[0].disk.records.is_empty());
    assert_eq!(world.sides[1].events.len(), 1);
    assert_eq!(world.sides[1].stage(Way::In, one), Some(Stage::Over));
}

#[test]
fn either_side_may_end_it_at_any_time() {
    for way in [Way::In, Way::Out] {
        for frames in 0..40 {
            let mut world = World::new();
            world.sides[0].offer(1, &bytes(500_000));
            for _ in 0..frames {
                let _ = world.carry(0) | world.carry(1);
            }
            let at = usize::from(way == Way::In);
            let had = world.sides[at].stage(way, id(1));
            world.sides[at].machine.cancel(way, id(1));
            world.sides[at].drain();
            world.settle();
            let [sender, receiver] = &world.sides;
            assert_eq!(sender.stage(Way::Out, id(1)), None);
            let is_there = receiver.has(id(1), &bytes(500_000));
            assert!(!is_there || at == 0 || had != Some(Stage::Accepted));
            if matches!(had, Some(Stage::Offered | Stage::Accepted)) && !is_there {
                assert!(receiver.disk.placed.is_empty());
                let other = failed(&world.sides[1 - at]);
                // Nobody is told whom it was not offered to yet.
                let reason = Reason::Unwanted;
                let is_told = other.is_some_and(|(_, _, by, why)| (by, why) == (By::Them, reason));
                assert!(is_told || receiver.events.is_empty(), "{other:?}");
            }
            for side in &world.sides {
                assert_eq!(
                    (
                        side.machine.stats().breaches,
                        side.machine.stats().malformed
                    ),
                    (0, 0)
                );
            }
            // and another goes its way
            world.sides[0].offer(2, &bytes(70_000));
            world.settle();
            assert!(world.sides[1].has(id(2), &bytes(70_000)));
        }
    }
}

#[test]
fn what_ended_while_nobody_was_there_is_over_for_both() {
    for way in [Way::In, Way::Out] {
        let mut world = World::new();
        world.sides[0].offer(1, &bytes(500_000));
        for _ in 0..6 {
            let _ = world.carry(0) | world.carry(1);
        }
        assert_eq!(world.sides[1].stage(Way::In, id(1)), Some(Stage::Accepted));
        world.part();
        let at = usize::from(way == Way::In);
        world.sides[at].machine.cancel(way, id(1));
        world.sides[at].drain();
        world.connect();
        world.settle();
        assert_eq!(world.sides[0].stage(Way::Out, id(1)), None);
        let (_, _, by, reason) = failed(&world.sides[1 - at])
            .or_else(|| {
                let declined = Event::Declined { id: id(1) };
                (world.sides[0].events.last() == Some(&declined)).then_some((
                    Way::Out,
                    id(1),
                    By::Them,
                    Reason::Unwanted,
                ))
            })
            .unwrap();
        assert_eq!((by, reason), (By::Them, Reason::Unwanted));
        let kept = (way == Way::In).then_some(Stage::Over);
        assert_eq!(world.sides[1].stage(Way::In, id(1)), kept);
    }
}

/// Some of a file of 500,000 bytes has come when the connection is lost, and the sender has read more.
fn interrupted() -> World {
    let mut world = World::new();
    world.sides[0].offer(1, &bytes(500_000));
    let there = |world: &World| world.sides[1].disk.partial.get(&id(1)).map_or(0, Vec::len);
    while there(&world) < 60_000 {
        assert!(world.carry(0) | world.carry(1));
    }
    world.part();
    assert!(there(&world) < 200_000);
    world
}

#[test]
fn a_file_that_changes_on_its_way_is_not_taken() {
    let first: fn(&mut Vec<u8>) = |file| file[0] ^= 1;
    let last: fn(&mut Vec<u8>) = |file| file[499_999] ^= 1;
    let end: fn(&mut Vec<u8>) = |file| file.truncate(400_000);
    // whether the sender starts again, what changes, who finds it
    for (restarts, change, by) in [
        (true, first, By::Them),
        (false, last, By::Them),
        (true, end, By::Us),
        (false, end, By::Us),
    ] {
        let mut world = interrupted();
        if restarts {
            world.sides[0].restart();
        }
        change(world.sides[0].disk.files.get_mut(&vec![1]).unwrap());
        world.connect();
        world.settle();
        let ours = failed(&world.sides[0]).unwrap();
        let theirs = failed(&world.sides[1]).unwrap();
        assert_eq!((ours.2, ours.3), (by, Reason::Changed));
        assert_eq!(theirs.3, Reason::Changed);
        assert!(world.sides[1].disk.placed.is_empty());
        assert!(world.sides[1].disk.partial.is_empty());
        // and what is offered anew arrives
        let file = world.sides[0].disk.files[&vec![1]].clone();
        world.sides[0].offer(2, &file);
        world.settle();
        assert!(world.sides[1].has(id(2), &file));
    }
}

#[test]
fn a_file_that_changes_where_nobody_has_read_it_arrives_as_it_is_now() {
    let mut world = interrupted();
    world.sides[0].restart();
    world.sides[0].disk.files.get_mut(&vec![1]).unwrap()[499_999] ^= 1;
    world.connect();
    world.settle();
    let file = world.sides[0].disk.files[&vec![1]].clone();
    assert!(world.sides[1].has(id(1), &file));
}

#[test]
fn a_partial_file_that_is_shorter_than_it_was_goes_on_from_there() {
    for left in [0, 1, 29_936, 50_000] {
        let mut world = interrupted();
        world.sides[1]
            .disk
            .partial
            .get_mut(&id(1))
            .unwrap()
            .truncate(left);
        world.sides[1].restart();
        world.connect();
        world.settle();
        assert!(world.sides[1].has(id(1), &bytes(500_000)));
        let again = Event::Accepted {
            id: id(1),
            offset: left as u64,
        };
        assert_eq!(
            world.sides[0]
                .events
                .iter()
                .filter(|event| **event == again)
                .count(),
            1 + usize::from(left == 0)
        );
    }
}

#[test]
fn two_versions_are_never_mixed_into_one_file() {
    // The sender has read all of it once; then a connection is lost, and the file changes.
    let mut world = World::new();
    world.sides[0].offer(1, &bytes(300_000));
    while world.sides[0].trace.matches('R').count() < 8 {
        assert!(world.carry(0) | world.carry(1));
    }
    world.part();
    let file = world.sides[0].disk.files.get_mut(&vec![1]).unwrap();
    file[290_000] ^= 1;
    world.connect();
    world.settle();
    let (_, _, by, reason) = failed(&world.sides[0]).unwrap();
    assert_eq!((by, reason), (By::Them, Reason::Changed));
    assert!(world.sides[1].disk.placed.is_empty());
}

#[test]
fn a_disk_that_fails_ends_the_transfer_and_nothing_else() {
    for way in [Way::In, Way::Out] {
        let mut world = World::new();
        world.sides[0].offer(1, &bytes(3_000_000));
        world.sides[0].offer(2, &bytes(500_000));
        for _ in 0..8 {
            let _ = world.carry(0) | world.carry(1);
        }
        let at = usize::from(way == Way::In);
        world.sides[at].machine.failed(way, id(1));
        world.sides[at].drain();
        let here = failed(&world.sides[at]);
        assert_eq!(here, Some((way, id(1), By::Us, Reason::Disk)));
        world.settle();
        let told = Event::Failed {
            way: if way == Way::In { Way::Out } else { Way::In },
            id: id(1),
            by: By::Them,
            reason: Reason::Disk,
        };
        assert!(world.sides[1 - at].events.contains(&told));
        assert!(!world.sides[1].has(id(1), &bytes(3_000_000)));
        assert!(world.sides[1].has(id(2), &bytes(500_000)));
    }
}

#[test]
fn files_take_turns() {
    let mut world = World::new();
    world.sides[0].is_quick = false;
    for number in 1..=4 {
        world.sides[0].offer(number, &bytes(400_000));
    }
    while world.carry(0) | world.carry(1) {}
    world.settle();
    let chunk = |(_, frame): &(usize, Vec<u8>)| match kind(frame) {
        Kind::Chunk(chunk) => Some(chunk.id[0]),
        _ => None,
    };
    let chunks: Vec<u8> = world.carried.iter().filter_map(chunk).collect();
    assert_eq!(chunks.len(), 4 * 14);
    for four in chunks.chunks(4) {
        let mut four = four.to_vec();
        four.sort_unstable();
        assert_eq!(four, [1, 2, 3, 4]);
    }
}

#[test]
fn a_slow_disk_holds_back_the_sender() {
    let mut world = World::new();
    world.sides[1].is_quick = false;
    world.sides[0].offer(1, &bytes(3_000_000));
    while world.carry(0) | world.carry(1) {}
    let waiting: usize = world.sides[1]
        .writes
        .iter()
        .map(|(_, _, bytes)| bytes.len())
        .sum();
    assert!(
        waiting <= 1 << 20 && waiting > (1 << 20) - 30_000,
        "{waiting}"
    );
    world.settle();
    assert!(world.sides[1].has(id(1), &bytes(3_000_000)));
}

#[test]
fn what_a_lost_connection_left_is_not_sent_on_the_next() {
    let mut world = World::new();
    world.sides[0]
        .machine
        .offer(id(1), File::new("x", 5, ""), vec![1])
        .unwrap();
    world.sides[0].disk.files.insert(vec![1], b"hello".to_vec());
    world.sides[0].machine.lost();
    world.sides[1].machine.lost();
    world.sides[0].drain();
    assert!(!world.sides[0].trace.ends_with('>'));
    world.connect();
    world.settle();
    assert!(world.sides[1].has(id(1), b"hello"));
}
