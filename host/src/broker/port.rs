use std::io;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

use drive::Clock;
use kernel::Time;
use primitives::Generator;
use socket2::{Domain, Protocol, Socket, Type};
use switch::broker::{Address, ServerConfig, ServerStats};
use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::Family;
use super::half::Half;

/// A socket, and who is behind it: one machine for each kind of address that it takes.
pub(super) struct Port {
    socket: UdpSocket,
    address: SocketAddr,
    clock: Clock,
    four: Option<Half<SocketAddrV4>>,
    six: Option<Half<SocketAddrV6>>,
}

/// What all ports of a broker are opened with.
pub(super) struct Opening<'a> {
    pub(super) limits: &'a ServerConfig,
    pub(super) clock: Clock,
    pub(super) generator: Generator,
}

impl Opening<'_> {
    fn half<A: Address>(&mut self) -> Half<A> {
        let seed = self.generator.secret();
        Half::new(self.clock.now(), self.limits, seed)
    }
}

impl Port {
    /// Opens the socket, in a runtime, for people of these kinds.
    pub(super) fn bind(
        address: SocketAddr,
        families: &[Family],
        opening: &mut Opening<'_>,
    ) -> io::Result<Self> {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        let [takes_four, takes_six] = [Family::V4, Family::V6].map(|one| families.contains(&one));
        if address.is_ipv6() {
            // What is so by itself differs from system to system.
            socket.set_only_v6(!takes_four)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Self {
            address: socket.local_addr()?,
            socket,
            clock: opening.clock,
            four: takes_four.then(|| opening.half()),
            six: takes_six.then(|| opening.half()),
        })
    }

    /// Its address, with the port that was taken.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn load(&self, family: Family) -> Option<usize> {
        match family {
            Family::V4 => self.four.as_ref().map(Half::load),
            Family::V6 => self.six.as_ref().map(Half::load),
        }
    }

    pub(super) fn stats(&self, family: Family) -> Option<ServerStats> {
        match family {
            Family::V4 => self.four.as_ref().map(Half::stats),
            Family::V6 => self.six.as_ref().map(Half::stats),
        }
    }

    /// Answers until dropped.
    pub(super) async fn run(self: Arc<Self>) {
        let mut bytes = [0; LONGEST];
        loop {
            let until = self.drain();
            tokio::select! {
                came = self.socket.recv_from(&mut bytes) => match came {
                    Ok((length, from)) => self.take(from, bytes.get(..length).unwrap_or(&bytes)),
                    // Some systems tell of what was sent before, and nobody took.
                    Err(_) => sleep(PAUSE).await,
                },
                () = sleep(self.clock.until(until)) => {}
            }
        }
    }

    fn take(&self, from: SocketAddr, bytes: &[u8]) {
        let now = self.clock.now();
        match (plain(from), &self.four, &self.six) {
            (SocketAddr::V4(from), Some(four), _) => four.take(now, from, bytes),
            (SocketAddr::V6(from), _, Some(six)) => six.take(now, from, bytes),
            // No socket takes what it was not opened for.
            _ => {}
        }
    }

    /// Does what the machines say; when to come back.
    fn drain(&self) -> Option<Time> {
        let now = self.clock.now();
        // One that is lost is asked for again.
        let send = |to: SocketAddr, bytes: &[u8]| drop(self.socket.try_send_to(bytes, to));
        let four = self
            .four
            .as_ref()
            .and_then(|four| four.drain(now, |to, bytes| send(self.reachable(to), bytes)));
        let six = self.six.as_ref();
        let six = six.and_then(|six| six.drain(now, |to, bytes| send(to.into(), bytes)));
        four.into_iter().chain(six).min()
    }

    /// The address as the socket has it.
    fn reachable(&self, to: SocketAddrV4) -> SocketAddr {
        match self.address {
            SocketAddr::V4(_) => to.into(),
            SocketAddr::V6(_) => {
                SocketAddrV6::new(to.ip().to_ipv6_mapped(), to.port(), 0, 0).into()
            }
        }
    }
}

/// The address itself, where an IPv4 one comes in the form of the other kind.
fn plain(from: SocketAddr) -> SocketAddr {
    match from.ip().to_canonical() {
        ip if ip.is_ipv4() => SocketAddr::new(ip, from.port()),
        _ => from,
    }
}

const PAUSE: Duration = Duration::from_millis(10);
/// A request has 60 bytes, by IPv6 72, and what follows it is ignored.
const LONGEST: usize = 2 << 10;
