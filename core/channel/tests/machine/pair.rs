//! Two sides, and a network that the test is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use channel::{Channel, Config, Event, Input, Mode, Output, Resumption, Role};
use identity::IdentityKey;
use kernel::Time;
use primitives::{Secret, sha256};

/// Somebody who speaks all that we do.
pub(crate) fn ours(name: &str) -> Config {
    Config::new(name.parse().unwrap())
}

pub(crate) const START: Time = Time::from_ms(1_800_000_000_000);

/// Somebody with a channel.
pub(crate) struct Side {
    pub(crate) channel: Channel,
    /// Frames that wait for the network.
    pub(crate) out: VecDeque<Vec<u8>>,
    pub(crate) events: Vec<Event>,
    pub(crate) kept: Option<Resumption>,
    /// What was done, in order: `S` saved, `>` sent, `T` told, `X` closed.
    pub(crate) trace: String,
    pub(crate) until: Option<Time>,
}

impl Side {
    fn new(channel: Channel) -> Self {
        Self {
            channel,
            out: VecDeque::new(),
            events: Vec::new(),
            kept: None,
            trace: String::new(),
            until: None,
        }
    }

    /// Does all that the channel asks for.
    pub(crate) fn drain(&mut self) {
        loop {
            match self.channel.poll() {
                Output::Save(kept) => {
                    self.kept = Some(kept);
                    self.trace.push('S');
                }
                Output::Send(frame) => {
                    self.out.push_back(frame);
                    self.trace.push('>');
                }
                Output::Tell(event) => {
                    self.events.push(event);
                    self.trace.push('T');
                }
                Output::Close => self.trace.push('X'),
                Output::Wait(until) => {
                    self.until = until;
                    return;
                }
            }
        }
    }

    pub(crate) fn messages(&self) -> Vec<&[u8]> {
        let mut messages = Vec::new();
        for event in &self.events {
            if let Event::Message(message) = event {
                messages.push(&message.body[..]);
            }
        }
        messages
    }

    pub(crate) fn asides(&self) -> Vec<&[u8]> {
        let mut asides = Vec::new();
        for event in &self.events {
            if let Event::Aside(bytes) = event {
                asides.push(&bytes[..]);
            }
        }
        asides
    }

    pub(crate) fn end(&self) -> Option<channel::End> {
        match self.events.last() {
            Some(Event::Ended(end)) => Some(*end),
            _ => None,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        let is_it = |event: &Event| matches!(event, Event::Established { .. });
        self.events.iter().any(is_it) && self.end().is_none()
    }
}

/// A caller and a called side, each of whom wants whoever comes.
pub(crate) struct Pair {
    pub(crate) caller: Side,
    pub(crate) called: Side,
    pub(crate) now: Time,
    /// What the called side keeps of earlier sessions.
    pub(crate) shelf: Option<Resumption>,
    /// Frames that were carried, in order.
    pub(crate) carried: Vec<(Role, Vec<u8>)>,
}

pub(crate) fn key(seed: u8) -> Arc<IdentityKey> {
    Arc::new(IdentityKey::from_seeds(&Secret::new([seed; 32]), None))
}

/// Somebody who speaks Kamune and no more.
pub(crate) fn config(name: &str) -> Config {
    let mut config = Config::new(name.parse().unwrap());
    config.mode = Mode::Kamune;
    config
}

/// Somebody whose identity has both halves.
pub(crate) fn hybrid(seed: u8) -> Arc<IdentityKey> {
    let [one, other] = [seed, seed ^ 0x80].map(|seed| Secret::new([seed; 32]));
    Arc::new(IdentityKey::from_seeds(&one, Some(&other)))
}

impl Pair {
    /// Two of ours.
    pub(crate) fn ours() -> Self {
        Self::with(ours("Alice"), ours("Bob"), None, None)
    }

    /// Two of ours, who have a session.
    pub(crate) fn talking() -> Self {
        let mut pair = Self::ours();
        pair.settle();
        assert!(pair.caller.is_open() && pair.called.is_open());
        pair
    }

    pub(crate) fn new() -> Self {
        Self::with(config("Alice"), config("Bob"), None, None)
    }

    /// `caller` keeps `resumption`, and the called side `shelf`.
    pub(crate) fn with(
        caller: Config,
        called: Config,
        resumption: Option<Resumption>,
        shelf: Option<Resumption>,
    ) -> Self {
        // another connection, other seeds
        let before = resumption.as_ref().map(Resumption::to_bytes);
        let before = before.unwrap_or_default();
        let [one, two] = [b"caller", b"called"].map(|side| Secret::new(sha256(&[side, &before])));
        let keys = [key(1), key(2)];
        Self::of(keys, [caller, called], resumption, shelf, [one, two])
    }

    pub(crate) fn of(
        [alice, bob]: [Arc<IdentityKey>; 2],
        [caller, called]: [Config; 2],
        resumption: Option<Resumption>,
        shelf: Option<Resumption>,
        [one, two]: [Secret<32>; 2],
    ) -> Self {
        let mut pair = Self {
            caller: Side::new(Channel::dial(START, caller, alice, resumption, one)),
            called: Side::new(Channel::answer(START, called, bob, two)),
            now: START,
            shelf,
            carried: Vec::new(),
        };
        pair.drain();
        pair
    }

    pub(crate) fn side(&mut self, role: Role) -> &mut Side {
        match role {
            Role::Caller => &mut self.caller,
            Role::Called => &mut self.called,
        }
    }

    pub(crate) fn drain(&mut self) {
        self.caller.drain();
        self.called.drain();
    }

    /// Gives one side a frame.
    pub(crate) fn give(&mut self, to: Role, frame: &[u8]) {
        let now = self.now;
        self.side(to).channel.handle(now, Input::Frame(frame));
        self.side(to).drain();
    }

    /// Decides as everyone here does.
    pub(crate) fn decide(&mut self, role: Role) {
        let (now, shelf) = (self.now, self.shelf.clone());
        let side = self.side(role);
        match side.events.last() {
            Some(Event::Introduced(_)) => side.channel.accept(now),
            Some(Event::Resuming(_)) => side.channel.resume(now, shelf),
            _ => {}
        }
        side.drain();
    }

    /// Carries the next frame of `from`, as `alter` has it.
    pub(crate) fn carry(&mut self, from: Role, alter: impl FnOnce(&mut Vec<u8>)) -> bool {
        let Some(mut frame) = self.side(from).out.pop_front() else {
            return false;
        };
        alter(&mut frame);
        self.give(from.other(), &frame);
        self.carried.push((from, frame));
        self.decide(from.other());
        true
    }

    /// Carries everything until nobody says more.
    pub(crate) fn settle(&mut self) {
        while self.carry(Role::Caller, |_| {}) || self.carry(Role::Called, |_| {}) {}
    }

    /// Lets time pass for both.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now = self.now.after(time);
        for role in [Role::Caller, Role::Called] {
            let now = self.now;
            self.side(role).channel.handle(now, Input::Tick);
            self.side(role).drain();
        }
    }

    /// Both have a session, and hold nothing back.
    pub(crate) fn open() -> Self {
        let mut pair = Self::new();
        pair.settle();
        pair.wait(Duration::from_secs(2));
        assert!(pair.caller.is_open() && pair.called.is_open());
        pair
    }

    pub(crate) fn say(&mut self, role: Role, text: &[u8]) {
        let now = self.now;
        let side = self.side(role);
        side.channel.send(now, text).unwrap();
        side.drain();
    }
}
