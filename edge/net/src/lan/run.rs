use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use drive::{Pool, World, drain};
use kernel::Time;
use rendezvous::lan::{Input, Lan, Output};
use rendezvous::{Done, Job, Passkey, Seed, lan};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::link::{Link, Packet};
use super::{Event, Interface, Interfaces, LinkError, Options, StartError};

/// The machine, its clock and its world.
#[derive(Debug)]
pub(super) struct Runner {
    lan: Lan,
    start: Instant,
    world: Sockets,
    packets: mpsc::Receiver<Packet>,
    done: mpsc::UnboundedReceiver<Done>,
    interfaces: Interfaces,
    rescan: Duration,
}

impl Runner {
    pub(super) fn new(
        options: Options,
        passkey: Passkey,
        payload: Vec<u8>,
        seed: Seed,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Self, StartError> {
        let group = *options.group.ip();
        if !group.is_multicast() {
            return Err(StartError::NotAGroup { group });
        }
        let pool = Pool::with_threads(options.machine.parallel.min(Pool::cores()));
        let lan = Lan::new(options.machine, passkey, payload, seed, Time::ZERO)?;
        let (packet_sender, packets) = mpsc::channel(PACKETS);
        let (done_sender, done) = mpsc::unbounded_channel();
        let mut world = Sockets {
            group: options.group,
            links: Vec::new(),
            numbers: 0,
            packets: packet_sender,
            pool: pool.map_err(|_| StartError::NoThreads)?,
            done: done_sender,
            events,
            complained: BTreeMap::new(),
            finished: false,
        };
        let mut troubles = VecDeque::new();
        for interface in options.interfaces.find()? {
            if let Err(error) = world.open(interface) {
                troubles.push_back(error);
            }
        }
        if world.links.is_empty() {
            let first = troubles.pop_front();
            return Err(first.map_or(StartError::NoInterface, StartError::Link));
        }
        for error in troubles {
            world.tell(Event::Trouble(error));
        }
        Ok(Self {
            lan,
            start: Instant::now(),
            world,
            packets,
            done,
            interfaces: options.interfaces,
            rescan: options.rescan.max(SHORTEST_RESCAN),
        })
    }

    pub(super) fn interfaces(&self) -> Vec<Interface> {
        self.world.interfaces()
    }

    /// Runs until the machine has finished.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut rescan = interval(self.rescan);
        let mut stopping = false;
        rescan.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let until = drain(&mut self.lan, &mut self.world);
            if self.world.finished {
                return;
            }
            let wait = self.until(until);
            tokio::select! {
                Some(packet) = self.packets.recv() => self.on_packet(&packet),
                Some(done) = self.done.recv() => self.lan.handle(self.now(), Input::Done(done)),
                () = sleep(wait) => self.lan.handle(self.now(), Input::Tick),
                told = stopped(&mut stop), if !stopping => {
                    if !told {
                        return;
                    }
                    stopping = true;
                    self.lan.finish(self.now());
                }
                _ = rescan.tick() => self.rescan(),
            }
        }
    }

    fn on_packet(&mut self, packet: &Packet) {
        let input = Input::Datagram {
            link: packet.link,
            from: packet.from,
            bytes: &packet.bytes,
        };
        self.lan.handle(self.now(), input);
    }

    fn rescan(&mut self) {
        let there = self.interfaces.find_again();
        let gone = self
            .world
            .links
            .extract_if(.., |link| !there.contains(&link.interface));
        let gone: Vec<_> = gone.map(|link| link.number).collect();
        let mut changed = !gone.is_empty();
        for number in gone {
            self.lan.handle(self.now(), Input::LinkDown(number));
        }
        for interface in there {
            if self
                .world
                .links
                .iter()
                .any(|link| link.interface == interface)
            {
                continue;
            }
            let name = interface.name.clone();
            match self.world.open(interface) {
                Ok(number) => {
                    changed = true;
                    self.lan.handle(self.now(), Input::LinkUp(number));
                }
                Err(error) => self.world.complain(&name, error),
            }
        }
        if changed {
            self.world.tell(Event::Interfaces(self.world.interfaces()));
        }
    }

    fn now(&self) -> Time {
        Time::ZERO.after(self.start.elapsed())
    }

    fn until(&self, time: Option<Time>) -> Duration {
        let wait = time.map_or(LONGEST_WAIT, |time| time.since(self.now()));
        wait.saturating_add(ROUNDING)
    }
}

