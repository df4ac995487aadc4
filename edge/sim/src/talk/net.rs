//! What is between two devices: time, chance, packets on their way, and a relay.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use kernel::Time;
use primitives::Secret;
use switch::Switch;
use switch::server::{Config, Framing, Id, Input, Output};

use super::plan::{TalkPlan, Way};
use crate::Rng;

/// Which of the two: the caller is 0.
pub(crate) type Side = usize;

/// Something that happens at a moment.
pub(crate) enum Happening {
    /// A packet comes to an end of a connection.
    Arrive(u64, Side, Vec<u8>),
    /// A packet comes to the relay.
    AtSwitch(u64, Side, Vec<u8>),
    /// An end hears that its connection is gone.
    Lost(u64, Side),
    /// The relay hears that a connection is gone.
    Gone(Id),
    /// The time of an end.
    Wake(u64, Side),
    /// The time of the relay.
    SwitchWake,
    /// The caller looks whether it should dial.
    Dial,
    /// The caller comes to the relay, where the called side waits.
    Join(u64),
    /// Somebody says something.
    Say(Side),
    /// A message that was told is kept.
    Keep(Side, super::device::Told),
    /// A process begins.
    Start(Side),
}

pub(crate) struct Net {
    pub(crate) now: Time,
    pub(crate) rng: Rng,
    pub(crate) plan: TalkPlan,
    queue: BTreeMap<(Time, u64), Happening>,
    count: u64,
    links: BTreeMap<u64, Link>,
    switch: Switch,
    /// When the relay will be told the time next.
    armed: Option<Time>,
}

/// A connection.
struct Link {
    /// Packets until it is cut; `None`: never.
    left: Option<u64>,
    /// Which legs carry nothing any more.
    cut: [bool; 2],
    /// By how much all is late from now on.
    late: Duration,
    /// When the last packet comes, for each way in which packets are in order.
    last: [Time; 4],
}

impl Net {
    pub(crate) fn new(plan: TalkPlan, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut config = Config::default();
        // Only the two come, but often.
        config.starts = usize::MAX;
        let secret = secret(&mut rng);
        Self {
            now: START,
            switch: Switch::new(START, config, secret),
            rng,
            plan,
            queue: BTreeMap::new(),
            count: 0,
            links: BTreeMap::new(),
            armed: None,
        }
    }

    pub(crate) fn next(&mut self) -> Option<Happening> {
        let ((at, _), happening) = self.queue.pop_first()?;
        self.now = at;
        Some(happening)
    }

    pub(crate) fn at(&mut self, at: Time, happening: Happening) {
        self.count = self.count.saturating_add(1);
        self.queue.insert((at.max(self.now), self.count), happening);
    }

    /// In so many milliseconds.
    pub(crate) fn soon(&mut self, range: (u64, u64), happening: Happening) {
        let delay = Duration::from_millis(self.rng.within(range));
        self.at(self.now.after(delay), happening);
    }

    /// A new connection; the first ones are cut as planned.
    pub(crate) fn link(&mut self, number: u64) {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let link = Link {
            left: self.plan.cuts.get(place).copied(),
            cut: [false; 2],
            late: Duration::ZERO,
            last: [self.now; 4],
        };
        self.links.insert(number, link);
        if self.plan.way == Way::Relay {
            for side in [0, 1] {
                let host = u32::try_from(number).unwrap_or_default();
                let from = Ipv4Addr::from_bits(0x0a00_0000_u32.saturating_add(host)).into();
                let id = id(number, side);
                let framing = Framing::Message;
                let input = Input::Connected { id, from, framing };
                self.tell(input);
            }
        }
    }

    /// Sends a packet of one end.
    pub(crate) fn send(&mut self, link: u64, from: Side, packet: Vec<u8>) {
        match self.plan.way {
            Way::Pipe => {
                let to = Happening::Arrive(link, other(from), packet);
                self.in_order(link, (from, from), to);
            }
            Way::Relay => {
                let to = Happening::AtSwitch(link, from, packet);
                self.in_order(link, (from, from), to);
            }
            Way::Datagrams => self.datagram(link, from, &packet),
        }
    }

    /// An end has nothing more to say.
    pub(crate) fn close(&mut self, link: u64, from: Side) {
        match self.plan.way {
            Way::Pipe => {
                let to = Happening::Lost(link, other(from));
                self.in_order(link, (from, from), to);
            }
            Way::Relay => self.in_order(link, (from, from), Happening::Gone(id(link, from))),
            // Nobody is told.
            Way::Datagrams => {}
        }
    }

    /// A packet comes to the relay.
    pub(crate) fn at_switch(&mut self, link: u64, from: Side, bytes: &[u8]) {
        let id = id(link, from);
        self.tell(Input::Frame { id, bytes });
    }

