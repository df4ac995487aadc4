//! Two devices that talk by channels, over connections that break.

mod book;
mod carrier;
mod device;
mod net;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use channel::{Channel, Config, Input, Mode, Padding};
use identity::IdentityKey;
use kcp::{Connection, Conv, Route, route};
use kernel::Time;
use primitives::Secret;
use switch::{Client, Token, Wish};

pub use plan::{Crash, Dies, TalkPlan, Way};

use book::Book;
use carrier::Carrier;
use device::{Device, Died, Line};
use net::{Happening, Net, START, Side, other, secret};

/// What came of a run.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Talked {
    /// What each side said, caller first.
    pub said: [Vec<u64>; 2],
    /// What each side was shown.
    pub shown: [Vec<u64>; 2],
    /// What each side gave to a session that did not go on.
    pub doubt: [Vec<u64>; 2],
    /// How channels ended, and how often.
    pub ends: BTreeMap<String, u64>,
    /// Connections.
    pub dialled: u64,
    /// Sides that went on with a session.
    pub resumed: usize,
    /// Records that each side saved, or tried to.
    pub saved: [u64; 2],
    /// Most bytes that waited for the rest of a frame.
    pub held: usize,
    /// How long it took.
    pub took: Duration,
}

/// Two devices, and a network between them.
pub struct Talk {
    net: Net,
    book: Book,
    devices: [Device; 2],
    keys: [Arc<IdentityKey>; 2],
    said: [Vec<u64>; 2],
    dialled: u64,
}

impl Talk {
    /// Both have what `plan` says to say; all chance comes from `seed`.
    #[must_use]
    pub fn new(plan: TalkPlan, seed: u64) -> Self {
        let is_altered = plan.way == Way::Datagrams && plan.altered_permille > 0;
        let book = Book::new(plan.mode, is_altered);
        let key = |n| Arc::new(IdentityKey::from_seeds(&Secret::new([n; 32]), None));
        let mut net = Net::new(plan, seed);
        let (messages, within) = (net.plan.messages, net.plan.within_ms);
        for (side, count) in messages.into_iter().enumerate() {
            for _ in 0..count {
                net.soon((0, within), Happening::Say(side));
            }
        }
        net.soon((0, 0), Happening::Dial);
        Self {
            net,
            book,
            devices: [Device::new(0), Device::new(1)],
            keys: [key(1), key(2)],
            said: [Vec::new(), Vec::new()],
            dialled: 0,
        }
    }

    /// Runs until all is said and shown.
    ///
    /// # Errors
    ///
    /// What did not hold.
    pub fn run(mut self) -> Result<Talked, String> {
        let mut done: Option<Time> = None;
        let end = START.after(PATIENCE);
        while let Some(happening) = self.net.next() {
            if self.net.now > end {
                self.book.wrong("it does not come to an end".to_owned());
                break;
            }
            self.happen(happening);
            self.check();
            if !self.book.wrong.is_empty() {
                break;
            }
            // And a while longer, for what is still on its way.
            done = match self.is_done() {
                true => done.or_else(|| Some(self.net.now.after(REST))),
                false => None,
            };
            if done.is_some_and(|done| done <= self.net.now) {
                break;
            }
        }
        self.agree();
        let [caller, called] = &self.devices;
        let talked = Talked {
            shown: [caller, called].map(|device| device.kept.shown.clone()),
            doubt: [caller, called].map(|device| device.kept.doubt.clone()),
            ends: self.book.ends().clone(),
            dialled: self.dialled,
            resumed: self.book.resumed(),
            saved: [caller.saves(), called.saves()],
            held: self.book.most_held(),
            took: self.net.now.since(START),
            said: self.said,
        };
        match self.book.wrong.is_empty() {
            true => Ok(talked),
            false => Err(format!("{:?}\n{talked:?}", self.book.wrong)),
        }
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.net.now;
        match happening {
            Happening::Arrive(link, side, packet) => {
                if side == CALLED {
                    self.listen(link, &packet);
                }
                self.with(link, side, |line| line.carrier.hear(now, &packet));
            }
            Happening::AtSwitch(link, side, packet) => self.net.at_switch(link, side, &packet),
            Happening::Lost(link, side) => self.with(link, side, |line| {
                line.carrier.lost(now);
                if matches!(line.carrier, Carrier::Pipe { .. }) {
                    line.channel.handle(now, Input::Lost);
                }
            }),
            Happening::Gone(id) => self.net.tell(switch::server::Input::Disconnected(id)),
            Happening::Wake(link, side) => self.with(link, side, |line| {
                if line.woken(now) {
                    line.carrier.tick(now);
                    line.channel.handle(now, Input::Tick);
                }
            }),
            Happening::SwitchWake => self.net.wake_switch(),
            Happening::Dial => self.dial(),
            Happening::Join(link) => self.join(link),
            Happening::Say(side) => self.say(side),
            Happening::Keep(side, told) => {
                let link = self
                    .devices
                    .get_mut(side)
                    .and_then(|one| one.keep(now, told));
                if let Some(link) = link {
                    self.settle(link, side);
                }
            }
            Happening::Start(side) => {
                if let Some(device) = self.devices.get_mut(side) {
                    device.is_up = true;
                }
            }
        }
    }

