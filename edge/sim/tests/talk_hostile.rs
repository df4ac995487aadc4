//! What somebody between two devices, or at their door, can do: frames of earlier connections, frames
//! that are cut, altered or made up, introductions of before.
//!
//! A failing seed is printed; `SIM_SEED=n` runs it alone, `SIM_SEEDS=n` runs more of them.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test from end to end"
)]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use channel::{
    Answered, Channel, Config, End, Event, Input, Mode, Offered, Output, Resumption, Tunnel,
};
use identity::IdentityKey;
use kernel::{Kind, Time};
use primitives::{Generator, Secret};
use prost::Message as _;
use sim::{Rng, failing_seeds};
use wire::kamune::{Introduce, SignedTransport};

const START: Time = Time::from_ms(1_800_000_000_000);

/// One side of a connection.
struct Side {
    channel: Channel,
    out: VecDeque<Vec<u8>>,
    events: Vec<Event>,
    saved: Option<Resumption>,
    shelf: Option<Resumption>,
}

/// A caller and a called side.
struct Two {
    sides: [Side; 2],
    /// What was carried, by side.
    carried: [Vec<Vec<u8>>; 2],
}

fn config(mode: Mode) -> Config {
    let mut config = Config::new("somebody".parse().unwrap());
    config.mode = mode;
    config
}

impl Two {
    fn new(mode: Mode, kept: [Option<Resumption>; 2], rng: &mut Rng) -> Self {
        let key = |n| Arc::new(IdentityKey::from_seeds(&Secret::new([n; 32]), None));
        let mut seed = || Secret::new(rng.bytes(32).try_into().unwrap());
        let [caller, shelf] = kept;
        let dial = Channel::dial(START, config(mode), key(1), caller, seed());
        let answer = Channel::answer(START, config(mode), key(2), seed());
        let side = |channel, shelf| Side {
            channel,
            out: VecDeque::new(),
            events: Vec::new(),
            saved: None,
            shelf,
        };
        let mut two = Self {
            sides: [side(dial, None), side(answer, shelf)],
            carried: [Vec::new(), Vec::new()],
        };
        two.sides.iter_mut().for_each(Side::drain);
        two
    }

    /// Carries the next frame of one side, as `alter` has it.
    fn carry(&mut self, from: usize, alter: impl FnOnce(&mut Vec<u8>)) -> bool {
        let Some(mut frame) = self.sides[from].out.pop_front() else {
            return false;
        };
        alter(&mut frame);
        self.sides[1 - from].hear(&frame);
        self.carried[from].push(frame);
        true
    }

    /// Carries up to so many frames.
    fn run(&mut self, frames: u64) {
        for _ in 0..frames {
            if !self.carry(0, |_| {}) && !self.carry(1, |_| {}) {
                return;
            }
        }
    }
}

impl Side {
    fn drain(&mut self) {
        loop {
            match self.channel.poll() {
                Output::Save(record) => self.saved = Some(record),
                Output::Send(frame) => self.out.push_back(frame),
                Output::Tell(Event::Introduced(peer)) => {
                    self.events.push(Event::Introduced(peer));
                    self.channel.accept(START);
                }
                Output::Tell(Event::Resuming(session)) => {
                    self.events.push(Event::Resuming(session));
                    self.channel.resume(START, self.shelf.clone());
                }
                Output::Tell(event) => self.events.push(event),
                Output::Close => {}
                Output::Wait(_) => return,
            }
        }
    }

    fn hear(&mut self, frame: &[u8]) {
        self.channel.handle(START, Input::Frame(frame));
        self.drain();
    }

    fn end(&self) -> Option<End> {
        match self.events.last() {
            Some(Event::Ended(end)) => Some(*end),
            _ => None,
        }
    }

    fn has_session(&self) -> bool {
        let is_it = |event: &Event| matches!(event, Event::Established { .. });
        self.events.iter().any(is_it)
    }
}

