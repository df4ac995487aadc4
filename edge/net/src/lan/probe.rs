use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use rendezvous::lan;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until};

use super::link::{Link, Packet};
use super::{Interface, LinkError, Options, StartError};

/// What one interface heard of the group.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Heard {
    /// The interface.
    pub interface: Interface,
    /// Whether what was sent to the group there came back; an error if nothing could be sent.
    pub own: Result<bool, LinkError>,
    /// How many others announced themselves meanwhile, from other addresses than this machine's.
    pub others: usize,
}

/// Listens to the group for as long as `lasts` on each interface of `options`, and sends a probe there
/// once a second until it comes back. Takes part in nothing: others drop a probe, and whoever has
/// announced a T1 hears no answer.
///
/// # Errors
///
/// There is no interface, or not the one that was named; [`StartError::NoRandomness`]. Trouble with
/// one interface is in its [`Heard`].
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 4, "Probe".
pub async fn probe(options: &Options, lasts: Duration) -> Result<Vec<Heard>, StartError> {
    let (sender, mut packets) = mpsc::channel(PACKETS);
    let interfaces = options.interfaces.find()?;
    let ours = interfaces.iter().map(|each| each.address).collect();
    let mut tries = Vec::new();
    for (number, interface) in (1..).zip(interfaces) {
        let number = lan::Link::new(number);
        let link = Link::open(number, interface.clone(), options.group, &sender);
        tries.push(Try::new(interface, options.group, link)?);
    }
    let until = Instant::now().checked_add(lasts);
    let mut again = interval(AGAIN);
    loop {
        tokio::select! {
            () = end(until) => break,
            _ = again.tick() => tries.iter_mut().for_each(Try::send),
            Some(packet) = packets.recv() => {
                tries.iter_mut().for_each(|each| each.hear(&packet, &ours));
            }
        }
    }
    Ok(tries.into_iter().map(Try::heard).collect())
}

/// One interface that is being tried.
struct Try {
    interface: Interface,
    group: SocketAddrV4,
    link: Result<Link, LinkError>,
    probe: Vec<u8>,
    came_back: bool,
    others: BTreeSet<SocketAddrV4>,
}

impl Try {
    fn new(
        interface: Interface,
        group: SocketAddrV4,
        link: std::io::Result<Link>,
    ) -> Result<Self, StartError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| StartError::NoRandomness)?;
        let link = link.map_err(|error| LinkError::new(&interface.name, group.port(), &error));
        Ok(Self {
            interface,
            group,
            link,
            probe: [PROBE, &random].concat(),
            came_back: false,
            others: BTreeSet::new(),
        })
    }

    fn send(&mut self) {
        let Ok(link) = &self.link else { return };
        if self.came_back {
            return;
        }
        if let Err(error) = link.announce(&self.probe) {
            let name = &self.interface.name;
            self.link = Err(LinkError::new(name, self.group.port(), &error));
        }
    }

    fn hear(&mut self, packet: &Packet, ours: &BTreeSet<Ipv4Addr>) {
        let is_here = |link: &Link| link.number == packet.link;
        if !self.link.as_ref().is_ok_and(is_here) {
            return;
        }
        self.came_back |= packet.bytes == self.probe;
        let is_t1 = packet.bytes.starts_with(b"t1");
        if is_t1 && !ours.contains(packet.from.ip()) && self.others.len() < MOST {
            self.others.insert(packet.from);
        }
    }

    fn heard(self) -> Heard {
        Heard {
            interface: self.interface,
            own: self.link.map(|_| self.came_back),
            others: self.others.len(),
        }
    }
}

async fn end(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

const PROBE: &[u8] = b"entrenous/v1/probe";
const AGAIN: Duration = Duration::from_secs(1);
/// Datagrams read but not looked at; beyond them the system's buffers fill, then it drops.
const PACKETS: usize = 1024;
/// How many others are told apart.
const MOST: usize = 1024;
