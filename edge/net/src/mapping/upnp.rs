use std::net::{IpAddr, SocketAddrV4};
use std::time::Duration;

use igd_next::aio::Gateway;
use igd_next::aio::tokio::{Tokio, search_gateway};
use igd_next::{
    AddAnyPortError, AddPortError, GatewayIpVersion, GetExternalIpError, PortMappingProtocol,
    RequestError, SearchError, SearchOptions,
};
use tokio::time::timeout;

use super::gateway::ours_toward;
use super::{Reason, Transport, Wish, somewhere};

/// A port that was given.
pub(super) struct Port {
    wish: Wish,
    gateway: Gateway<Tokio>,
    ours: SocketAddrV4,
    outside: SocketAddrV4,
}

/// Finds a gateway and asks it. The library reads at most 1 MiB of an answer, and goes nowhere but to who
/// has answered.
pub(super) async fn ask(wish: Wish) -> Result<Port, Reason> {
    let gateway = search_gateway(options(wish)).await;
    let gateway = gateway.map_err(|error| of_search(&error))?;
    let IpAddr::V4(there) = gateway.addr.ip() else {
        return Err(Reason::Elsewhere);
    };
    if wish.gateway.is_some_and(|known| known != there) {
        return Err(Reason::Elsewhere);
    }
    let ours = SocketAddrV4::new(ours_toward(there).await?, wish.port.get());
    // Before a port is open: it has to be good for something.
    let address = address(&gateway, ours.port()).await?;
    let port = gateway.add_any_port(wish.upnp(), ours.into(), wish.lifetime, wish.text());
    let port = port.await.map_err(|error| of_any(&error))?;
    Ok(Port {
        wish,
        gateway,
        ours,
        outside: somewhere(*address.ip(), port)?,
    })
}

fn options(wish: Wish) -> SearchOptions {
    let mut options = SearchOptions::default();
    options.broadcast_address = wish.search.into();
    options.timeout = Some(wish.within);
    options.single_search_timeout = Some(wish.within);
    options.gateway_ip_version = GatewayIpVersion::V4;
    options.allowed_gateway_ips = wish.gateway.into_iter().map(IpAddr::from).collect();
    options
}

/// The outside address, with a port that is known already.
async fn address(gateway: &Gateway<Tokio>, port: u16) -> Result<SocketAddrV4, Reason> {
    let address = gateway.get_external_ip().await;
    match address.map_err(|error| of_address(&error))? {
        IpAddr::V4(address) => somewhere(address, port),
        IpAddr::V6(_) => Err(Reason::Nowhere),
    }
}

impl Port {
    pub(super) const fn outside(&self) -> SocketAddrV4 {
        self.outside
    }

    pub(super) fn lifetime(&self) -> Duration {
        Duration::from_secs(self.wish.lifetime.into())
    }

    pub(super) async fn renew(&mut self) -> Result<(), Reason> {
        let wish = self.wish;
        self.outside = wish.timed(self.renewed()).await?;
        Ok(())
    }

    async fn renewed(&self) -> Result<SocketAddrV4, Reason> {
        let Self { wish, gateway, .. } = self;
        let port = self.outside.port();
        let ours = self.ours.into();
        let added = gateway.add_port(wish.upnp(), port, ours, wish.lifetime, wish.text());
        added.await.map_err(|error| of_port(&error))?;
        address(gateway, port).await
    }

    pub(super) async fn remove(self) {
        let removed = self
            .gateway
            .remove_port(self.wish.upnp(), self.outside.port());
        // What it does not hear it forgets by itself.
        drop(timeout(self.wish.within, removed).await);
    }
}

impl Wish {
    const fn upnp(&self) -> PortMappingProtocol {
        match self.transport {
            Transport::Tcp => PortMappingProtocol::TCP,
            Transport::Udp => PortMappingProtocol::UDP,
        }
    }

    /// What people read at the gateway; some want anything.
    const fn text(&self) -> &'static str {
        match self.transport {
            Transport::Tcp => "TCP",
            Transport::Udp => "UDP",
        }
    }
}

fn of_search(error: &SearchError) -> Reason {
    match error {
        SearchError::NoResponseWithinTimeout => Reason::Silent,
        SearchError::IoError(error) => Reason::Unreachable(error.kind()),
        _ => Reason::Nonsense,
    }
}

fn of_address(error: &GetExternalIpError) -> Reason {
    match error {
        GetExternalIpError::ActionNotAuthorized => Reason::Refused,
        GetExternalIpError::RequestError(error) => of_request(error),
    }
}

fn of_any(error: &AddAnyPortError) -> Reason {
    match error {
        AddAnyPortError::OnlyPermanentLeasesSupported => Reason::OnlyForEver,
        AddAnyPortError::RequestError(error) => of_request(error),
        _ => Reason::Refused,
    }
}

fn of_port(error: &AddPortError) -> Reason {
    match error {
        AddPortError::OnlyPermanentLeasesSupported => Reason::OnlyForEver,
        AddPortError::RequestError(error) => of_request(error),
        _ => Reason::Refused,
    }
}

fn of_request(error: &RequestError) -> Reason {
    match error {
        RequestError::ErrorCode(..) => Reason::Refused,
        RequestError::UnsupportedAction(_) => Reason::Unknown,
        RequestError::IoError(error) => Reason::Unreachable(error.kind()),
        _ => Reason::Nonsense,
    }
}
