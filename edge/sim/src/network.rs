use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use drive::{World, drain};
use kernel::Time;
use rendezvous::lan::{Config, Event, Input, Lan, Link, Output, StartError, Stats};
use rendezvous::{Done, Job, Passkey, Seed};

use crate::{Cache, Faults, Rng};

/// Someone who meets.
#[expect(clippy::exhaustive_structs, reason = "tests name every field")]
#[derive(Clone, Debug)]
pub struct Person {
    /// Stretched once for many runs.
    pub passkey: Passkey,
    /// What they have to say.
    pub payload: Vec<u8>,
    /// The machine's seed; a restarted machine has another one made from it.
    pub seed: [u8; 31],
    /// The bounds of the machine.
    pub config: Config,
}

/// Something a node told.
#[expect(clippy::exhaustive_structs, reason = "tests name every field")]
#[derive(Clone, Debug)]
pub struct Told {
    /// When.
    pub at: Time,
    /// What.
    pub event: Event,
}

/// Nodes on one link, and what is on its way between them.
#[derive(Debug)]
pub struct Network<'a> {
    nodes: Vec<Node>,
    air: Air<'a>,
}

impl<'a> Network<'a> {
    /// An empty link whose chance comes from `seed`.
    #[must_use]
    pub fn new(cache: &'a Cache, faults: Faults, seed: u64) -> Self {
        Self {
            nodes: Vec::new(),
            air: Air {
                cache,
                faults,
                rng: Rng::new(seed),
                now: Time::ZERO,
                queue: BTreeMap::new(),
                count: 0,
                addresses: Vec::new(),
                sent: 0,
            },
        }
    }

    /// Adds a node that starts at `start` with an address of its own; returns its number.
    pub fn join(&mut self, person: Person, start: Time) -> usize {
        let number = self.nodes.len();
        self.nodes.push(Node {
            person,
            lan: None,
            life: 0,
            wake: None,
            told: Vec::new(),
        });
        self.air.addresses.push(address(number, 0));
        self.air.at(start, Happening::Start(number));
        number
    }

    /// Ends the node's process at `at` and starts it anew, with nothing but its person.
    pub fn restart(&mut self, node: usize, at: Time) {
        self.air.at(at, Happening::Start(node));
    }

    /// Lets the node finish at `at`.
    pub fn finish(&mut self, node: usize, at: Time) {
        self.air.at(at, Happening::Finish(node));
    }

    /// Delivers `bytes`, forged by somebody on the link, to `node` at `at`.
    pub fn inject(&mut self, at: Time, node: usize, from: SocketAddrV4, bytes: Vec<u8>) {
        let bytes = bytes.into();
        self.air.at(at, Happening::Arrive { node, from, bytes });
    }

    /// Runs until `end`.
    ///
    /// # Errors
    ///
    /// A person's payload is too long.
    pub fn run(&mut self, end: Time) -> Result<(), StartError> {
        while let Some(entry) = self.air.queue.first_entry() {
            if entry.key().0 > end {
                break;
            }
            self.air.now = entry.key().0;
            let happening = entry.remove();
            self.happen(happening)?;
        }
        self.air.now = self.air.now.max(end);
        Ok(())
    }

    /// What the node told, over all its lives.
    #[must_use]
    pub fn told(&self, node: usize) -> &[Told] {
        self.nodes.get(node).map_or(&[], |node| &node.told)
    }

    /// The payloads the node was told, with the time.
    pub fn matches(&self, node: usize) -> impl Iterator<Item = (Time, &[u8])> {
        self.told(node).iter().filter_map(|told| match &told.event {
            Event::Match { payload, .. } => Some((told.at, payload.as_slice())),
            _ => None,
        })
    }

    /// What the node's present machine counted.
    #[must_use]
    pub fn stats(&self, node: usize) -> Option<Stats> {
        Some(self.nodes.get(node)?.lan.as_ref()?.stats())
    }

    /// Datagrams sent so far, one to the group counted once.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.air.sent
    }

    fn happen(&mut self, happening: Happening) -> Result<(), StartError> {
        let number = happening.node();
        let Some(node) = self.nodes.get_mut(number) else {
            return Ok(());
        };
        let now = self.air.now;
        match happening {
            Happening::Start(_) => node.start(&mut self.air, number)?,
            Happening::Finish(_) => node.with(|lan| lan.finish(now)),
            Happening::Arrive { from, bytes, .. } => {
                let link = LINK;
                let bytes = &bytes;
                node.with(|lan| lan.handle(now, Input::Datagram { link, from, bytes }));
            }
            Happening::Done { life, job, .. } if life == node.life => {
                let done = *job;
                node.with(|lan| lan.handle(now, Input::Done(done)));
            }
            Happening::Wake(_) if node.wake == Some(now) => {
                node.wake = None;
                node.with(|lan| lan.handle(now, Input::Tick));
            }
            Happening::Done { .. } | Happening::Wake(_) => return Ok(()),
        }
        node.settle(&mut self.air, number);
        Ok(())
    }
}

#[derive(Debug)]
struct Node {
    person: Person,
    lan: Option<Lan>,
    /// How often it was started.
    life: u8,
    wake: Option<Time>,
    told: Vec<Told>,
}

