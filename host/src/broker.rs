//! A broker: it tells two people who know one token where the other is, over UDP.
//!
//! [`Broker`] has the sockets of a [`switch::broker::Server`] for each kind of address: IPv4 and IPv6, which it
//! holds apart. It answers nobody but where a request came from, and logs no address.
//!
//! Spec: `spec/22-switch.md` sections 5 and 6.

mod half;
mod port;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use drive::Clock;
use primitives::{Generator, Secret};
use switch::broker::{ServerConfig, ServerStats};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use port::{Opening, Port};

/// What a broker runs.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Its UDP addresses: none for no broker, and at most one of each kind. `[::]` by itself takes both
    /// kinds; beside one of IPv4, it takes IPv6.
    pub listen: Vec<SocketAddr>,
    /// Bounds and lifetimes, of each kind by itself.
    pub limits: ServerConfig,
}

impl Config {
    /// The second address of a kind.
    pub(crate) fn one_too_many(&self) -> Option<SocketAddr> {
        let is_again = |(at, address): &(usize, &SocketAddr)| {
            let mut earlier = self.listen.iter().take(*at);
            earlier.any(|other| other.is_ipv4() == address.is_ipv4())
        };
        let mut all = self.listen.iter().enumerate();
        all.find(is_again).map(|(_, address)| *address)
    }

    /// Who comes to this one of the addresses.
    fn families(&self, address: SocketAddr) -> &'static [Family] {
        match address {
            SocketAddr::V4(_) => &[Family::V4],
            SocketAddr::V6(six) if six.ip().is_unspecified() && self.listen.len() == 1 => {
                &[Family::V4, Family::V6]
            }
            SocketAddr::V6(_) => &[Family::V6],
        }
    }
}

/// A kind of address, by which people reach a broker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the two that there are")]
pub enum Family {
    /// IPv4, which programs in Go know.
    V4,
    /// IPv6.
    V6,
}

/// A broker that runs.
pub struct Broker {
    ports: Vec<Arc<Port>>,
    addresses: Vec<SocketAddr>,
}

impl Broker {
    /// Opens the sockets, in a runtime; `seed` is fresh from the operating system. Or which of the
    /// addresses cannot be listened on, and why.
    pub(crate) fn bind(config: &Config, seed: Secret<32>) -> Result<Self, (SocketAddr, io::Error)> {
        let mut opening = Opening {
            limits: &config.limits,
            clock: Clock::new(),
            generator: Generator::new(seed),
        };
        let mut ports = Vec::new();
        for &address in &config.listen {
            let port = Port::bind(address, config.families(address), &mut opening);
            ports.push(Arc::new(port.map_err(|error| (address, error))?));
        }
        Ok(Self {
            addresses: ports.iter().map(|port| port.address()).collect(),
            ports,
        })
    }

    /// Its addresses, with the ports that were taken.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// How many registrations are held.
    #[must_use]
    pub fn load(&self, family: Family) -> usize {
        let mut loads = self.ports.iter().filter_map(|port| port.load(family));
        loads.next().unwrap_or_default()
    }

    /// What was counted.
    #[must_use]
    pub fn stats(&self, family: Family) -> ServerStats {
        let mut stats = self.ports.iter().filter_map(|port| port.stats(family));
        stats.next().unwrap_or_default()
    }

    /// Answers until dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut serving = JoinSet::new();
        for port in &self.ports {
            serving.spawn(Arc::clone(port).run());
        }
        let mut counting = interval(COUNT);
        counting.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            counting.tick().await;
            for family in [Family::V4, Family::V6] {
                count(family, self.load(family), &self.stats(family));
            }
        }
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broker")
    }
}

/// Brings the metrics up to date.
fn count(family: Family, load: usize, stats: &ServerStats) {
    let family = match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    };
    let load = u32::try_from(load).unwrap_or(u32::MAX);
    metrics::gauge!("entrenous_broker_registrations", "family" => family).set(load);
    for (outcome, number) in [
        ("malformed", stats.malformed),
        ("limited", stats.limited),
        ("full", stats.full),
        ("echoed", stats.echoed),
        ("held", stats.held),
        ("refreshed", stats.refreshed),
        ("matched", stats.matched),
    ] {
        metrics::counter!(
            "entrenous_broker_requests_total",
            "family" => family,
            "outcome" => outcome
        )
        .absolute(number);
    }
}

/// How often the metrics are brought up to date.
const COUNT: Duration = Duration::from_secs(5);
