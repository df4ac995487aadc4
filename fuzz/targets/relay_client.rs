//! A client whose relay is the fuzzer: it says what it likes in the tunnel, and besides it.
#![no_main]

use std::collections::VecDeque;

use channel::{Answered, Tunnel};
use fuzz::Script;
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use primitives::{Generator, Secret};
use switch::client::{Config, Event, Input, Output};
use switch::{Client, Password, Token, Wish};
use wire::encode;
use wire::relay::{Auth, Frame, Message, Ping, Pong, Registered, frame::Kind};

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script::new(bytes);
    if let Some(mut world) = World::new(&mut script) {
        while world.step(&mut script).is_some() {}
    }
});

struct World {
    client: Client,
    tunnel: Tunnel,
    now: u64,
    out: VecDeque<Vec<u8>>,
    placed: bool,
    over: bool,
}

impl World {
    fn new(script: &mut Script<'_>) -> Option<Self> {
        let token = || Token::from_bytes(&[7; 16]).expect("16 bytes");
        let wish = match script.below(3)? {
            0 => Wish::Create(None),
            1 => Wish::Create(Some(token())),
            _ => Wish::Join(token()),
        };
        let password = match script.below(2)? {
            0 => None,
            _ => Password::new(b"word".to_vec()).ok(),
        };
        let mut generator = Generator::new(Secret::new([1; 32]));
        let seed = Secret::new([2; 32]);
        let mut client = Client::new(Time::ZERO, Config::default(), wish, password, seed);
        let Output::Send(first) = client.poll() else {
            return None;
        };
        let (answered, second) = Answered::new(&first, &mut generator).expect("our own key");
        client.handle(Time::ZERO, Input::Frame(&second));
        let Output::Send(third) = client.poll() else {
            panic!("no third frame");
        };
        let mut world = Self {
            client,
            tunnel: answered.finished(&third).expect("our own answer"),
            now: 0,
            out: VecDeque::new(),
            placed: false,
            over: false,
        };
        world.drain();
        Some(world)
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let now = Time::from_ms(self.now);
        match script.below(8)? {
            0 => {
                let plain = script.long()?;
                self.say(plain);
            }
            1 => {
                let kind = match script.below(5)? {
                    0 => Kind::Auth(Auth { psk: Vec::new() }),
                    1 => Kind::Registered(Registered {
                        token: script.short()?.to_vec(),
                        ttl_seconds: script.long_number()?,
                        session_ttl_seconds: script.long_number()?,
                    }),
                    2 => Kind::Msg(Message {
                        data: script.long()?.to_vec(),
                    }),
                    3 => Kind::Ping(Ping {}),
                    _ => Kind::Pong(Pong {}),
                };
                self.say(&encode(&Frame { kind: Some(kind) }));
            }
            2 => {
                let frame = script.long()?;
                self.client.handle(now, Input::Frame(frame));
            }
            3 | 4 => {
                self.now += u64::from(script.byte()?) * 512;
                self.client.handle(Time::from_ms(self.now), Input::Tick);
            }
            5 => {
                let frame = vec![0; script.long()?.len()];
                let sent = self.client.send(&frame);
                assert!(sent.is_err() || (self.placed && !self.over && frame.len() <= 32_744));
            }
            6 => self.client.handle(now, Input::Lost),
            _ => {
                if script.byte()? == 0 {
                    self.client.close();
                }
            }
        }
        self.drain();
        // whatever the client seals opens at the relay
        while let Some(frame) = self.out.pop_front() {
            self.tunnel.open(&frame).expect("nothing is missing");
        }
        Some(())
    }

    fn say(&mut self, plain: &[u8]) {
        let frame = self.tunnel.seal(plain).expect("a frame");
        let now = Time::from_ms(self.now);
        self.client.handle(now, Input::Frame(&frame));
    }

    fn drain(&mut self) {
        for _ in 0..100 {
            match self.client.poll() {
                Output::Send(frame) => {
                    assert!(!self.over && frame.len() <= 32_768);
                    self.out.push_back(frame);
                }
                Output::Tell(event) => {
                    assert!(!matches!(event, Event::Registered { .. }) || !self.placed);
                    self.placed |= matches!(event, Event::Registered { .. });
                }
                Output::Close => {
                    assert!(!self.over, "it ends once");
                    self.over = true;
                }
                Output::Wait(until) => {
                    let now = Time::from_ms(self.now);
                    assert!(until.is_none_or(|until| until > now), "it does not wait");
                    return;
                }
            }
        }
        panic!("it never waits");
    }
}