/// Connections of before: cold and resumed, of both modes, with what each side said and kept.
struct Before {
    said: Vec<[Vec<Vec<u8>>; 2]>,
    kept: [Option<Resumption>; 2],
}

fn before() -> Before {
    let mut rng = Rng::new(99);
    let mut said = Vec::new();
    let mut talk = |mode| {
        let mut kept = [None, None];
        for _ in 0..2 {
            let mut two = Two::new(mode, kept, &mut rng);
            two.run(u64::MAX);
            assert!(two.sides.iter().all(Side::has_session));
            kept = two.sides.map(|side| side.saved);
            said.push(two.carried);
        }
        kept
    };
    let _kamune = talk(Mode::Kamune);
    let kept = talk(Mode::Ours);
    Before { said, kept }
}

#[derive(Default)]
struct Counts(Mutex<BTreeMap<String, u64>>);

impl Counts {
    fn add(&self, end: Option<End>) {
        let end = end.map_or_else(String::new, |end| format!("{end:?}"));
        *self.0.lock().unwrap().entry(end).or_default() += 1;
    }

    fn of(&self, end: &str) -> u64 {
        self.0.lock().unwrap().get(end).copied().unwrap_or_default()
    }
}

fn none_fails(failures: &[String]) {
    assert!(
        failures.is_empty(),
        "{}: {:?}",
        failures.len(),
        &failures[0]
    );
}

fn refused(side: &Side) -> Result<(), String> {
    match side.end() {
        Some(end) if end.kind() == Kind::PeerMisbehaved => Ok(()),
        other => Err(format!("it ended with {other:?}")),
    }
}

#[test]
fn frames_of_earlier_connections_are_refused_wherever_they_come() {
    let (before, counts) = (before(), Counts::default());
    let failures = failing_seeds(1000, |seed| {
        let mut rng = Rng::new(seed);
        let kept = match rng.below(2) {
            0 => [None, None],
            _ => before.kept.clone(),
        };
        let mut two = Two::new(Mode::Ours, kept, &mut rng);
        two.run(rng.below(13));
        let to = usize::try_from(rng.below(2)).unwrap();
        let earlier = &before.said[usize::try_from(rng.below(4)).unwrap()];
        let frames = &earlier[1 - to];
        let place = usize::try_from(rng.below(frames.len() as u64)).unwrap();
        let side = &mut two.sides[to];
        let told = side.events.len();
        // From that place on, all that was said then; the first frame of a caller begins something.
        for frame in frames.iter().skip(place) {
            side.hear(frame);
        }
        counts.add(side.end());
        // Where a whole exchange is repeated, what follows it does not open.
        let is_all = side.end().is_none() && place + 1 == frames.len();
        if !is_all {
            refused(side)?;
        }
        match side.events.len() - told {
            0 | 1 => Ok(()),
            _ => Err(format!("it was told {:?}", &side.events[told..])),
        }
    });
    none_fails(&failures);
    for end in ["Malformed", "Forged"] {
        assert!(counts.of(end) > 50, "{end}: {}", counts.of(end));
    }
}

#[test]
fn whoever_repeats_all_that_a_caller_said_gets_nowhere_and_costs_no_token() {
    let before = before();
    for (number, earlier) in before.said.iter().enumerate() {
        let mut rng = Rng::new(7);
        let mut two = Two::new(Mode::Ours, before.kept.clone(), &mut rng);
        let called = &mut two.sides[1];
        for frame in &earlier[0] {
            called.hear(frame);
        }
        assert!(refused(called).is_ok(), "{number}: {:?}", called.end());
        assert_eq!(called.events.len(), 1, "{number}");
        assert_eq!(called.saved, None, "{number}");
    }
}

