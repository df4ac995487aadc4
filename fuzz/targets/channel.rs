//! Two sides of a channel. The fuzzer is the network between them: it carries, changes, cuts, repeats
//! and adds frames, breaks connections, talks for both, and moves the clock.
#![no_main]

use std::collections::VecDeque;
use std::sync::Arc;

use channel::{Channel, Config, Event, Input, Mode, Output, Padding, Resumption};
use fuzz::Script;
use identity::{IdentityKey, Succession};
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use primitives::Secret;

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script::new(bytes);
    if let Some(mut pair) = Pair::new(&mut script) {
        while pair.step(&mut script).is_some() {}
    }
});

struct Pair {
    now: u64,
    sides: [Side; 2],
}

struct Side {
    channel: Channel,
    out: VecDeque<Vec<u8>>,
    kept: Option<Resumption>,
    /// What it sent, and what it was told.
    said: Vec<Vec<u8>>,
    heard: Vec<Vec<u8>>,
    is_over: bool,
    asks: Option<Asks>,
}

enum Asks {
    Decision,
    Record,
}

impl Pair {
    fn new(script: &mut Script<'_>) -> Option<Self> {
        let configs = [config(script.byte()?, 1), config(script.byte()?, 2)];
        Some(Self::of(configs, None))
    }

    fn of([one, other]: [Config; 2], kept: Option<Resumption>) -> Self {
        let key = |seed| Arc::new(key(seed));
        let seed = |seed| Secret::new([seed; 32]);
        let now = Time::from_ms(START);
        let mut sides = [
            Side::new(Channel::dial(now, one, key(1), kept, seed(3))),
            Side::new(Channel::answer(now, other, key(2), seed(4))),
        ];
        sides.iter_mut().for_each(Side::drain);
        Self { now: START, sides }
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let at = usize::from(script.below(2)?);
        let now = Time::from_ms(self.now);
        match script.below(10)? {
            // most of the time what is sent comes
            0..=3 => self.carry(at, |_| Some(()))?,
            4 => {
                let (place, value) = (script.byte()?, script.byte()?);
                self.carry(at, |frame| {
                    let place = usize::from(place) % frame.len().max(1);
                    if let Some(byte) = frame.get_mut(place) {
                        *byte ^= value;
                    }
                    Some(())
                })?;
            }
            5 => {
                let length = usize::from(script.byte()?) * 9;
                self.carry(at, |frame| {
                    frame.resize(length, 7);
                    Some(())
                })?;
            }
            6 => {
                let frame = self.sides[at].out.front().cloned().unwrap_or_default();
                self.hear(1 - at, Input::Frame(&frame));
            }
            7 => {
                self.now += u64::from(script.byte()?) * 400;
                self.hear(at, Input::Tick);
            }
            8 => {
                let text = vec![script.byte()?; usize::from(script.byte()?) * 40];
                let side = &mut self.sides[at];
                // Those that begin so go aside: they come in their place too.
                let sent = match text.first() {
                    Some(..=ASIDE) => side.channel.send_aside(now, &text),
                    _ => side.channel.send(now, &text),
                };
                if sent.is_ok() {
                    side.said.push(text);
                }
                let heard = side.heard.iter();
                let heard = heard.filter(|text| !matches!(text.first(), Some(..=ASIDE)));
                let heard = u64::try_from(heard.count()).ok()?;
                side.channel.keep(now, heard);
                side.drain();
            }
            _ => match script.below(4)? {
                0 => self.hear(at, Input::Lost),
                1 => {
                    self.sides[at].channel.close(now);
                    self.sides[at].drain();
                }
                2 => self.hear(at, Input::NotKept),
                _ => {
                    self.hear(at, Input::Frame(&[]));
                }
            },
        }
        self.check();
        Some(())
    }

    /// Carries the next frame of one side, as `alter` has it, and decides as asked.
    fn carry(&mut self, from: usize, alter: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
        let Some(mut frame) = self.sides[from].out.pop_front() else {
            return Some(());
        };
        alter(&mut frame)?;
        self.hear(1 - from, Input::Frame(&frame));
        let now = Time::from_ms(self.now);
        let side = &mut self.sides[1 - from];
        match side.asks.take() {
            Some(Asks::Decision) => side.channel.accept(now),
            Some(Asks::Record) => {
                let kept = side.kept.clone();
                side.channel.resume(now, kept);
            }
            None => {}
        }
        side.drain();
        Some(())
    }

    fn hear(&mut self, at: usize, input: Input<'_>) {
        self.sides[at]
            .channel
            .handle(Time::from_ms(self.now), input);
        self.sides[at].drain();
    }

    /// What comes is a beginning of what was said, whatever the network did.
    fn check(&self) {
        for (from, to) in [(0, 1), (1, 0)] {
            assert!(self.sides[from].said.starts_with(&self.sides[to].heard));
        }
    }
}

impl Side {
    fn new(channel: Channel) -> Self {
        Self {
            channel,
            out: VecDeque::new(),
            kept: None,
            said: Vec::new(),
            heard: Vec::new(),
            is_over: false,
            asks: None,
        }
    }

    fn drain(&mut self) {
        loop {
            match self.channel.poll() {
                Output::Save(kept) => {
                    assert_eq!(Resumption::decode(&kept.to_bytes()), Ok(kept.clone()));
                    self.kept = Some(kept);
                }
                Output::Send(frame) => {
                    assert!(!self.is_over && frame.len() <= 65_535);
                    self.out.push_back(frame);
                }
                Output::Tell(Event::Message(message)) => self.heard.push(message.body),
                Output::Tell(Event::Aside(bytes)) => self.heard.push(bytes),
                Output::Tell(Event::Introduced(_)) => self.asks = Some(Asks::Decision),
                Output::Tell(Event::Resuming(_)) => self.asks = Some(Asks::Record),
                Output::Tell(_) => {}
                Output::Close => self.is_over = true,
                Output::Wait(_) => return,
            }
        }
    }
}

fn key(seed: u8) -> IdentityKey {
    IdentityKey::from_seeds(&Secret::new([seed; 32]), None)
}

/// Of the holder of key `own`.
fn config(bits: u8, own: u8) -> Config {
    let mut config = Config::new("somebody".parse().expect("a name"));
    if bits & 1 == 1 {
        config.mode = Mode::Kamune;
    }
    if bits & 2 == 2 {
        config.padding = Padding::Relayed;
    }
    // a key before, of this one or, wrongly, of another
    let later = match bits & 12 {
        4 => Some(own),
        8 => Some(9),
        _ => None,
    };
    let start = Time::from_ms(START);
    config.succession =
        later.and_then(|later| Succession::found(&key(11), &key(later), start).ok());
    config.held = 3000;
    config
}

/// The last first byte of what goes aside.
const ASIDE: u8 = 40;
const START: u64 = 1_800_000_000_000;