impl Node {
    fn start(&mut self, air: &mut Air<'_>, number: usize) -> Result<(), StartError> {
        self.life = self.life.saturating_add(1);
        self.wake = None;
        let mut seed = [self.life; 32];
        for (to, from) in seed.iter_mut().zip(self.person.seed) {
            *to = from;
        }
        if let Some(own) = air.addresses.get_mut(number) {
            *own = address(number, self.life);
        }
        let Person {
            passkey,
            payload,
            config,
            ..
        } = self.person.clone();
        self.lan = Some(Lan::new(
            config,
            passkey,
            payload,
            Seed::new(seed),
            air.now,
        )?);
        Ok(())
    }

    fn with(&mut self, act: impl FnOnce(&mut Lan)) {
        if let Some(lan) = &mut self.lan {
            act(lan);
        }
    }

    fn settle(&mut self, air: &mut Air<'_>, number: usize) {
        let Some(lan) = &mut self.lan else {
            return;
        };
        let (life, told) = (self.life, &mut self.told);
        let mut world = Desk {
            air,
            number,
            life,
            told,
        };
        let until = drain(lan, &mut world);
        if let Some(until) = until.filter(|until| self.wake.is_none_or(|wake| *until < wake)) {
            self.wake = Some(until);
            air.at(until, Happening::Wake(number));
        }
    }
}

/// Time, chance, and what is under way.
#[derive(Debug)]
struct Air<'a> {
    cache: &'a Cache,
    faults: Faults,
    rng: Rng,
    now: Time,
    queue: BTreeMap<(Time, u64), Happening>,
    count: u64,
    addresses: Vec<SocketAddrV4>,
    sent: u64,
}

impl Air<'_> {
    fn at(&mut self, at: Time, happening: Happening) {
        self.count = self.count.saturating_add(1);
        self.queue.insert((at.max(self.now), self.count), happening);
    }

    /// Sends one datagram over the air to one node, with all that can go wrong.
    fn carry(&mut self, from: usize, to: usize, bytes: &Arc<[u8]>) {
        let Some(&source) = self.addresses.get(from) else {
            return;
        };
        if self.faults.separate(self.now, from, to) {
            return;
        }
        let copies = if self.rng.chance(self.faults.duplicate_percent) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            if self.rng.chance(self.faults.loss_percent) {
                continue;
            }
            let delay = self.rng.within(self.faults.delay_ms);
            let at = self.now.after(Duration::from_millis(delay));
            let arrive = Happening::Arrive {
                node: to,
                from: source,
                bytes: Arc::clone(bytes),
            };
            self.at(at, arrive);
        }
    }
}

#[derive(Debug)]
enum Happening {
    Start(usize),
    Finish(usize),
    Arrive {
        node: usize,
        from: SocketAddrV4,
        bytes: Arc<[u8]>,
    },
    Done {
        node: usize,
        life: u8,
        job: Box<Done>,
    },
    Wake(usize),
}

impl Happening {
    const fn node(&self) -> usize {
        match self {
            Self::Start(node)
            | Self::Finish(node)
            | Self::Wake(node)
            | Self::Arrive { node, .. }
            | Self::Done { node, .. } => *node,
        }
    }
}

/// One node's side of the air.
struct Desk<'a, 'b> {
    air: &'a mut Air<'b>,
    number: usize,
    life: u8,
    told: &'a mut Vec<Told>,
}

impl Desk<'_, '_> {
    fn work(&mut self, job: Job) {
        let taken = self.air.rng.within(self.air.faults.job_ms);
        let at = self.air.now.after(Duration::from_millis(taken));
        let done = Happening::Done {
            node: self.number,
            life: self.life,
            job: Box::new(self.air.cache.run(job)),
        };
        self.air.at(at, done);
    }
}

impl World<Output> for Desk<'_, '_> {
    fn perform(&mut self, output: Output) -> ControlFlow<Option<Time>> {
        match output {
            Output::Work(job) => self.work(job),
            Output::Multicast(bytes) => {
                self.air.sent = self.air.sent.saturating_add(1);
                let bytes = bytes.into();
                for to in 0..self.air.addresses.len() {
                    self.air.carry(self.number, to, &bytes);
                }
            }
            Output::Send { to, bytes, .. } => {
                self.air.sent = self.air.sent.saturating_add(1);
                let bytes = bytes.into();
                let to = self.air.addresses.iter().position(|address| *address == to);
                if let Some(to) = to {
                    self.air.carry(self.number, to, &bytes);
                }
            }
            Output::Tell(event) => self.told.push(Told {
                at: self.air.now,
                event,
            }),
            Output::Wait(until) => return ControlFlow::Break(until),
        }
        ControlFlow::Continue(())
    }
}

/// A node's address; a restarted one has a new port.
fn address(number: usize, life: u8) -> SocketAddrV4 {
    let host = u8::try_from(number).unwrap_or(u8::MAX).saturating_add(1);
    let port = 40_000_u16.saturating_add(u16::from(life));
    SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, host), port)
}

const LINK: Link = Link::new(1);