    fn with(&mut self, link: u64, side: Side, act: impl FnOnce(&mut Line)) {
        let device = self.devices.get_mut(side);
        if let Some(line) = device.and_then(|device| device.lines.get_mut(&link)) {
            act(line);
            self.settle(link, side);
        }
    }

    fn settle(&mut self, link: u64, side: Side) {
        let Some(device) = self.devices.get_mut(side) else {
            return;
        };
        if let Err(Died) = device.settle(link, &mut self.net, &mut self.book) {
            for link in device.die() {
                self.net.close(link, side);
            }
            self.net.soon((10, 1000), Happening::Start(side));
        }
    }

    fn say(&mut self, side: Side) {
        let (Some(said), Some(device)) = (self.said.get_mut(side), self.devices.get_mut(side))
        else {
            return;
        };
        let number = u64::try_from(said.len()).unwrap_or_default();
        let of_side = u64::try_from(side).unwrap_or_default().saturating_mul(1000);
        let message = number.saturating_add(of_side);
        said.push(message);
        device.say(message);
        if let Some(link) = device.open {
            self.settle(link, side);
        }
    }

    /// The caller dials, if it has no connection.
    fn dial(&mut self) {
        self.net.soon((100, 600), Happening::Dial);
        let [caller, called] = &self.devices;
        if !caller.is_up || !caller.lines.is_empty() || !called.is_up {
            return;
        }
        let link = self.dialled;
        self.dialled = link.saturating_add(1);
        self.net.link(link);
        match self.net.plan.way {
            Way::Pipe => {
                self.answer(link, Carrier::pipe());
                self.call(link, Carrier::pipe());
            }
            Way::Datagrams => self.call(link, Carrier::datagrams(self.connection(conv(link)))),
            Way::Relay => {
                let client = self.client(Wish::Create(Some(meeting(link))));
                self.answer(link, Carrier::relay(client));
                // Four packets, and the called side waits.
                let most = self.net.plan.delay_ms.1.saturating_mul(5).saturating_add(5);
                self.net.soon((most, most), Happening::Join(link));
            }
        }
    }

    fn join(&mut self, link: u64) {
        let caller = self.devices.first();
        if caller.is_some_and(|caller| caller.is_up && caller.lines.is_empty()) {
            let client = self.client(Wish::Join(meeting(link)));
            self.call(link, Carrier::relay(client));
        }
    }

    /// A datagram may begin a connection.
    fn listen(&mut self, link: u64, packet: &[u8]) {
        let called = self.devices.get(CALLED);
        let has_line =
            called.is_some_and(|called| !called.is_up || called.lines.contains_key(&link));
        if self.net.plan.way != Way::Datagrams || has_line {
            return;
        }
        // Each connection comes from a port of its own. Another conv than that of the dialer may begin
        // one too, if a datagram was altered; nothing comes of it.
        if let Route::Open(conv) = route(packet, &[]) {
            self.answer(link, Carrier::datagrams(self.connection(conv)));
        }
    }

    fn connection(&self, conv: Conv) -> Connection {
        Connection::new(kcp::Config::own(), conv, self.net.now)
    }

    fn client(&mut self, wish: Wish) -> Client {
        let config = switch::client::Config::default();
        let seed = secret(&mut self.net.rng);
        Client::new(self.net.now, config, wish, None, seed)
    }

