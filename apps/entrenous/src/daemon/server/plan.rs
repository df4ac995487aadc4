//! Where calls are to be taken, or made, as a client says it.

use std::net::{Ipv4Addr, SocketAddr};

use channel::token::fixed;
use node::call::{Address, Password, Path, Places, Relay, Token, Tokens, Transport as Wire};
use primitives::VerifyingKey;
use tokio::net::lookup_host;

use crate::daemon::peers::key_of;
use crate::daemon::protocol::{Fault, StartServer, Text};

/// By which way calls go, in Kamune's words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::daemon) enum Transport {
    Tcp,
    Udp,
    Relay,
    P2p,
    DirectP2p,
}

impl Transport {
    const ALL: [Self; 5] = [
        Self::Tcp,
        Self::Udp,
        Self::Relay,
        Self::P2p,
        Self::DirectP2p,
    ];

    pub(in crate::daemon) fn read(text: &str) -> Result<Self, Fault> {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|transport| transport.name() == text);
        match text {
            "" => Ok(Self::Tcp),
            _ => found.ok_or_else(|| {
                Fault::new(
                    "unknown_transport",
                    format_args!("unknown transport: {text}"),
                )
            }),
        }
    }

    pub(in crate::daemon) const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Relay => "relay",
            Self::P2p => "p2p",
            Self::DirectP2p => "direct-p2p",
        }
    }

    /// What a session is called that came about by `path`, where this was asked for.
    pub(in crate::daemon) const fn of(self, path: &Path) -> &'static str {
        match (path, self) {
            (Path::Tcp, _) => Self::Tcp.name(),
            (Path::Udp, Self::DirectP2p) => Self::DirectP2p.name(),
            (Path::Udp, _) => Self::Udp.name(),
            (Path::Knocked, _) => Self::P2p.name(),
            (Path::Relay { .. }, _) => Self::Relay.name(),
            // Only links lead there.
            _ => "quic",
        }
    }
}

/// Where calls are to be taken.
#[derive(Clone, Debug)]
pub(in crate::daemon) enum Plan {
    /// At an address of this machine.
    Direct {
        transport: Transport,
        address: SocketAddr,
        /// Who is knocked at, so that a network in between lets their calls in.
        knock: Option<SocketAddr>,
    },
    Relay {
        relay: Relay,
        password: Option<Password>,
        /// As the client wrote it.
        written: String,
    },
    Broker {
        broker: Address,
        written: String,
    },
}

impl Plan {
    pub(in crate::daemon) async fn read(given: &StartServer) -> Result<Self, Fault> {
        let transport = Transport::read(&given.transport)?;
        Ok(match transport {
            Transport::Tcp | Transport::Udp => Self::Direct {
                transport,
                address: address(&given.addr).await.map_err(not_started)?,
                knock: None,
            },
            Transport::DirectP2p => {
                let failed = |why: String| {
                    let text = format_args!("direct p2p listener: {why}");
                    Fault::new("direct_p2p_failed", text)
                };
                let peer = &given.direct_peer_addr;
                Self::Direct {
                    transport,
                    address: address(&given.addr).await.map_err(failed)?,
                    knock: Some(address(peer).await.map_err(failed)?),
                }
            }
            Transport::Relay => {
                let (relay, password) = relay(&given.relay_addr, &given.password)
                    .map_err(|why| Fault::new(NO_RELAY, format_args!("relay listen: {why}")))?;
                Self::Relay {
                    relay,
                    password,
                    written: given.relay_addr.clone(),
                }
            }
            Transport::P2p => Self::Broker {
                broker: broker(&given.broker_addr).map_err(no_broker)?,
                written: given.broker_addr.clone(),
            },
        })
    }

    pub(in crate::daemon) const fn transport(&self) -> Transport {
        match self {
            Self::Direct { transport, .. } => *transport,
            Self::Relay { .. } => Transport::Relay,
            Self::Broker { .. } => Transport::P2p,
        }
    }

    /// Where it is, if that is an address of this machine.
    pub(in crate::daemon) fn addr(&self) -> String {
        match self {
            Self::Direct { address, .. } => address.to_string(),
            Self::Relay { .. } | Self::Broker { .. } => String::new(),
        }
    }

    /// For the node, under this token if there is one.
    pub(in crate::daemon) fn places(&self, token: Option<Token>) -> Places {
        let mut places = Places::default();
        places.tokens = token.map_or(Tokens::Drawn, Tokens::Given);
        match self {
            Self::Direct {
                transport,
                address,
                knock,
            } => {
                let wire = match transport {
                    Transport::Tcp => Wire::Tcp,
                    _ => Wire::Udp,
                };
                places.direct.push((wire, *address));
                places.knocks.extend(*knock);
            }
            Self::Relay {
                relay, password, ..
            } => places.relays.push((relay.clone(), password.clone())),
            Self::Broker { broker, .. } => places.brokers.push(broker.clone()),
        }
        places
    }

