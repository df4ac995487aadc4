use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drive::Clock;
use kernel::Time;
use primitives::Secret;
use switch::Switch;
use switch::server::{self, Cause, Framing, Id, Input, Load, Output, Stats};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Connection;
use super::count::count;

/// A relay that runs: what all its connections share.
///
/// One lock is around the machine. What is done under it is bounded: an exchange, or opening and sealing
/// one frame of 65,600 bytes. What waits to be written is bounded by the machine, which counts it.
pub struct Relay {
    hall: Mutex<Hall>,
    clock: Clock,
    /// When the machine wants to be called again has changed.
    changed: Notify,
}

struct Hall {
    switch: Switch,
    lines: BTreeMap<Id, Line>,
    next: u64,
    until: Option<Time>,
}

/// What the machine has for a connection.
struct Line {
    orders: mpsc::UnboundedSender<Order>,
    flow: watch::Sender<Flow>,
}

/// What is to be written.
pub(super) enum Order {
    Send(Vec<u8>),
    /// The last one.
    Close(Cause),
}

/// Whether a connection is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flow {
    On,
    Paused,
    /// It has ended: what still comes is thrown away.
    Ended,
}

impl Relay {
    /// A relay that nobody is connected to; `seed` is fresh from the operating system.
    #[must_use]
    pub fn new(limits: server::Config, seed: Secret<32>) -> Self {
        let clock = Clock::new();
        let hall = Hall {
            switch: Switch::new(clock.now(), limits, seed),
            lines: BTreeMap::new(),
            next: 0,
            until: None,
        };
        Self {
            hall: Mutex::new(hall),
            clock,
            changed: Notify::new(),
        }
    }

    /// Lets its time pass and counts, until dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut counting = interval(COUNT);
        counting.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let until = self.lock().until;
            tokio::select! {
                () = sleep(self.clock.until(until)) => self.handle(Input::Tick),
                () = self.changed.notified() => {}
                _ = counting.tick() => {
                    let hall = self.lock();
                    count(hall.switch.load(), hall.switch.stats());
                }
            }
        }
    }

    /// Who is there.
    #[must_use]
    pub fn load(&self) -> Load {
        self.lock().switch.load()
    }

    /// What was counted.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.lock().switch.stats().clone()
    }

    /// Somebody connected from `from`.
    pub(crate) fn connect(self: &Arc<Self>, from: IpAddr, framing: Framing) -> Connection {
        let (orders, ordered) = mpsc::unbounded_channel();
        let (flow, flows) = watch::channel(Flow::On);
        let mut hall = self.lock();
        let id = Id::new(hall.next);
        hall.next = hall.next.saturating_add(1);
        hall.lines.insert(id, Line { orders, flow });
        self.tell(hall, Input::Connected { id, from, framing });
        Connection::new(Arc::clone(self), id, ordered, flows)
    }

    /// Ends all connections, and whoever comes from now on. Their last frames are still written.
    pub(crate) fn stop(&self) {
        self.handle(Input::Stop);
    }

    pub(super) fn handle(&self, input: Input<'_>) {
        self.tell(self.lock(), input);
    }

    fn tell(&self, mut hall: MutexGuard<'_, Hall>, input: Input<'_>) {
        let before = hall.until;
        hall.switch.handle(self.clock.now(), input);
        hall.drain();
        if hall.until != before {
            self.changed.notify_one();
        }
    }

    /// A connection is gone.
    pub(super) fn leave(&self, id: Id) {
        let mut hall = self.lock();
        hall.lines.remove(&id);
        self.tell(hall, Input::Disconnected(id));
    }

    /// Also after a panic elsewhere: what a machine leaves is whole.
    fn lock(&self) -> MutexGuard<'_, Hall> {
        self.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hall {
    /// Does what the machine says, in its order.
    fn drain(&mut self) {
        loop {
            match self.switch.poll() {
                Output::Send { to, bytes } => self.order(to, Order::Send(bytes)),
                Output::Close { id, cause } => {
                    self.order(id, Order::Close(cause));
                    self.set(id, Flow::Ended);
                    self.lines.remove(&id);
                }
                Output::Pause(id) => self.set(id, Flow::Paused),
                Output::Resume(id) => self.set(id, Flow::On),
                Output::Wait(until) => {
                    self.until = until;
                    return;
                }
            }
        }
    }

    fn order(&self, id: Id, order: Order) {
        if let Some(line) = self.lines.get(&id) {
            // If its task has ended, it says so itself.
            drop(line.orders.send(order));
        }
    }

    fn set(&self, id: Id, flow: Flow) {
        if let Some(line) = self.lines.get(&id) {
            line.flow.send_replace(flow);
        }
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Relay")
    }
}

/// How often the metrics are brought up to date.
const COUNT: Duration = Duration::from_secs(5);
