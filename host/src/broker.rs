//! A broker: it tells two people who know one token where the other is, over UDP.
//!
//! [`Broker`] is the socket of a [`switch::broker::Server`]. It answers nobody but where a request came
//! from, and logs no address.
//!
//! Spec: `spec/22-switch.md` sections 5 and 6.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drive::Clock;
use kernel::Time;
use primitives::Secret;
use socket2::{Domain, Protocol, Socket, Type};
use switch::broker::{Server, ServerConfig, ServerInput, ServerOutput, ServerStats};
use tokio::net::UdpSocket;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// What a broker runs.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Its UDP address, if one is wanted. An IPv6 one that stands for all takes IPv4 too, which is what
    /// brokers speak.
    pub listen: Option<SocketAddr>,
    /// Bounds and lifetimes.
    pub limits: ServerConfig,
}

/// A broker that runs.
pub struct Broker {
    machine: Mutex<Server>,
    clock: Clock,
    socket: UdpSocket,
    address: SocketAddr,
}

impl Broker {
    /// Opens the socket, in a runtime; `seed` is fresh from the operating system.
    pub(crate) fn bind(
        address: SocketAddr,
        limits: ServerConfig,
        seed: Secret<32>,
    ) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        if address.ip() == IpAddr::from(Ipv6Addr::UNSPECIFIED) {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        let clock = Clock::new();
        Ok(Self {
            machine: Mutex::new(Server::new(clock.now(), limits, seed)),
            clock,
            address: socket.local_addr()?,
            socket,
        })
    }

    /// Its address, with the port that was taken.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many registrations are held.
    #[must_use]
    pub fn load(&self) -> usize {
        self.lock().load()
    }

    /// What was counted.
    #[must_use]
    pub fn stats(&self) -> ServerStats {
        self.lock().stats()
    }

    /// Answers until dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut counting = interval(COUNT);
        counting.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut until = None;
        let mut bytes = [0; LONGEST];
        loop {
            tokio::select! {
                came = self.socket.recv_from(&mut bytes) => match came {
                    Ok((length, from)) => {
                        let bytes = bytes.get(..length).unwrap_or(&bytes);
                        until = self.handle(from, bytes);
                    }
                    // Some systems tell of what was sent before, and nobody took.
                    Err(_) => sleep(PAUSE).await,
                },
                () = sleep(self.clock.until(until)) => until = self.tell(ServerInput::Tick),
                _ = counting.tick() => count(self.load(), &self.stats()),
            }
        }
    }

    fn handle(&self, from: SocketAddr, bytes: &[u8]) -> Option<Time> {
        match from.ip().to_canonical() {
            IpAddr::V4(ip) => self.tell(ServerInput::Datagram {
                from: SocketAddrV4::new(ip, from.port()),
                bytes,
            }),
            // The packets have no room for such an address.
            IpAddr::V6(_) => {
                metrics::counter!("entrenous_broker_requests_total", "outcome" => "ipv6")
                    .increment(1);
                self.tell(ServerInput::Tick)
            }
        }
    }

    /// Does what the machine says; when to come back.
    fn tell(&self, input: ServerInput<'_>) -> Option<Time> {
        let mut machine = self.lock();
        machine.handle(self.clock.now(), input);
        loop {
            match machine.poll() {
                ServerOutput::Send { to, bytes } => {
                    // One that is lost is asked for again.
                    drop(self.socket.try_send_to(&bytes, self.reachable(to)));
                }
                ServerOutput::Wait(until) => return until,
            }
        }
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

    /// Also after a panic elsewhere: what a machine leaves is whole.
    fn lock(&self) -> MutexGuard<'_, Server> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broker")
    }
}

/// Brings the metrics up to date.
fn count(load: usize, stats: &ServerStats) {
    let load = u32::try_from(load).unwrap_or(u32::MAX);
    metrics::gauge!("entrenous_broker_registrations").set(load);
    for (outcome, number) in [
        ("malformed", stats.malformed),
        ("limited", stats.limited),
        ("full", stats.full),
        ("echoed", stats.echoed),
        ("held", stats.held),
        ("refreshed", stats.refreshed),
        ("matched", stats.matched),
    ] {
        metrics::counter!("entrenous_broker_requests_total", "outcome" => outcome).absolute(number);
    }
}

/// How often the metrics are brought up to date.
const COUNT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);
/// A request has 60 bytes, and what follows it is ignored.
const LONGEST: usize = 2 << 10;