/// What the machine acts on.
#[derive(Debug)]
struct Sockets {
    group: std::net::SocketAddrV4,
    links: Vec<Link>,
    numbers: u32,
    packets: mpsc::Sender<Packet>,
    pool: Pool,
    done: mpsc::UnboundedSender<Done>,
    events: mpsc::UnboundedSender<Event>,
    complained: BTreeMap<String, Instant>,
    finished: bool,
}

impl Sockets {
    fn interfaces(&self) -> Vec<Interface> {
        self.links
            .iter()
            .map(|link| link.interface.clone())
            .collect()
    }

    fn open(&mut self, interface: Interface) -> Result<lan::Link, LinkError> {
        self.numbers = self.numbers.saturating_add(1);
        let number = lan::Link::new(self.numbers);
        let name = interface.name.clone();
        let link = Link::open(number, interface, self.group, &self.packets)
            .map_err(|error| LinkError::new(&name, self.group.port(), &error))?;
        self.links.push(link);
        Ok(number)
    }

    fn work(&self, job: Job) {
        let done = self.done.clone();
        // Nobody waits any more if the meeting was dropped.
        self.pool.submit(move || drop(done.send(job.run())));
    }

    /// Sends with `send` on the links that `chosen` takes.
    fn send(&mut self, chosen: impl Fn(&Link) -> bool, send: impl Fn(&Link) -> io::Result<()>) {
        let mut errors = Vec::new();
        for link in self.links.iter().filter(|link| chosen(link)) {
            if let Err(error) = send(link) {
                let name = link.interface.name.clone();
                let error = LinkError::new(&name, self.group.port(), &error);
                errors.push((name, error));
            }
        }
        for (name, error) in errors {
            self.complain(&name, error);
        }
    }

    fn complain(&mut self, interface: &str, error: LinkError) {
        let now = Instant::now();
        let last = self.complained.get(interface);
        if last.is_none_or(|last| now.duration_since(*last) >= COMPLAINTS) {
            self.complained.insert(interface.to_owned(), now);
            self.tell(Event::Trouble(error));
        }
    }

    fn tell(&self, event: Event) {
        // A meeting whose events nobody reads is about to be dropped.
        drop(self.events.send(event));
    }
}

impl World<Output> for Sockets {
    fn perform(&mut self, output: Output) -> ControlFlow<Option<Time>> {
        match output {
            Output::Work(job) => self.work(job),
            Output::Multicast(bytes) => self.send(|_| true, |link| link.announce(&bytes)),
            Output::Send { link, to, bytes } => {
                self.send(|each| each.number == link, |each| each.send(to, &bytes));
            }
            Output::Tell(event) => {
                self.finished |= event == lan::Event::Finished;
                self.tell(Event::Lan(event));
            }
            Output::Wait(until) => return ControlFlow::Break(until),
        }
        ControlFlow::Continue(())
    }
}

/// Whether somebody said stop; `false` if nobody can any more, because the meeting is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) -> bool {
    stop.wait_for(|stop| *stop).await.is_ok()
}

/// Datagrams read but not handled; beyond them the system's buffers fill, then it drops.
const PACKETS: usize = 1024;
/// The machine counts whole milliseconds; waking a little late spares a second round.
const ROUNDING: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
const SHORTEST_RESCAN: Duration = Duration::from_millis(100);
const COMPLAINTS: Duration = Duration::from_secs(60);
