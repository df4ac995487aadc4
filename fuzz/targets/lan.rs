//! Three machines on one link: two friends and a stranger. The fuzzer is the link: it delays,
//! loses, repeats and changes datagrams, adds its own, and moves the clock.
#![no_main]

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddrV4},
    sync::LazyLock,
};

use fuzz::{Script, jobs, passkeys};
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use rendezvous::{
    Job, Passkey, Salt, Seed,
    lan::{Config, Event, Input, Lan, Link, Output},
};

fuzz_target!(|bytes: &[u8]| {
    let mut room = Room::new();
    let mut script = Script::new(bytes);
    while room.step(&mut script).is_some() {}
});

struct Room {
    now: u64,
    nodes: Vec<Node>,
    wire: Vec<Datagram>,
}

struct Node {
    lan: Lan,
    jobs: VecDeque<Job>,
    may_hear: &'static [&'static str],
}

#[derive(Clone)]
struct Datagram {
    from: SocketAddrV4,
    to: usize,
    bytes: Vec<u8>,
}

impl Room {
    fn new() -> Self {
        let [same, other] = &*PASSKEYS;
        let node = |passkey: &Passkey, payload: &str, seed, may_hear| {
            let (seed, config) = (Seed::new([seed; 32]), config());
            let lan = Lan::new(config, passkey.clone(), payload.into(), seed, Time::ZERO);
            Node {
                lan: lan.expect("a short payload"),
                jobs: VecDeque::new(),
                may_hear,
            }
        };
        let nodes = vec![
            node(same, "from one", 1, &["from two"]),
            node(same, "from two", 2, &["from one"]),
            node(other, "from a stranger", 3, &[]),
        ];
        let mut room = Self {
            now: 0,
            nodes,
            wire: Vec::new(),
        };
        for node in 0..3 {
            room.feed(node, Input::LinkUp(LINK));
            room.work(node);
        }
        room
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let node = usize::from(script.below(3)?);
        match script.below(9)? {
            0 => {
                self.now += u64::from(script.byte()?) * 64;
                self.feed(node, Input::Tick);
            }
            1 => {
                if let Some(datagram) = self.pick(script)? {
                    self.wire
                        .retain(|other| other.bytes != datagram.bytes || other.to != datagram.to);
                    self.deliver(datagram);
                }
            }
            2 => {
                if let Some(datagram) = self.pick(script)? {
                    self.deliver(datagram);
                }
            }
            3 => {
                let (place, change) = (usize::from(script.byte()?), script.byte()?);
                if let Some(mut datagram) = self.pick(script)? {
                    let place = place % datagram.bytes.len();
                    datagram.bytes[place] ^= change;
                    self.deliver(datagram);
                }
            }
            4 => {
                let from = address(10 + script.below(4)?);
                let bytes = script.long()?.to_vec();
                self.deliver(Datagram {
                    from,
                    to: node,
                    bytes,
                });
            }
            5 => {
                // One of the others says what somebody else said.
                let from = address(script.below(3)?);
                if let Some(datagram) = self.pick(script)? {
                    self.deliver(Datagram { from, ..datagram });
                }
            }
            6 => self.work(node),
            7 => self.feed(node, Input::LinkDown(LINK)),
            _ => {
                let time = Time::from_ms(self.now);
                if script.byte()? == 0 {
                    self.nodes[node].lan.finish(time);
                }
                self.feed(node, Input::LinkUp(LINK));
            }
        }
        Some(())
    }

    fn pick(&self, script: &mut Script<'_>) -> Option<Option<Datagram>> {
        let number = usize::from(script.byte()?);
        Some(self.wire.get(number % self.wire.len().max(1)).cloned())
    }

    fn deliver(&mut self, datagram: Datagram) {
        let Datagram { from, to, bytes } = datagram;
        self.feed(
            to,
            Input::Datagram {
                link: LINK,
                from,
                bytes: &bytes,
            },
        );
    }

    /// Does the node's oldest job.
    fn work(&mut self, node: usize) {
        if let Some(done) = jobs::run_oldest(&mut self.nodes[node].jobs) {
            self.feed(node, Input::Done(done));
        }
    }

    fn feed(&mut self, number: usize, input: Input<'_>) {
        let time = Time::from_ms(self.now);
        let from = address(u8::try_from(number).expect("three nodes"));
        let node = &mut self.nodes[number];
        node.lan.handle(time, input);
        for _ in 0..10_000 {
            match node.lan.poll() {
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > time), "it does not wait");
                    self.wire.truncate(64);
                    return;
                }
                Output::Work(job) => node.jobs.push_back(job),
                Output::Multicast(bytes) => {
                    assert!(bytes.len() <= 1024);
                    for to in (0..3).filter(|to| *to != number) {
                        self.wire.push(Datagram {
                            from,
                            to,
                            bytes: bytes.clone(),
                        });
                    }
                }
                Output::Send { to, bytes, .. } => {
                    assert!(bytes.len() <= 1024);
                    if let Some(to) = (0..3).find(|node| address(*node) == to) {
                        self.wire.push(Datagram {
                            from,
                            to: to.into(),
                            bytes,
                        });
                    }
                }
                Output::Tell(Event::Match { payload, .. }) => {
                    let text = str::from_utf8(&payload).expect("nobody sends other bytes");
                    assert!(node.may_hear.contains(&text), "heard {text}");
                }
                Output::Tell(_) => {}
            }
        }
        panic!("it never waits");
    }
}

fn address(host: u8) -> SocketAddrV4 {
    SocketAddrV4::new(
        Ipv4Addr::new(10, 0, 0, host / 2 + 1),
        4000 + u16::from(host),
    )
}

/// Small bounds, so that they are reached.
fn config() -> Config {
    let mut config = Config::default();
    config.peers = 6;
    config.places = 8;
    config.waiting = 6;
    config.waiting_per_source = 3;
    config
}

const LINK: Link = Link::new(1);

static PASSKEYS: LazyLock<[Passkey; 2]> = LazyLock::new(|| passkeys(Salt::ZERO));
