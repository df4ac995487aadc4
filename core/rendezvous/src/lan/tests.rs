//! One machine against hand-made peers, then machines against each other. All work is real.
#![expect(clippy::arithmetic_side_effects, reason = "test values are small")]

extern crate std;

mod abuse;
mod machine;
mod pair;
mod reference;
mod relay;

use alloc::collections::BTreeMap;
use alloc::vec;
use core::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Mutex, OnceLock};

use super::*;
use crate::{JobKey, Salt, T2, T3, Wanted};

const LINK: Link = Link::new(1);
const RIGHT: &[u8] = b"right";
const WRONG: &[u8] = b"wrong";

fn at(ms: u64) -> Time {
    Time::from_ms(ms)
}

fn address(host: u8) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, host), 40_000)
}

fn passkey(passphrase: &[u8]) -> Passkey {
    static KEYS: Mutex<BTreeMap<Vec<u8>, Passkey>> = Mutex::new(BTreeMap::new());
    let mut keys = KEYS.lock().unwrap();
    let derive = || Passkey::derive(passphrase, Salt::ZERO).unwrap();
    keys.entry(passphrase.to_vec())
        .or_insert_with(derive)
        .clone()
}

/// Runs `job`, once per process: it is a pure function of its inputs.
fn run(job: Job) -> Done {
    static DONE: OnceLock<Mutex<BTreeMap<JobKey, Done>>> = OnceLock::new();
    let cache = DONE.get_or_init(Mutex::default);
    let key = job.key();
    if let Some(done) = cache.lock().unwrap().get(&key) {
        return done.clone();
    }
    let done = job.run();
    cache.lock().unwrap().insert(key, done.clone());
    done
}

fn session(passphrase: &[u8], payload: &[u8], seed: u8) -> Session {
    let seeds = Seed::new([seed; 32]).next_session();
    let opening = Opening::new(passkey(passphrase), payload.to_vec(), seeds, Wanted::Every);
    match run(Job::Open(opening)) {
        Done::Opened(session) => *session,
        Done::Met(_) => panic!("an opening opens"),
    }
}

/// What a machine did until it waited.
#[derive(Debug, Default)]
struct Did {
    sent: Vec<(SocketAddrV4, Vec<u8>)>,
    multicast: Vec<Vec<u8>>,
    events: Vec<Event>,
    jobs: Vec<Job>,
    wait: Option<Time>,
}

impl Did {
    /// The first bytes of what was sent: `t1E`, `t2`, `t3`.
    fn kinds(&self) -> Vec<&str> {
        let kind = |(_, bytes): &'_ (SocketAddrV4, Vec<u8>)| match bytes.as_slice() {
            [b't', b'1', b'r', ..] => "t1r",
            [b't', b'1', b'E', ..] => "t1E",
            [b't', b'2', ..] => "t2",
            [b't', b'3', ..] => "t3",
            _ => "?",
        };
        self.sent.iter().map(kind).collect()
    }

    fn t2(&self) -> T2 {
        let find = |(_, bytes): &(_, Vec<u8>)| bytes.strip_prefix(b"t2").and_then(T2::from_bytes);
        self.sent.iter().find_map(find).expect("a T2 was sent")
    }

    fn t3s(&self) -> Vec<T3> {
        let find = |(_, bytes): &(_, Vec<u8>)| bytes.strip_prefix(b"t3").and_then(T3::from_bytes);
        self.sent.iter().filter_map(find).collect()
    }

    fn matches(&self) -> Vec<&[u8]> {
        let mut found = Vec::new();
        for event in &self.events {
            if let Event::Match { payload } = event {
                found.push(payload.as_slice());
            }
        }
        found
    }
}

/// A machine and its clock.
struct Node {
    lan: Lan,
    now: u64,
}

impl Node {
    fn with(config: Config, passphrase: &[u8], payload: &[u8], seed: u8) -> Self {
        let key = passkey(passphrase);
        let seed = Seed::new([seed; 32]);
        let lan = Lan::new(config, key, payload.to_vec(), seed, at(0)).unwrap();
        Self { lan, now: 0 }
    }

    /// A node whose first session is announced.
    fn open(config: Config) -> Self {
        let mut node = Self::with(config, RIGHT, b"ours", 1);
        let did = node.drain();
        node.finish_jobs(did.jobs);
        node
    }

    fn drain(&mut self) -> Did {
        let mut did = Did::default();
        loop {
            match self.lan.poll() {
                Output::Work(job) => did.jobs.push(job),
                Output::Multicast(bytes) => did.multicast.push(bytes),
                Output::Send { to, bytes, .. } => did.sent.push((to, bytes)),
                Output::Tell(event) => did.events.push(event),
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > at(self.now)), "{until:?}");
                    did.wait = until;
                    return did;
                }
            }
        }
    }

    fn input(&mut self, input: Input<'_>) -> Did {
        self.lan.handle(at(self.now), input);
        self.drain()
    }

    fn tick(&mut self, now: u64) -> Did {
        self.now = now;
        self.input(Input::Tick)
    }

    fn datagram(&mut self, from: SocketAddrV4, bytes: &[u8]) -> Did {
        let link = LINK;
        self.input(Input::Datagram { link, from, bytes })
    }

    fn t1(&mut self, from: SocketAddrV4, tag: u8, t1: &[u8]) -> Did {
        self.datagram(from, &[b"t1", [tag].as_slice(), t1].concat())
    }

    fn t2(&mut self, from: SocketAddrV4, t2: T2) -> Did {
        self.datagram(from, &datagram::t2(&t2))
    }

    fn t3(&mut self, from: SocketAddrV4, t3: T3) -> Did {
        self.datagram(from, &datagram::t3(&t3))
    }

    /// Runs `jobs` and gives them back; what the machine does then.
    fn finish_jobs(&mut self, jobs: Vec<Job>) -> Did {
        for job in jobs {
            self.lan.handle(at(self.now), Input::Done(run(job)));
        }
        self.drain()
    }

    fn session_t1(&self) -> Vec<u8> {
        self.lan.current.as_ref().unwrap().t1().to_vec()
    }
}

/// A peer moved by hand: a session that has worked on the T1 of the node under test.
struct Peer {
    session: Session,
    from: SocketAddrV4,
    other: Id,
    t2: T2,
}

impl Peer {
    fn of(node: &Node, session: Session, from: SocketAddrV4) -> Self {
        let encounter = session.encounter(&node.session_t1()).unwrap();
        let Done::Met(met) = run(Job::Meet(encounter)) else {
            panic!("an encounter meets");
        };
        let mut session = session;
        let (other, t2) = session.admit(met).unwrap();
        Self {
            session,
            from,
            other,
            t2,
        }
    }

    fn new(node: &Node, passphrase: &[u8], seed: u8) -> Self {
        let session = session(passphrase, b"theirs", seed);
        Self::of(node, session, address(seed))
    }

    /// Our T3 in answer to the node's T2.
    fn t3_for(&mut self, t2: T2) -> T3 {
        self.session.take_t2(&self.other, t2).t3
    }

    /// What the node's T3 reveals.
    fn open(&mut self, t3: T3) -> Option<Vec<u8>> {
        self.session
            .take_t3(&self.other, t3)
            .map(|found| found.payload)
    }
}