    /// The fault of a server that does not take us in.
    pub(in crate::daemon) fn refused(&self, why: impl std::fmt::Display) -> Fault {
        match self {
            Self::Direct {
                transport: Transport::DirectP2p,
                ..
            } => Fault::new(
                "direct_p2p_failed",
                format_args!("direct p2p listener: {why}"),
            ),
            Self::Direct { .. } => not_started(why),
            Self::Relay { .. } => Fault::new(NO_RELAY, format_args!("relay listen: {why}")),
            Self::Broker { .. } => no_broker(why),
        }
    }
}

/// Somebody for whom a token is: what two keys have in common.
#[derive(Clone, Debug)]
pub(in crate::daemon) struct Pair {
    pub(in crate::daemon) token: Token,
    /// Their key, as the client wrote it.
    pub(in crate::daemon) written: String,
}

impl Pair {
    /// `None`: `written` is empty.
    pub(in crate::daemon) fn read(
        own: &VerifyingKey,
        written: &str,
    ) -> Result<Option<Self>, Fault> {
        if written.is_empty() {
            return Ok(None);
        }
        let (key, _) = key_of(written)?;
        let token = Token::from_bytes(&fixed(own, &key));
        let token = token.map_err(|error| Fault::new("p2p_token_failed", error))?;
        let written = written.to_owned();
        Ok(Some(Self { token, written }))
    }
}

pub(in crate::daemon) fn relay(
    written: &str,
    given: &Text,
) -> Result<(Relay, Option<Password>), String> {
    if written.trim().is_empty() {
        return Err("relay server address is required".to_owned());
    }
    let relay = written.parse().map_err(|error| format!("{error}"))?;
    Ok((relay, password(given)?))
}

pub(in crate::daemon) fn password(given: &Text) -> Result<Option<Password>, String> {
    if given.is_empty() {
        return Ok(None);
    }
    let password = Password::new(given.as_str().as_bytes().to_vec());
    password.map(Some).map_err(|error| error.to_string())
}

pub(in crate::daemon) fn broker(written: &str) -> Result<Address, &'static str> {
    if written.is_empty() {
        return Err("broker address is required");
    }
    let read: Option<Address> = written.parse().ok();
    let read = read.filter(|address| address.port().is_some());
    read.ok_or("the address of the broker is not of the form HOST:PORT")
}

/// The host, perhaps empty, and the port of `HOST:PORT`; an IPv6 address stands in brackets.
pub(in crate::daemon) fn place(addr: &str) -> Result<(&str, u16), &'static str> {
    let wrong = "the address is not of the form HOST:PORT";
    let (host, port) = addr.rsplit_once(':').ok_or(wrong)?;
    let port = port.parse().map_err(|_| wrong)?;
    let inner = host.strip_prefix('[').map(|rest| rest.strip_suffix(']'));
    match inner {
        Some(Some(inner)) => Ok((inner, port)),
        None if !host.contains(':') => Ok((host, port)),
        _ => Err(wrong),
    }
}

/// Where a client wants calls to be taken.
async fn address(addr: &str) -> Result<SocketAddr, String> {
    let (host, port) = place(addr)?;
    if host.is_empty() {
        return Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    }
    let found = lookup_host((host, port)).await;
    let found = found.map_err(|error| error.to_string())?.next();
    found.ok_or_else(|| "the host has no address".to_owned())
}

fn not_started(why: impl std::fmt::Display) -> Fault {
    Fault::new("create_server_failed", format_args!("create server: {why}"))
}

pub(in crate::daemon) fn no_broker(why: impl std::fmt::Display) -> Fault {
    Fault::new("p2p_listener_failed", format_args!("p2p listener: {why}"))
}

const NO_RELAY: &str = "relay_listen_failed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_called_as_in_kamune() {
        assert_eq!(Transport::read(""), Ok(Transport::Tcp));
        for transport in Transport::ALL {
            assert_eq!(Transport::read(transport.name()), Ok(transport));
        }
        let pigeon = Transport::read("pigeon").unwrap_err();
        assert_eq!(pigeon.code(), "unknown_transport");
        assert_eq!(Transport::DirectP2p.of(&Path::Udp), "direct-p2p");
        assert_eq!(Transport::Tcp.of(&Path::Knocked), "p2p");
    }

    #[tokio::test]
    async fn an_address_may_lack_its_host() {
        let any = address(":9000").await.unwrap();
        assert_eq!(any.to_string(), "0.0.0.0:9000");
        let six = address("[::1]:0").await.unwrap();
        assert_eq!(six.to_string(), "[::1]:0");
        for wrong in ["", "x", "::1:5", "[::1:5", "127.0.0.1:70000"] {
            assert!(address(wrong).await.is_err(), "{wrong}");
        }
    }
}
