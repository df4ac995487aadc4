use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use drive::{Clock, Panicked, World, drain};
use kernel::Time;
use rendezvous::lan::{Input, Lan, Output};
use rendezvous::{Done, Passkey, Seed, lan};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::link::{Link, Packet};
use super::{Event, Interface, Interfaces, LinkError, Options, StartError};
use crate::running::Stopped;
use crate::workers::Workers;

/// The machine, its clock and its world.
#[derive(Debug)]
pub(super) struct Runner {
    lan: Lan,
    clock: Clock,
    world: Sockets,
    packets: mpsc::Receiver<Packet>,
    done: mpsc::UnboundedReceiver<Result<Done, Panicked>>,
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
        let (workers, done) =
            Workers::start(options.machine.parallel).map_err(|_| StartError::NoThreads)?;
        let lan = Lan::new(options.machine, passkey, payload, seed, Time::ZERO)?;
        let (packet_sender, packets) = mpsc::channel(PACKETS);
        let mut world = Sockets {
            group: options.group,
            links: Vec::new(),
            numbers: 0,
            packets: packet_sender,
            workers,
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
            clock: Clock::new(),
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
    pub(super) async fn run(mut self, mut stop: Stopped) {
        let mut rescan = interval(self.rescan);
        let mut stopping = false;
        rescan.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let until = drain(&mut self.lan, &mut self.world);
            if self.world.finished {
                return;
            }
            let wait = self.clock.until(until);
            tokio::select! {
                Some(packet) = self.packets.recv() => self.on_packet(&packet),
                Some(done) = self.done.recv() => match done {
                    Ok(done) => self.lan.handle(self.clock.now(), Input::Done(done)),
                    Err(panicked) => return self.world.tell(Event::Bug(panicked)),
                },
                () = sleep(wait) => self.lan.handle(self.clock.now(), Input::Tick),
                told = stop.wait(), if !stopping => {
                    if !told {
                        return;
                    }
                    stopping = true;
                    self.lan.finish(self.clock.now());
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
        self.lan.handle(self.clock.now(), input);
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
            self.lan.handle(self.clock.now(), Input::LinkDown(number));
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
                    self.lan.handle(self.clock.now(), Input::LinkUp(number));
                }
                Err(error) => self.world.complain(&name, error),
            }
        }
        if changed {
            self.world.tell(Event::Interfaces(self.world.interfaces()));
        }
    }
}

/// What the machine acts on.
#[derive(Debug)]
struct Sockets {
    group: std::net::SocketAddrV4,
    links: Vec<Link>,
    numbers: u32,
    packets: mpsc::Sender<Packet>,
    workers: Workers<Done>,
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
            Output::Work(job) => self.workers.run(move || job.run()),
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

/// Datagrams read but not handled, spec 4 "Limits"; beyond them the system's buffers fill, then it drops.
const PACKETS: usize = 1024;
const SHORTEST_RESCAN: Duration = Duration::from_millis(100);
const COMPLAINTS: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use rendezvous::Salt;

    use super::*;
    use crate::Running;

    #[tokio::test]
    async fn a_job_that_panics_ends_the_meeting_as_a_bug() {
        let (events, received) = mpsc::unbounded_channel();
        let options = Options {
            interfaces: Interfaces::Named(vec!["127.0.0.1".into()]),
            group: "239.255.77.99:19000".parse().unwrap(),
            ..Options::default()
        };
        let passkey = Passkey::derive(b"p", Salt::ZERO).unwrap();
        let runner = Runner::new(options, passkey, Vec::new(), Seed::new([1; 32]), events).unwrap();
        runner
            .world
            .workers
            .run(|| panic!("as it should in this test"));
        let mut meeting = Running::spawn((), received, |stopped| runner.run(stopped));
        let mut last = None;
        while let Some(event) = meeting.next().await {
            last = Some(event);
        }
        assert!(matches!(last, Some(Event::Bug(_))), "{last:?}");
    }
}