    fn call(&mut self, link: u64, carrier: Carrier) {
        let [caller, _] = &self.devices;
        let resumption = caller.resumption(self.net.now);
        let (now, key) = (self.net.now, self.key(CALLER));
        let seed = secret(&mut self.net.rng);
        let channel = Channel::dial(now, self.config("Alice"), key, resumption.clone(), seed);
        self.add(link, CALLER, Line::new(channel, carrier, resumption));
    }

    fn answer(&mut self, link: u64, carrier: Carrier) {
        let (now, key) = (self.net.now, self.key(CALLED));
        let seed = secret(&mut self.net.rng);
        let channel = Channel::answer(now, self.config("Bob"), key, seed);
        self.add(link, CALLED, Line::new(channel, carrier, None));
    }

    fn key(&self, side: Side) -> Arc<IdentityKey> {
        let [caller, called] = &self.keys;
        Arc::clone(if side == CALLER { caller } else { called })
    }

    fn add(&mut self, link: u64, side: Side, line: Line) {
        if let Some(device) = self.devices.get_mut(side) {
            device.lines.insert(link, line);
        }
        self.settle(link, side);
    }

    #[expect(clippy::expect_used, reason = "a name of a test")]
    fn config(&self, name: &str) -> Config {
        let mut config = Config::new(name.parse().expect("a name"));
        config.mode = self.net.plan.mode;
        if self.net.plan.way == Way::Relay {
            config.padding = Padding::Relayed;
        }
        config
    }

    /// What must hold at any moment.
    fn check(&mut self) {
        for (side, message) in self.book.claims() {
            let device = self.devices.get(other(side));
            if !device.is_some_and(|device| device.kept.shown.contains(&message)) {
                let wrong = format!("{message} of side {side} is acknowledged, and not kept");
                self.book.wrong(wrong);
            }
        }
    }

    fn is_done(&self) -> bool {
        let is_open = |device: &Device| device.open.is_some() && device.kept.outbox.is_empty();
        let [caller, called] = &self.devices;
        let all = self.said.each_ref().map(|said| said.len() as u64) == self.net.plan.messages;
        all && caller.open == called.open && is_open(caller) && is_open(called)
    }

    /// What must hold in the end.
    fn agree(&mut self) {
        for side in [CALLER, CALLED] {
            let (Some(said), Some(from), Some(to)) = (
                self.said.get(side),
                self.devices.get(side),
                self.devices.get(other(side)),
            ) else {
                continue;
            };
            let is_right = match self.net.plan.mode {
                // Once each, in order; only what came too late for a session may be missing.
                Mode::Ours => {
                    let doubt = &from.kept.doubt;
                    let shown = &to.kept.shown;
                    let is_due = |one: &&u64| shown.contains(*one) || !doubt.contains(*one);
                    let may_doubt = self.net.plan.late_percent > 0;
                    (may_doubt || doubt.is_empty()) && shown.iter().eq(said.iter().filter(is_due))
                }
                // None twice, in order, and none that was not said.
                _ => to.kept.shown.is_sorted_by(|one, next| one < next),
            };
            if !is_right {
                self.book.wrong(format!("side {side} said {said:?}"));
            }
        }
        let sessions = self.devices.each_ref().map(Device::session);
        if let [one, other] = sessions
            && (one.is_none() || one != other)
        {
            self.book
                .wrong(format!("one is in {one:?}, the other in {other:?}"));
        }
    }
}

impl std::fmt::Debug for Talk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Talk")
    }
}

/// The number of a connection over datagrams.
fn conv(link: u64) -> Conv {
    let link = u32::try_from(link).unwrap_or_default();
    Conv::new(link.wrapping_mul(0x9e37_79b9).wrapping_add(1))
}

/// By what the two find each other at the relay.
fn meeting(link: u64) -> Token {
    let mut token = [0; 32];
    for (to, from) in token.iter_mut().zip(crate::Rng::new(link).bytes(32)) {
        *to = from;
    }
    Secret::new(token).into()
}

const CALLER: Side = 0;
const CALLED: Side = 1;
/// By then all is said and shown, whatever went wrong.
const PATIENCE: Duration = Duration::from_mins(30);
/// How long nothing must change in the end.
const REST: Duration = Duration::from_secs(3);
