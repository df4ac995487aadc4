//! Mappings: asking the gateway of this network to lead a port of its own to one of ours, so that others
//! can call from outside.
//!
//! Any program on the network may answer in the gateway's place, and the gateway may say anything. So what
//! it says is an address to try, and proves nothing: who is there shows in the channel. Whoever wants to
//! be reached only by a proxy must not ask.
//!
//! IPv4 only. Needs a tokio runtime with time and IO.
//!
//! Spec: `spec/21-datagrams.md` section 11.

mod gateway;
mod keeper;
mod pcp;
mod reason;
mod upnp;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::num::NonZeroU16;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use reason::{NoMapping, Reason};

use keeper::{Held, keep};

/// What comes to a port.
#[expect(clippy::exhaustive_enums, reason = "the protocols have two")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP; QUIC too.
    Udp,
}

/// How a gateway was asked.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// The Port Control Protocol, RFC 6887.
    Pcp,
    /// The NAT Port Mapping Protocol, RFC 6886.
    NatPmp,
    /// The Internet Gateway Device of UPnP.
    Upnp,
}

/// Whom to ask, and for how long.
///
/// # Spec
///
/// `spec/21-datagrams.md` 11.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// The gateway. `None`: the one to which this system sends what is not for its own networks, if it
    /// says which (Linux does).
    pub gateway: Option<Ipv4Addr>,
    /// Where gateways that speak UPnP are looked for.
    pub search: SocketAddrV4,
    /// How long a mapping shall last before it is renewed: a second to a day. A gateway may say less.
    pub lifetime: Duration,
    /// How long the gateway may take for each of the three protocols.
    pub within: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            gateway: None,
            search: SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 1900),
            lifetime: Duration::from_secs(3600),
            within: Duration::from_secs(6),
        }
    }
}

/// A port of the gateway that leads to one of ours, renewed in the background. When it is dropped, it is
/// removed in the background too; [`remove`](Self::remove) waits for that.
#[derive(Debug)]
pub struct Mapping {
    by: By,
    outside: watch::Receiver<Option<SocketAddrV4>>,
    keeper: JoinHandle<()>,
}

/// What is wanted, of whom.
#[derive(Clone, Copy, Debug)]
struct Wish {
    transport: Transport,
    port: NonZeroU16,
    gateway: Option<Ipv4Addr>,
    search: SocketAddrV4,
    /// Seconds.
    lifetime: u32,
    within: Duration,
}

impl Mapping {
    /// Asks for a port that leads to our `port`: by PCP, by NAT-PMP, by UPnP, until one is given. If this
    /// future is dropped, a port that was just given stays until its time is over.
    ///
    /// # Errors
    ///
    /// See [`NoMapping`].
    pub async fn ask(
        transport: Transport,
        port: NonZeroU16,
        config: &Config,
    ) -> Result<Self, NoMapping> {
        let lifetime = config.lifetime.as_secs().clamp(1, LONGEST);
        let wish = Wish {
            transport,
            port,
            gateway: config.gateway.or_else(gateway::of_this_system),
            search: config.search,
            lifetime: u32::try_from(lifetime).unwrap_or(u32::MAX),
            within: config.within,
        };
        let pcp = match wish.timed(pcp::ask_pcp(wish)).await {
            Ok(port) => return Ok(Self::kept(By::Pcp, Held::Pcp(port))),
            Err(reason) => reason,
        };
        let nat_pmp = match wish.timed(pcp::ask_nat_pmp(wish)).await {
            Ok(port) => return Ok(Self::kept(By::NatPmp, Held::Pcp(port))),
            Err(reason) => reason,
        };
        let upnp = match wish.timed(upnp::ask(wish)).await {
            Ok(port) => return Ok(Self::kept(By::Upnp, Held::Upnp(Box::new(port)))),
            Err(reason) => reason,
        };
        Err(NoMapping { pcp, nat_pmp, upnp })
    }

    fn kept(by: By, held: Held) -> Self {
        let (told, outside) = watch::channel(Some(held.outside()));
        Self {
            by,
            outside,
            keeper: tokio::spawn(keep(held, told)),
        }
    }

    /// How the gateway was asked.
    #[must_use]
    pub const fn by(&self) -> By {
        self.by
    }

    /// Where others may reach us, as the gateway says; `None` when it is over.
    #[must_use]
    pub fn outside(&self) -> Option<SocketAddr> {
        self.outside.borrow().map(Into::into)
    }

    /// Waits until that changes. `None`: the gateway has not renewed it in time, and it is over. Safe to
    /// cancel.
    pub async fn changed(&mut self) -> Option<SocketAddr> {
        // The sender goes after it has said so.
        drop(self.outside.changed().await);
        self.outside()
    }

    /// Gives the port back, and waits until the gateway has heard it, or did not answer in time.
    pub async fn remove(self) {
        let Self {
            outside, keeper, ..
        } = self;
        drop(outside);
        drop(keeper.await);
    }
}

impl Wish {
    async fn timed<T>(&self, asking: impl Future<Output = Result<T, Reason>>) -> Result<T, Reason> {
        timeout(self.within, asking)
            .await
            .unwrap_or(Err(Reason::Silent))
    }
}

/// What is to be believed of an address in an answer: that somebody could be there.
fn somewhere(address: Ipv4Addr, port: u16) -> Result<SocketAddrV4, Reason> {
    let is_nowhere = address.is_unspecified()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || port == 0;
    match is_nowhere {
        true => Err(Reason::Nowhere),
        false => Ok(SocketAddrV4::new(address, port)),
    }
}

/// Seconds that a mapping is wanted for, at most.
const LONGEST: u64 = 86_400;
