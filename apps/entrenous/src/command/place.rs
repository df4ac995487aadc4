//! Where calls are taken: arguments of the commands that wait for them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;

use clap::Args;
use identity::Fingerprint;
use node::call::{Address, Gateway, Link, Password, Place, Places, Relay, Tokens, Transport};

use super::relay;
use crate::failure::Failure;
use crate::stop::Stop;

/// A relay whose password is known. No other relay is told it.
pub(crate) type KnownRelay = Option<(Relay, Password)>;

/// The password that relays among `links` may be told; there must be one if one of them wants it.
pub(crate) fn password_at(
    links: &[Link],
    known: Option<&(Relay, Password)>,
) -> Result<Option<Password>, Failure> {
    let mut wanting = links.iter().filter(|link| link.wants_password());
    let told = known.filter(|(relay, _)| wanting.all(|link| link.is_at(relay)));
    let password = told.map(|(_, password)| password.clone());
    relay::check(links, password.as_ref())?;
    Ok(password)
}

/// Where to wait for calls, as flags of a command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Where {
    /// Where to wait for connections [default: 0.0.0.0:7448]
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    tcp: Option<SocketAddr>,
    /// The same, by UDP
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    udp: Option<SocketAddr>,
    /// The same, by QUIC: for programs like this one
    #[arg(long, value_name = "ADDR:PORT", value_parser = address, hide_short_help = true)]
    quic: Option<SocketAddr>,
    /// Ask the router to let callers in, by PCP, NAT-PMP or UPnP
    #[arg(long)]
    open_port: bool,
    /// Be found by this broker, behind most home routers
    #[arg(long, value_name = "HOST:PORT", value_parser = relay::broker)]
    broker: Option<Address>,
    /// Be found at this relay, which carries what is said and reads nothing
    #[arg(long, value_name = "URL", value_parser = relay::relay)]
    relay: Option<Relay>,
    /// Be found at the relay or broker by a new link: those of before lead nowhere
    #[arg(long, hide_short_help = true)]
    new_link: bool,
    /// The password of the relay, in a file
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    relay_password_file: Option<PathBuf>,
}

impl Where {
    /// Where to wait: where this was asked for, or else by TCP; and whether it was asked for.
    pub(crate) fn places(&self, password: Option<Password>) -> (Places, bool) {
        let mut places = Places::default();
        for (transport, address) in [
            (Transport::Tcp, self.tcp),
            (Transport::Udp, self.udp),
            (Transport::Quic, self.quic),
        ] {
            places
                .direct
                .extend(address.map(|address| (transport, address)));
        }
        places.tokens = match self.new_link {
            true => Tokens::Renewed,
            false => Tokens::Kept,
        };
        places.gateway = self.open_port.then(Gateway::default);
        places.brokers.extend(self.broker.clone());
        places
            .relays
            .extend(self.relay.clone().map(|relay| (relay, password)));
        if places.is_empty() {
            let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, Link::PORT));
            places.direct.push((Transport::Tcp, any));
            return (places, false);
        }
        (places, true)
    }

    /// Whether there is a password, and no relay that it is for.
    pub(crate) const fn has_password_for_none(&self) -> bool {
        self.relay_password_file.is_some() && self.relay.is_none()
    }

    /// The relay, with its password, if it has one: for calls to others who wait there.
    pub(crate) fn known_relay(&self, password: Option<&Password>) -> KnownRelay {
        self.relay.clone().zip(password.cloned())
    }

    /// The password of the relay, if one is given.
    pub(crate) async fn password(&self, stop: &mut Stop) -> Result<Option<Password>, Failure> {
        relay::password(self.relay_password_file.as_deref(), stop).await
    }
}

/// The link by which others call at a place, as far as this machine can tell: it leads to `own`, or to
/// nobody.
pub(crate) fn link(place: &Place, own: &Fingerprint) -> Option<Link> {
    let link = match place {
        Place::Direct(transport, at) => {
            let host = host(at.ip())?;
            Link::direct(*transport, host, at.port()).ok()?
        }
        Place::Server(link) => link.clone(),
        _ => return None,
    };
    Some(link.to(own))
}

/// The link by which others outside call, at a port of the router.
pub(crate) fn outside(transport: Transport, at: SocketAddr, own: &Fingerprint) -> Option<Link> {
    let link = Link::direct(transport, at.ip(), at.port()).ok()?;
    Some(link.to(own))
}

/// Under which address others reach this machine, as far as it can tell.
pub(crate) fn host(address: IpAddr) -> Option<IpAddr> {
    if !address.is_unspecified() {
        return Some(address);
    }
    // Nothing is sent: the system says which address it would send from.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_loopback() && !own.is_unspecified()).then_some(own)
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(
        |_| "write it like 0.0.0.0:7448, or [::]:7448; an address of this machine, no name",
    )
}