    pub(crate) fn tell(&mut self, input: Input<'_>) {
        self.switch.handle(self.now, input);
        loop {
            match self.switch.poll() {
                Output::Send { to, bytes } => {
                    let (link, side) = whose(to);
                    let written = bytes.len();
                    let arrive = Happening::Arrive(link, side, bytes);
                    self.in_order(link, (side, side.saturating_add(2)), arrive);
                    self.switch.handle(
                        self.now,
                        Input::Sent {
                            id: to,
                            bytes: written,
                        },
                    );
                }
                Output::Close { id, .. } => {
                    let (link, side) = whose(id);
                    let lost = Happening::Lost(link, side);
                    self.in_order(link, (side, side.saturating_add(2)), lost);
                }
                // Everything is written at once.
                Output::Pause(_) | Output::Resume(_) => {}
                Output::Wait(until) => {
                    let sooner = |until: &Time| self.armed.is_none_or(|at| *until < at);
                    if let Some(until) = until.filter(sooner) {
                        self.armed = Some(until);
                        self.at(until, Happening::SwitchWake);
                    }
                    return;
                }
            }
        }
    }

    /// The time of the relay has come, if it is this one.
    pub(crate) fn wake_switch(&mut self) {
        if self.armed == Some(self.now) {
            self.armed = None;
            self.tell(Input::Tick);
        }
    }

    fn in_order(&mut self, link: u64, (leg, way): (Side, usize), happening: Happening) {
        if !self.passes(link, leg) {
            return;
        }
        let delay = Duration::from_millis(self.rng.within(self.plan.delay_ms));
        let late = self
            .links
            .get(&link)
            .map_or(Duration::ZERO, |link| link.late);
        let mut at = self.now.after(delay).after(late);
        if let Some(last) = self.links.get_mut(&link).and_then(|l| l.last.get_mut(way)) {
            at = at.max(*last);
            *last = at;
        }
        self.at(at, happening);
    }

    fn datagram(&mut self, link: u64, from: Side, packet: &[u8]) {
        let copies = if self.rng.chance(self.plan.duplicate_percent) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            if !self.passes(link, from) || self.rng.chance(self.plan.loss_percent) {
                continue;
            }
            let mut packet = packet.to_vec();
            if self.rng.below(1000) < self.plan.altered_permille {
                let length = u64::try_from(packet.len()).unwrap_or_default();
                let place = usize::try_from(self.rng.below(length)).unwrap_or_default();
                let bit = 1_u8.checked_shl(u32::try_from(self.rng.below(8)).unwrap_or_default());
                if let (Some(byte), Some(bit)) = (packet.get_mut(place), bit) {
                    *byte ^= bit;
                }
            }
            let range = self.plan.delay_ms;
            self.soon(range, Happening::Arrive(link, other(from), packet));
        }
    }

    /// Whether a packet comes through, on the leg of one side; the one that cuts it does not.
    fn passes(&mut self, link: u64, leg: Side) -> bool {
        let Some(found) = self.links.get_mut(&link) else {
            return false;
        };
        match &mut found.left {
            Some(0) => {
                found.left = None;
                if self.plan.way == Way::Pipe && self.rng.chance(self.plan.late_percent) {
                    self.delay(link);
                    return true;
                }
                self.cut(link);
                false
            }
            left => {
                *left = left.map(|left| left.saturating_sub(1));
                !found.cut.get(leg).copied().unwrap_or(true)
            }
        }
    }

    /// The caller gives a connection up, while what was sent is still on its way.
    fn delay(&mut self, link: u64) {
        let late = Duration::from_millis(self.rng.within((100, 4000)));
        if let Some(link) = self.links.get_mut(&link) {
            link.late = late;
        }
        self.at(self.now, Happening::Lost(link, 0));
    }

    /// Cuts a connection. An end hears of it, or does not.
    fn cut(&mut self, link: u64) {
        let leg = usize::try_from(self.rng.below(2)).unwrap_or_default();
        if let Some(found) = self.links.get_mut(&link) {
            match self.plan.way {
                // One leg of it, of which the relay may hear.
                Way::Relay => found.cut = [leg == 0, leg == 1],
                Way::Pipe | Way::Datagrams => found.cut = [true; 2],
            }
        }
        let hears = [self.rng.chance(70), self.rng.chance(50)];
        match self.plan.way {
            Way::Datagrams => {}
            Way::Pipe => {
                for (side, _) in hears.into_iter().enumerate().filter(|(_, hears)| *hears) {
                    self.soon((0, 2000), Happening::Lost(link, side));
                }
            }
            Way::Relay => {
                if hears.first() == Some(&true) {
                    self.soon((0, 2000), Happening::Lost(link, leg));
                }
                if hears.last() == Some(&true) {
                    self.soon((0, 2000), Happening::Gone(id(link, leg)));
                }
            }
        }
    }
}

pub(crate) const fn other(side: Side) -> Side {
    match side {
        0 => 1,
        _ => 0,
    }
}

pub(crate) fn secret(rng: &mut Rng) -> Secret<32> {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(rng.bytes(32)) {
        *to = from;
    }
    Secret::new(bytes)
}

fn id(link: u64, side: Side) -> Id {
    let side = u64::try_from(side).unwrap_or_default();
    Id::new(link.saturating_mul(2).saturating_add(side))
}

const fn whose(id: Id) -> (u64, Side) {
    let side = if id.number().is_multiple_of(2) { 0 } else { 1 };
    (id.number() >> 1, side)
}

pub(crate) const START: Time = Time::from_ms(1_800_000_000_000);
