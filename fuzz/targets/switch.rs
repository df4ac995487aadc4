//! A switch whose clients are the fuzzer: some speak in their tunnels, some do not, and they read when
//! they like. What is carried comes whole, in order, to the partner and nobody else.
#![no_main]

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use channel::{Offered, Tunnel};
use fuzz::Script;
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use primitives::{Generator, Secret};
use switch::server::{Config, Framing, Id, Input, Output};
use switch::{Password, Switch};
use wire::relay::{Auth, Frame, Message, Ping, Register, frame::Kind};
use wire::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script::new(bytes);
    if let Some(mut world) = World::new(&mut script) {
        while world.step(&mut script).is_some() {}
    }
});

struct World {
    switch: Switch,
    now: u64,
    next: u64,
    ends: BTreeMap<Id, End>,
}

/// The client's end of a connection that is there.
struct End {
    tunnel: Option<Tunnel>,
    inbox: VecDeque<Vec<u8>>,
    is_paused: bool,
    /// Who it is, as it says in each message.
    name: u8,
    said: u8,
    /// Whom it heard, and which of their messages.
    heard: Option<(u8, u8)>,
}

impl World {
    fn new(script: &mut Script<'_>) -> Option<Self> {
        let mut config = Config::default();
        if script.below(2)? == 1 {
            config.password = Password::new(b"word".to_vec()).ok();
        }
        (config.pairs, config.unpaired, config.unpaired_per_source) = (2, 3, 2);
        (config.opening, config.opening_per_source, config.per_source) = (4, 3, 6);
        (config.starts, config.sources, config.queued) = (200, 2, QUEUED);
        Some(Self {
            switch: Switch::new(Time::ZERO, config, Secret::new([1; 32])),
            now: 0,
            next: 0,
            ends: BTreeMap::new(),
        })
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let code = script.below(12)?;
        let number = usize::from(script.byte()?);
        let id = self
            .ends
            .keys()
            .nth(number % self.ends.len().max(1))
            .copied();
        match (code, id) {
            (0 | 1, _) => self.connect(script)?,
            (2, Some(id)) => {
                let frame = script.long()?;
                self.tell(Input::Frame { id, bytes: frame });
            }
            (3, Some(id)) => {
                let plain = script.long()?;
                // Messages have a form here, below.
                let frame: Option<Frame> = decode(plain, 65_600).ok();
                if !matches!(frame.and_then(|frame| frame.kind), Some(Kind::Msg(_))) {
                    self.say(id, plain);
                }
            }
            (4, Some(id)) => {
                let mode = script.below(4)?.into();
                let token = match script.below(4)? {
                    0 => Vec::new(),
                    1 => (0..32).collect(),
                    2 => (1..33).collect(),
                    _ => script.short()?.to_vec(),
                };
                self.frame(id, Kind::Register(Register { token, mode }));
            }
            (5, Some(id)) => {
                let psk = match script.below(2)? {
                    0 => b"word".to_vec(),
                    _ => script.short()?.to_vec(),
                };
                self.frame(id, Kind::Auth(Auth { psk }));
            }
            (6 | 7, Some(id)) => {
                let length = usize::from(u16::from_le_bytes([script.byte()?, script.byte()?]));
                let end = self.ends.get_mut(&id)?;
                if !end.is_paused {
                    end.said = end.said.wrapping_add(1);
                    let data = [&[end.name, end.said][..], &vec![0; length.min(65_533)]].concat();
                    self.frame(id, Kind::Msg(Message { data }));
                }
            }
            (8, Some(id)) => self.frame(id, Kind::Ping(Ping {})),
            (9, Some(id)) => self.read(id),
            (10, Some(id)) => {
                self.ends.remove(&id);
                self.tell(Input::Disconnected(id));
            }
            _ => {
                self.now += u64::from(script.byte()?) * 512;
                self.tell(Input::Tick);
            }
        }
        Some(())
    }