/// A frame that may be anything, most often almost right.
fn hostile(frame: &mut Vec<u8>, rng: &mut Rng) {
    let length = rng.below(frame.len() as u64 + 1);
    let place = usize::try_from(length).unwrap().min(frame.len() - 1);
    match rng.below(8) {
        0 => frame.clear(),
        1 => frame.truncate(place),
        2 => *frame = rng.bytes(place),
        3 => *frame = rng.bytes(65_535),
        4 => frame.push(0),
        5 => {
            // A key of low order at the end.
            let from = frame.len().saturating_sub(32);
            frame[from..].fill(0);
        }
        _ => frame[place] ^= 1 << rng.below(8),
    }
}

#[test]
fn cut_altered_and_invented_frames_are_refused_by_kind_and_establish_nothing() {
    let (before, counts) = (before(), Counts::default());
    let failures = failing_seeds(1000, |seed| {
        let mut rng = Rng::new(seed);
        let mode = [Mode::Kamune, Mode::Ours][usize::try_from(rng.below(2)).unwrap()];
        let kept = match (mode, rng.below(2)) {
            (Mode::Ours, 1) => before.kept.clone(),
            _ => [None, None],
        };
        let mut two = Two::new(mode, kept, &mut rng);
        two.run(rng.below(12));
        let from = usize::from(two.sides[0].out.is_empty());
        let mut is_same = false;
        let has_any = two.carry(from, |frame| {
            let good = frame.clone();
            hostile(frame, &mut rng);
            is_same = *frame == good;
        });
        if is_same || !has_any {
            return Ok(());
        }
        let had = two.sides.each_ref().map(Side::has_session);
        two.run(u64::MAX);
        for (side, had) in two.sides.iter().zip(had) {
            counts.add(side.end());
            if side.end().is_some() {
                refused(side)?;
            }
            // Only the last frame that makes a session may have been on its way already.
            let is_new = side.has_session() && !had;
            if is_new && two.sides.iter().all(Side::has_session) {
                return Err("both have a session all the same".to_owned());
            }
        }
        match two.sides.iter().any(|side| side.end().is_some()) {
            true => Ok(()),
            false => Err("nobody noticed".to_owned()),
        }
    });
    none_fails(&failures);
    for end in ["Malformed", "Forged"] {
        assert!(counts.of(end) > 50, "{end}: {}", counts.of(end));
    }
}

/// Somebody who runs a tunnel with each of two.
struct Between([Tunnel; 2]);

impl Between {
    fn of(two: &mut Two, rng: &mut Rng) -> Self {
        let mut generator = Generator::new(Secret::new(rng.bytes(32).try_into().unwrap()));
        let [caller, called] = &mut two.sides;
        let first = caller.out.pop_front().unwrap();
        let (answered, second) = Answered::new(&first, &mut generator).unwrap();
        caller.hear(&second);
        let with_caller = answered.finished(&caller.out.pop_front().unwrap()).unwrap();
        let (offered, first) = Offered::new(&mut generator);
        called.hear(&first);
        let second = called.out.pop_front().unwrap();
        let (with_called, third) = offered.answered(&second, &mut generator).unwrap();
        called.hear(&third);
        Self([with_caller, with_called])
    }

    fn carry(&mut self, two: &mut Two, from: usize, alter: impl FnOnce(&mut Vec<u8>)) -> bool {
        let Some(frame) = two.sides[from].out.pop_front() else {
            return false;
        };
        let Ok(mut plain) = self.0[from].open(&frame) else {
            return false;
        };
        alter(&mut plain);
        let frame = self.0[1 - from].seal(&plain).unwrap();
        two.sides[1 - from].hear(&frame);
        true
    }
}

/// What each of the two said when they introduced themselves in `mode`.
fn introductions(mode: Mode) -> [Vec<u8>; 2] {
    let mut rng = Rng::new(3);
    let mut two = Two::new(mode, [None, None], &mut rng);
    let mut between = Between::of(&mut two, &mut rng);
    [0, 1].map(|from| {
        let mut said = Vec::new();
        assert!(between.carry(&mut two, from, |plain| said.clone_from(plain)));
        said
    })
}

