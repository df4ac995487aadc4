//! PCP and NAT-PMP, which share a port.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use crab_nat::natpmp::{self, Failure as NatPmpFailure};
use crab_nat::pcp::{self, BaseMapRequest, Failure as PcpFailure};
use crab_nat::{InternetProtocol, PortMapping, PortMappingOptions, PortMappingType, TimeoutConfig};
use tokio::time::timeout;

use super::gateway::ours_toward;
use super::{Reason, Transport, Wish, somewhere};

/// A port that was given.
pub(super) struct Port {
    wish: Wish,
    given: PortMapping,
    outside: SocketAddrV4,
}

pub(super) async fn ask_pcp(wish: Wish) -> Result<Port, Reason> {
    let gateway = wish.gateway.ok_or(Reason::NoGateway)?;
    let ours = ours_toward(gateway).await?;
    let base = base(wish, gateway, ours.into());
    let given = pcp::port_mapping(base, None, None, wish.options()).await;
    Port::taken(wish, given.map_err(|failure| of_pcp(&failure))?).await
}

pub(super) async fn ask_nat_pmp(wish: Wish) -> Result<Port, Reason> {
    let gateway = wish.gateway.ok_or(Reason::NoGateway)?;
    let (protocol, options) = (wish.protocol(), wish.options());
    let given = natpmp::port_mapping(gateway.into(), protocol, wish.port, options).await;
    Port::taken(wish, given.map_err(|failure| of_nat_pmp(&failure))?).await
}

fn base(wish: Wish, gateway: Ipv4Addr, ours: IpAddr) -> BaseMapRequest {
    BaseMapRequest::new(gateway.into(), ours, wish.protocol(), wish.port)
}

impl Port {
    /// What the gateway says it has given. What is of no use to us is given back.
    async fn taken(wish: Wish, given: PortMapping) -> Result<Self, Reason> {
        match outside(&given).await {
            Ok(outside) if given.lifetime() > 0 => Ok(Self {
                wish,
                given,
                outside,
            }),
            other => {
                drop(given.try_drop().await);
                Err(other.err().unwrap_or(Reason::Nonsense))
            }
        }
    }

    pub(super) const fn outside(&self) -> SocketAddrV4 {
        self.outside
    }

    pub(super) fn lifetime(&self) -> Duration {
        let seconds = self.given.lifetime().min(self.wish.lifetime);
        Duration::from_secs(seconds.into())
    }

    pub(super) async fn renew(&mut self) -> Result<(), Reason> {
        let wish = self.wish;
        *self = wish.timed(self.renewed()).await?;
        Ok(())
    }

    async fn renewed(&self) -> Result<Self, Reason> {
        let wish = self.wish;
        let gateway = wish.gateway.ok_or(Reason::NoGateway)?;
        let mut options = wish.options();
        options.external_port = Some(self.given.external_port());
        let given = match self.given.mapping_type() {
            PortMappingType::Pcp {
                client,
                nonce,
                external_ip,
            } => {
                let base = base(wish, gateway, client);
                let given = pcp::port_mapping(base, Some(nonce), Some(external_ip), options);
                given.await.map_err(|failure| of_pcp(&failure))?
            }
            PortMappingType::NatPmp => {
                let protocol = wish.protocol();
                let given = natpmp::port_mapping(gateway.into(), protocol, wish.port, options);
                given.await.map_err(|failure| of_nat_pmp(&failure))?
            }
        };
        let outside = outside(&given).await?;
        if given.lifetime() == 0 {
            return Err(Reason::Nonsense);
        }
        Ok(Self {
            wish,
            given,
            outside,
        })
    }

    pub(super) async fn remove(self) {
        // What it does not hear it forgets by itself.
        drop(timeout(self.wish.within, self.given.try_drop()).await);
    }
}

/// NAT-PMP says address and port apart.
async fn outside(given: &PortMapping) -> Result<SocketAddrV4, Reason> {
    let address = match given.mapping_type() {
        PortMappingType::Pcp {
            external_ip: IpAddr::V4(address),
            ..
        } => address,
        PortMappingType::Pcp { .. } => return Err(Reason::Nowhere),
        PortMappingType::NatPmp => {
            let address = natpmp::external_address(given.gateway(), Some(TIMES)).await;
            address.map_err(|failure| of_nat_pmp(&failure))?
        }
    };
    somewhere(address, given.external_port().get())
}

impl Wish {
    const fn protocol(&self) -> InternetProtocol {
        match self.transport {
            Transport::Tcp => InternetProtocol::Tcp,
            Transport::Udp => InternetProtocol::Udp,
        }
    }

    const fn options(&self) -> PortMappingOptions {
        PortMappingOptions {
            external_port: None,
            lifetime_seconds: Some(self.lifetime),
            timeout_config: Some(TIMES),
        }
    }
}

fn of_pcp(failure: &PcpFailure) -> Reason {
    match failure {
        PcpFailure::Socket(error) => Reason::Unreachable(error.kind()),
        PcpFailure::Timeout => Reason::Silent,
        PcpFailure::Nonce | PcpFailure::InvalidResponse(_) => Reason::Nonsense,
        PcpFailure::UnsupportedVersion(_)
        | PcpFailure::UnsupportedOpcode
        | PcpFailure::UnsupportedProtocol
        | PcpFailure::UnsupportedOption => Reason::Unknown,
        _ => Reason::Refused,
    }
}

fn of_nat_pmp(failure: &NatPmpFailure) -> Reason {
    match failure {
        NatPmpFailure::Socket(error) => Reason::Unreachable(error.kind()),
        NatPmpFailure::Timeout => Reason::Silent,
        NatPmpFailure::InvalidResponse(_) => Reason::Nonsense,
        NatPmpFailure::UnsupportedVersion(_) | NatPmpFailure::UnsupportedOpcode => Reason::Unknown,
        _ => Reason::Refused,
    }
}

/// A question is sent four times at most.
const TIMES: TimeoutConfig = TimeoutConfig {
    initial_timeout: Duration::from_millis(250),
    max_retries: 3,
    max_retry_timeout: None,
};
