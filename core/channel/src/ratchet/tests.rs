use core::time::Duration;

use kernel::Time;
use primitives::Generator;
use wire::v1::Frame;
use wire::{decode, encode};

use super::*;

/// One side of a session, as far as its secrets go.
struct Side {
    sender: Sender,
    receiver: Receiver,
    generator: Generator,
    now: Time,
}

impl Side {
    fn new(role: Role, seed: u8) -> Self {
        let chain = |by: Role| Chain::new(&Secret::new([by.number(); 64]), by);
        Self {
            sender: Sender::new(chain(role), Time::ZERO),
            receiver: Receiver::new(chain(role.other())),
            generator: Generator::new(Secret::new([seed; 32])),
            now: Time::ZERO,
        }
    }

    fn speak(&mut self) -> Vec<u8> {
        let mut frame = Frame::default();
        self.receiver.offer(&mut frame, &mut self.generator);
        let steps = self
            .sender
            .steps(self.now, &mut frame, &mut self.generator)
            .unwrap();
        self.sender.seal(&encode(&frame), &steps)
    }

    fn hear(&mut self, bytes: &[u8]) -> Frame {
        let plain = self.receiver.open(bytes).unwrap();
        let frame = decode(&plain, 65_535).unwrap();
        self.receiver.stepped(&frame).unwrap();
        self.sender.offered(&frame).unwrap();
        frame
    }
}

fn sides() -> (Side, Side) {
    (Side::new(Role::Caller, 1), Side::new(Role::Called, 2))
}

/// Lets both sides speak once, and returns what they sent.
fn round(alice: &mut Side, bob: &mut Side) -> (Vec<u8>, Vec<u8>) {
    let one = alice.speak();
    bob.hear(&one);
    let other = bob.speak();
    alice.hear(&other);
    (one, other)
}

/// Who has learnt all of Alice's secrets, and listens.
struct Thief {
    /// Alice's own direction.
    speaks: Chain,
    hears: Receiver,
}

impl Thief {
    fn of(alice: &Side) -> Self {
        Self {
            speaks: alice.sender.chain.clone(),
            hears: Receiver {
                chain: alice.receiver.chain.clone(),
                light: alice.receiver.light.clone(),
                // None is due for as long as the thief listens here.
                heavy: None,
            },
        }
    }

    /// Whether a frame of Bob's can be read, and followed.
    fn reads(&mut self, bytes: &[u8]) -> bool {
        let Some(plain) = self.hears.open(bytes) else {
            return false;
        };
        let frame: Frame = decode(&plain, 65_535).unwrap();
        // What cannot be followed shows with the next frame.
        let _ = self.hears.stepped(&frame);
        true
    }
}

#[test]
fn whoever_learns_all_secrets_reads_nothing_after_the_second_round_trip() {
    let (mut alice, mut bob) = sides();
    for _ in 0..5 {
        round(&mut alice, &mut bob);
    }
    let mut thief = Thief::of(&alice);
    let read: Vec<_> = (0..6)
        .map(|_| {
            let (ours, theirs) = round(&mut alice, &mut bob);
            (thief.speaks.open(&ours).is_some(), thief.reads(&theirs))
        })
        .collect();
    assert_eq!(read[0], (true, true), "the thief is none");
    assert_eq!(read[2..], [(false, false); 4]);
}

#[test]
fn whoever_learns_all_secrets_reads_nothing_of_before() {
    let (mut alice, mut bob) = sides();
    let mut before = Vec::new();
    for _ in 0..5 {
        before.push(round(&mut alice, &mut bob));
    }
    for (ours, theirs) in &before {
        let mut thief = Thief::of(&alice);
        assert!(thief.speaks.open(ours).is_none() && !thief.reads(theirs));
    }
}

#[test]
fn without_steps_a_thief_would_read_on() {
    // The test above is about steps, then.
    let (mut alice, mut bob) = sides();
    round(&mut alice, &mut bob);
    round(&mut alice, &mut bob);
    let mut thief = Thief::of(&alice);
    // Bob says nothing, so Alice gets no key to step to.
    let first = alice.speak();
    assert!(thief.speaks.open(&first).is_some());
    bob.hear(&first);
    for _ in 0..5 {
        let frame = alice.speak();
        bob.hear(&frame);
    }
    let frames: Vec<_> = (0..3).map(|_| bob.speak()).collect();
    let read = frames.iter().map(|frame| thief.reads(frame));
    assert!(read.filter(|read| *read).count() >= 1);
}

#[test]
fn a_light_step_comes_with_every_turn_and_a_heavy_one_when_it_is_due() {
    let (mut alice, mut bob) = sides();
    let mut steps = [0, 0];
    for number in 0..120 {
        if number == 110 {
            alice.now = Time::ZERO.after(Duration::from_mins(10));
        }
        let bytes = alice.speak();
        let frame = bob.hear(&bytes);
        steps[0] += usize::from(!frame.light_step.is_empty());
        steps[1] += usize::from(!frame.heavy_step.is_empty());
        let bytes = bob.speak();
        alice.hear(&bytes);
    }
    // not with the first frame, when no key was offered yet
    assert_eq!(steps[0], 119);
    // after 50 and 100 frames, and after 10 minutes
    assert_eq!(steps[1], 3);
}

#[test]
fn steps_to_nothing_and_keys_offered_twice_are_refused() {
    let (mut alice, mut bob) = sides();
    let step = Frame {
        light_step: alloc::vec![9; 32],
        ..Frame::default()
    };
    assert!(bob.receiver.stepped(&step).is_none());
    let step = Frame {
        heavy_step: alloc::vec![9; 1120],
        ..Frame::default()
    };
    assert!(bob.receiver.stepped(&step).is_none());
    let bytes = alice.speak();
    let offer = bob.hear(&bytes);
    assert!(bob.sender.offered(&offer).is_none());
}

#[test]
fn a_key_of_low_order_is_refused() {
    let (mut alice, mut bob) = sides();
    let bytes = alice.speak();
    bob.hear(&bytes);
    alice.sender.light = Some([0; 32]);
    let mut frame = Frame::default();
    let steps = alice
        .sender
        .steps(alice.now, &mut frame, &mut alice.generator);
    assert!(steps.is_none());
    let step = Frame {
        light_step: alloc::vec![0; 32],
        ..Frame::default()
    };
    assert!(alice.receiver.stepped(&step).is_none());
}
