//! A relay, its clients, and a network that the test is.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use kernel::Time;
use primitives::Secret;
use switch::client::{self, End, Event, SendError};
use switch::server::{self, Cause, Config, Framing, Id};
use switch::{Client, Password, Switch, Token, Wish};

pub(crate) const START: Time = Time::from_ms(1_800_000_000_000);

/// Somebody with a client.
pub(crate) struct Side {
    pub(crate) client: Client,
    /// Frames that wait for the network.
    pub(crate) out: VecDeque<Vec<u8>>,
    pub(crate) events: Vec<Event>,
    pub(crate) until: Option<Time>,
    pub(crate) closed: bool,
}

impl Side {
    pub(crate) fn drain(&mut self) {
        loop {
            match self.client.poll() {
                client::Output::Send(frame) => {
                    assert!(frame.len() <= 32_768, "more than some read");
                    self.out.push_back(frame);
                }
                client::Output::Tell(event) => self.events.push(event),
                client::Output::Close => self.closed = true,
                client::Output::Wait(until) => {
                    self.until = until;
                    return;
                }
            }
        }
    }

    pub(crate) fn token(&self) -> Option<Token> {
        self.events.iter().find_map(|event| match event {
            Event::Registered { token, .. } => Some(token.clone()),
            _ => None,
        })
    }

    pub(crate) fn end(&self) -> Option<End> {
        match self.events.last() {
            Some(Event::Ended(end)) => Some(*end),
            _ => None,
        }
    }

    pub(crate) fn frames(&self) -> Vec<&[u8]> {
        let mut frames = Vec::new();
        for event in &self.events {
            if let Event::Frame(frame) = event {
                frames.push(&frame[..]);
            }
        }
        frames
    }
}

/// A relay with its connections. Those without a `Side` are a test's own.
pub(crate) struct World {
    pub(crate) switch: Switch,
    pub(crate) sides: BTreeMap<Id, Side>,
    /// What the relay has for somebody, and nobody has written yet.
    pub(crate) inbox: BTreeMap<Id, VecDeque<Vec<u8>>>,
    pub(crate) ends: BTreeMap<Id, Cause>,
    pub(crate) paused: Vec<Id>,
    pub(crate) now: Time,
    pub(crate) until: Option<Time>,
    next: u64,
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text.as_bytes().to_vec()).unwrap()
}

/// A token that a relay takes for somebody's own.
pub(crate) fn own(number: u8) -> Token {
    Token::from_bytes(&std::array::from_fn::<u8, 32, _>(|n| {
        number.wrapping_add(u8::try_from(n).unwrap())
    }))
    .unwrap()
}

pub(crate) fn address(number: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, number).into()
}