    /// Somebody comes, and exchanges keys if the fuzzer wants them to.
    fn connect(&mut self, script: &mut Script<'_>) -> Option<()> {
        self.next += 1;
        let id = Id::new(self.next);
        let end = End {
            tunnel: None,
            inbox: VecDeque::new(),
            is_paused: false,
            name: u8::try_from(self.next % 256).expect("a remainder"),
            said: 0,
            heard: None,
        };
        self.ends.insert(id, end);
        let from = IpAddr::from([192, 0, 2, script.below(3)?]);
        let framing = [Framing::Length, Framing::Message][usize::from(script.below(2)?)];
        self.tell(Input::Connected { id, from, framing });
        if script.below(8)? == 0 || !self.ends.contains_key(&id) {
            return Some(());
        }
        let mut generator = Generator::new(Secret::new([2; 32]));
        let (offered, first) = Offered::new(&mut generator);
        self.tell(Input::Frame { id, bytes: &first });
        let second = self.ends.get_mut(&id)?.inbox.pop_front()?;
        let bytes = second.len();
        self.tell(Input::Sent { id, bytes });
        let answered = offered.answered(&second, &mut generator);
        let (tunnel, third) = answered.expect("a switch answers");
        self.ends.get_mut(&id)?.tunnel = Some(tunnel);
        self.tell(Input::Frame { id, bytes: &third });
        Some(())
    }

    fn frame(&mut self, id: Id, kind: Kind) {
        self.say(id, &encode(&Frame { kind: Some(kind) }));
    }

    fn say(&mut self, id: Id, plain: &[u8]) {
        let end = self.ends.get_mut(&id);
        let Some(tunnel) = end.and_then(|end| end.tunnel.as_mut()) else {
            return;
        };
        let frame = tunnel.seal(plain).expect("a frame");
        self.tell(Input::Frame { id, bytes: &frame });
    }

    /// Somebody reads one frame.
    fn read(&mut self, id: Id) {
        let Some(end) = self.ends.get_mut(&id) else {
            return;
        };
        let Some(frame) = end.inbox.pop_front() else {
            return;
        };
        if let Some(tunnel) = &mut end.tunnel {
            let plain = tunnel.open(&frame).expect("nothing is missing");
            let frame: Frame = decode(&plain, 65_600).expect("a frame");
            if let Some(Kind::Msg(Message { data })) = frame.kind {
                let (name, number) = (data[0], data[1]);
                assert!(data[2..].iter().all(|byte| *byte == 0));
                let next = |(name, last): (u8, u8)| (name, last.wrapping_add(1));
                assert!(end.heard.is_none_or(|heard| next(heard) == (name, number)));
                end.heard = Some((name, number));
            }
        }
        let bytes = frame.len();
        self.tell(Input::Sent { id, bytes });
    }

    fn tell(&mut self, input: Input<'_>) {
        let now = Time::from_ms(self.now);
        self.switch.handle(now, input);
        for _ in 0..1000 {
            match self.switch.poll() {
                Output::Send { to, bytes } => {
                    let end = self
                        .ends
                        .get_mut(&to)
                        .expect("nobody is sent to who is gone");
                    end.inbox.push_back(bytes);
                    let waits: usize = end.inbox.iter().map(Vec::len).sum();
                    assert!(waits <= QUEUED + 2 * 65_600 + 2338, "{waits} wait");
                }
                Output::Close { id, .. } => {
                    assert!(self.ends.remove(&id).is_some(), "it ends once");
                }
                Output::Pause(id) => {
                    let end = self.ends.get_mut(&id).expect("it is there");
                    assert!(!std::mem::replace(&mut end.is_paused, true));
                }
                Output::Resume(id) => {
                    let end = self.ends.get_mut(&id).expect("it is there");
                    assert!(std::mem::replace(&mut end.is_paused, false));
                }
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > now), "it does not wait");
                    let load = self.switch.load();
                    assert!(load.opening <= 4 && load.waiting <= 3 && load.paired <= 4);
                    let all = load.opening + load.waiting + load.paired;
                    assert_eq!(all, self.ends.len(), "somebody is forgotten");
                    return;
                }
            }
        }
        panic!("it never waits");
    }
}

const QUEUED: usize = 1000;
