//! Programs that die, and connections that break: a file arrives whole, and once.

use proptest::prelude::*;
use transfer::{Stage, Way};

use crate::world::{World, bytes, id};

/// Offers what was not offered, or what a program died over before it was kept.
fn offer(world: &mut World, at: usize, number: u8, file: &[u8]) {
    let side = &mut world.sides[at];
    let is_known = side.disk.records.contains_key(&(Way::Out, id(number)));
    if !is_known && !side.is_dead() {
        side.offer(number, file);
    }
}

fn revive(world: &mut World) {
    for at in 0..2 {
        if world.sides[at].is_dead() {
            world.part();
            world.sides[at].restart();
        }
    }
    if !world.is_connected {
        world.connect();
    }
}

/// One side dies before its `lives`-th output; whether it lived long enough for everything.
fn dies(at: usize, lives: usize, is_quick: bool, size: usize) -> bool {
    let mut world = World::new();
    let file = bytes(size);
    for side in &mut world.sides {
        side.is_quick = is_quick;
    }
    world.sides[at].lives = Some(lives);
    offer(&mut world, 0, 1, &file);
    world.settle();
    let is_alive = !world.sides[at].is_dead();
    world.sides[at].lives = world.sides[at].lives.filter(|_| !is_alive);
    revive(&mut world);
    world.settle();
    // A sender may have died before it kept the offer: then its owner offers again.
    if !world.sides[1].disk.placed.contains_key(&id(1)) {
        assert_eq!(at, 0, "{lives}");
        offer(&mut world, 0, 1, &file);
        world.settle();
    }
    assert!(world.sides[1].has(id(1), &file), "{at} {lives}");
    assert_eq!(world.sides[0].stage(Way::Out, id(1)), None, "{at} {lives}");
    assert_eq!(world.sides[1].stage(Way::In, id(1)), Some(Stage::Over));
    assert!(world.sides[1].disk.partial.is_empty());
    for side in &world.sides {
        assert_eq!(side.machine.stats().breaches, 0);
    }
    is_alive
}

#[test]
fn a_program_may_die_before_anything_that_it_does() {
    for at in 0..2 {
        for is_quick in [true, false] {
            for size in [0, 1, 200_000] {
                let mut lives = 1;
                while !dies(at, lives, is_quick, size) {
                    lives += 1;
                }
                // It did die at each of many places.
                assert!(lives > 5, "{at} {lives}");
            }
        }
    }
}

#[test]
fn a_connection_may_break_after_any_frame() {
    let file = bytes(200_000);
    for carried in 0..40 {
        let mut world = World::new();
        world.sides[0].offer(1, &file);
        for _ in 0..carried {
            let _ = world.carry(0) || world.carry(1);
        }
        world.part();
        // a relay first, then none
        world.most = 61_435;
        world.connect();
        world.settle();
        assert!(world.sides[1].has(id(1), &file), "{carried}");
        assert_eq!(world.sides[0].stage(Way::Out, id(1)), None);
        for side in &world.sides {
            assert_eq!(side.machine.stats().breaches, 0, "{carried}");
        }
    }
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Carry(usize),
    Read(usize),
    Write(usize),
    Part,
    Connect(usize),
    Die(usize),
    DieSoon(usize, usize),
    Offer(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let side = || 0..2_usize;
    prop_oneof![
        12 => side().prop_map(Step::Carry),
        6 => side().prop_map(Step::Read),
        6 => side().prop_map(Step::Write),
        1 => Just(Step::Part),
        2 => (1024..61_435_usize).prop_map(Step::Connect),
        1 => side().prop_map(Step::Die),
        1 => (side(), 1..12_usize).prop_map(|(side, soon)| Step::DieSoon(side, soon)),
        3 => side().prop_map(Step::Offer),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn files_arrive_whole_and_once_whatever_happens(
        sizes in proptest::collection::vec(0..150_000_usize, 4),
        quick in any::<[bool; 2]>(),
        steps in proptest::collection::vec(step(), 0..250),
    ) {
        let mut world = World::apart();
        for (side, is_quick) in world.sides.iter_mut().zip(quick) {
            side.is_quick = is_quick;
        }
        let files: Vec<_> = sizes.into_iter().map(bytes).collect();
        let mut offered = [0_usize; 2];
        for step in steps {
            match step {
                Step::Carry(from) => drop(world.carry(from)),
                Step::Read(at) => drop(world.sides[at].read()),
                Step::Write(at) => drop(world.sides[at].write()),
                Step::Part => world.part(),
                Step::Connect(most) => {
                    world.part();
                    world.most = most;
                    world.connect();
                }
                Step::Die(at) => world.sides[at].lives = Some(0),
                Step::DieSoon(at, soon) => world.sides[at].lives = Some(soon),
                Step::Offer(at) if offered[at] < files.len() => {
                    let number = u8::try_from(offered[at]).unwrap();
                    offer(&mut world, at, number, &files[offered[at]]);
                    let kept = (Way::Out, id(number));
                    offered[at] += usize::from(world.sides[at].disk.records.contains_key(&kept));
                }
                Step::Offer(_) => {}
            }
            for at in 0..2 {
                world.sides[at].drain();
                if world.sides[at].is_dead() {
                    world.part();
                    world.sides[at].restart();
                }
                let waiting = world.sides[at].writes.iter().map(|(_, _, bytes)| bytes.len());
                prop_assert!(waiting.sum::<usize>() <= 2 << 20);
            }
        }
        for side in &mut world.sides {
            side.lives = None;
        }
        revive(&mut world);
        world.settle();
        for (at, offered) in offered.into_iter().enumerate() {
            for (number, file) in files.iter().enumerate().take(offered) {
                let number = id(u8::try_from(number).unwrap());
                prop_assert!(world.sides[1 - at].has(number, file));
                prop_assert_eq!(world.sides[at].stage(Way::Out, number), None);
            }
            prop_assert!(world.sides[at].disk.partial.is_empty());
            prop_assert_eq!(world.sides[at].machine.stats().breaches, 0);
            prop_assert_eq!(world.sides[at].machine.stats().malformed, 0);
        }
    }
}