/// No limit on how often somebody comes.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.starts = usize::MAX;
    config
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self {
            switch: Switch::new(START, config, Secret::new([99; 32])),
            sides: BTreeMap::new(),
            inbox: BTreeMap::new(),
            ends: BTreeMap::new(),
            paused: Vec::new(),
            now: START,
            until: None,
            next: 1,
        }
    }

    pub(crate) fn tell(&mut self, input: server::Input<'_>) {
        self.switch.handle(self.now, input);
        loop {
            match self.switch.poll() {
                server::Output::Send { to, bytes } => {
                    assert!(!self.ends.contains_key(&to), "sent behind the end");
                    self.inbox.entry(to).or_default().push_back(bytes);
                }
                server::Output::Close { id, cause } => {
                    assert_eq!(self.ends.insert(id, cause), None, "ended twice");
                }
                server::Output::Pause(id) => {
                    assert!(!self.paused.contains(&id));
                    self.paused.push(id);
                }
                server::Output::Resume(id) => {
                    assert!(self.paused.contains(&id));
                    self.paused.retain(|other| *other != id);
                }
                server::Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > self.now));
                    self.until = until;
                    return;
                }
            }
        }
    }

    /// A connection that says nothing.
    pub(crate) fn connect(&mut self, from: IpAddr, framing: Framing) -> Id {
        let id = Id::new(self.next);
        self.next += 1;
        self.tell(server::Input::Connected { id, from, framing });
        id
    }

    /// A client, and what comes of it.
    pub(crate) fn client(&mut self, wish: Wish, password: Option<Password>) -> Id {
        self.client_from(address(1), Framing::Message, wish, password)
    }

    pub(crate) fn client_from(
        &mut self,
        from: IpAddr,
        framing: Framing,
        wish: Wish,
        password: Option<Password>,
    ) -> Id {
        let id = self.connect(from, framing);
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&id.number().to_le_bytes());
        let config = client::Config::default();
        let client = Client::new(self.now, config, wish, password, Secret::new(seed));
        let mut side = Side {
            client,
            out: VecDeque::new(),
            events: Vec::new(),
            until: None,
            closed: false,
        };
        side.drain();
        self.sides.insert(id, side);
        self.settle();
        id
    }

    pub(crate) fn side(&mut self, id: Id) -> &mut Side {
        self.sides.get_mut(&id).unwrap()
    }

    pub(crate) fn give(&mut self, id: Id, bytes: &[u8]) {
        self.tell(server::Input::Frame { id, bytes });
    }

    /// Writes what the relay has for somebody.
    pub(crate) fn deliver(&mut self, id: Id) -> bool {
        let frame = self.inbox.get_mut(&id).and_then(VecDeque::pop_front);
        let Some(frame) = frame else { return false };
        let bytes = frame.len();
        self.tell(server::Input::Sent { id, bytes });
        if let Some(side) = self.sides.get_mut(&id) {
            side.client.handle(self.now, client::Input::Frame(&frame));
            side.drain();
        }
        true
    }

    /// Has the relay read one frame of somebody's.
    pub(crate) fn read(&mut self, id: Id) -> bool {
        if self.paused.contains(&id) || self.ends.contains_key(&id) {
            return false;
        }
        let frame = self
            .sides
            .get_mut(&id)
            .and_then(|side| side.out.pop_front());
        let Some(frame) = frame else { return false };
        self.give(id, &frame);
        true
    }

    /// Carries everything until nobody says more.
    pub(crate) fn settle(&mut self) {
        let ids: Vec<_> = self.sides.keys().copied().collect();
        loop {
            let mut moved = false;
            for id in &ids {
                moved |= self.read(*id);
                moved |= self.deliver(*id);
            }
            if !moved {
                break;
            }
        }
        for id in ids {
            let ended = self.ends.contains_key(&id);
            let now = self.now;
            let side = self.side(id);
            if ended && !side.closed {
                side.client.handle(now, client::Input::Lost);
                side.drain();
            } else if side.closed && !ended {
                self.ends.insert(id, Cause::Left);
                self.tell(server::Input::Disconnected(id));
            } else {
                continue;
            }
            return self.settle();
        }
    }

    /// Lets time pass for all.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.tell(server::Input::Tick);
        for side in self.sides.values_mut() {
            side.client.handle(self.now, client::Input::Tick);
            side.drain();
        }
        self.settle();
    }

    pub(crate) fn say(&mut self, id: Id, frame: &[u8]) -> Result<(), SendError> {
        let side = self.side(id);
        let result = side.client.send(frame);
        side.drain();
        result
    }

    pub(crate) fn end_of(&self, id: Id) -> Option<End> {
        self.sides.get(&id).and_then(Side::end)
    }

    /// Two who have met, each over its way.
    pub(crate) fn pair(&mut self, framings: [Framing; 2]) -> [Id; 2] {
        let [one, two] = framings;
        let creator = self.client_from(address(1), one, Wish::Create(None), None);
        let token = self.side(creator).token().unwrap();
        let joiner = self.client_from(address(2), two, Wish::Join(token), None);
        assert!(self.side(joiner).token().is_some());
        self.say(joiner, b"hello").unwrap();
        self.settle();
        assert_eq!(self.side(creator).frames(), [b"hello"]);
        [creator, joiner]
    }
}