fn strip(plain: &mut Vec<u8>) {
    let mut envelope = SignedTransport::decode(&plain[..]).unwrap();
    if let Ok(mut said) = Introduce::decode(&envelope.data[..]) {
        said.ours.clear();
        envelope.data = said.encode_to_vec();
    }
    *plain = envelope.encode_to_vec();
}

#[test]
fn nobody_in_between_makes_two_of_ours_speak_less_or_hears_them() {
    let (kamune, ours) = (introductions(Mode::Kamune), introductions(Mode::Ours));
    let counts = Counts::default();
    let failures = failing_seeds(300, |seed| {
        let mut rng = Rng::new(seed);
        let mut two = Two::new(Mode::Ours, [None, None], &mut rng);
        let mut between = Between::of(&mut two, &mut rng);
        // What is done to the first frame of each, in the tunnel: it is let through, another of before is
        // put in its place, or the offer is cut out of it.
        let acts = [rng.below(4), rng.below(4)];
        let mut frames = [0, 0];
        loop {
            let mut moved = false;
            for from in [0, 1] {
                let is_first = frames[from] == 0;
                let carried = between.carry(&mut two, from, |plain| match acts[from] {
                    1 if is_first => plain.clone_from(&kamune[from]),
                    2 if is_first => plain.clone_from(&ours[from]),
                    3 if is_first => strip(plain),
                    _ => {}
                });
                frames[from] += usize::from(carried);
                moved |= carried;
            }
            if !moved {
                break;
            }
        }
        for side in &two.sides {
            counts.add(side.end());
            if side.has_session() {
                return Err(format!("there is a session: {acts:?}"));
            }
            if side.saved.is_some() {
                return Err(format!("something was kept: {acts:?}"));
            }
        }
        match two.sides.iter().filter_map(Side::end).next() {
            Some(End::Forged) => Ok(()),
            other => Err(format!("it ended with {other:?}: {acts:?}")),
        }
    });
    none_fails(&failures);
    assert!(counts.of("Forged") >= 300);
}

/// What is in a frame, with lengths that point far beyond it, or anything else.
fn nonsense(plain: &mut Vec<u8>, rng: &mut Rng) {
    let place = usize::try_from(rng.below(plain.len() as u64)).unwrap();
    // a length of almost 2^63, and one of 2^28
    let lengths = [[0xff; 8].as_slice(), &[0xff, 0xff, 0xff, 0x7f]];
    match rng.below(5) {
        0 => *plain = [&[0x0a], lengths[0], &[0x7f]].concat(),
        1 => *plain = [&[0x12], lengths[1], &plain[..]].concat(),
        2 => *plain = rng.bytes(65_000),
        3 => plain.truncate(place),
        // More fields that nobody knows than anybody reads.
        _ => plain.extend([0xfa, 0x01, 0x00].repeat(17)),
    }
}

#[test]
fn a_peer_who_says_nonsense_inside_its_tunnel_is_refused_before_anybody_is_asked() {
    let counts = Counts::default();
    let failures = failing_seeds(300, |seed| {
        let mut rng = Rng::new(seed);
        let mut two = Two::new(Mode::Ours, [None, None], &mut rng);
        let mut between = Between::of(&mut two, &mut rng);
        let from = usize::try_from(rng.below(2)).unwrap();
        if from == 1 {
            between.carry(&mut two, 0, |_| {});
        }
        between.carry(&mut two, from, |plain| nonsense(plain, &mut rng));
        let side = &two.sides[1 - from];
        counts.add(side.end());
        refused(side)?;
        match side.events.len() {
            1 => Ok(()),
            _ => Err(format!("it was told {:?}", side.events)),
        }
    });
    none_fails(&failures);
    assert!(counts.of("Malformed") >= 290, "{}", counts.of("Malformed"));
}
