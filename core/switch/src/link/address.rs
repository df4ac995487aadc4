use alloc::boxed::Box;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use super::query::Query;
use super::{Link, LinkError};

/// Somebody's machine, as they name it: an IP address, or a name of up to 253 bytes, in one form.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub struct Host(Named);

#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
enum Named {
    Four(Ipv4Addr),
    Six(Ipv6Addr),
    Name(Box<str>),
}

impl Host {
    /// Reads text of anyone's.
    fn read(text: &str) -> Option<Self> {
        if let Some(six) = text.strip_prefix('[') {
            let six = six.strip_suffix(']')?.parse().ok()?;
            return Some(Self(Named::Six(six)));
        }
        if let Ok(four) = text.parse() {
            return Some(Self(Named::Four(four)));
        }
        is_name(text).then(|| Self(Named::Name(text.to_ascii_lowercase().into())))
    }
}

/// Letters, digits, `-` and `_`, in parts; the last one is not a number, for that would be an address.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let mut bytes = part.bytes();
        (1..=63).contains(&part.len())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 253 && text.split('.').all(is_part) && !is_number
}

impl fmt::Display for Host {
    /// An IPv6 address is in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Named::Four(address) => address.fmt(f),
            Named::Six(address) => write!(f, "[{address}]"),
            Named::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

/// A host, and perhaps a port from 1 to 65,535.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    host: Host,
    port: Option<u16>,
}

impl Address {
    pub(super) fn read(text: &str) -> Option<Self> {
        let end = text.rfind(']').map_or(0, |end| end.saturating_add(1));
        let (_, behind) = text.split_at_checked(end)?;
        let (host, port) = match behind.rsplit_once(':') {
            Some((_, port)) => {
                let rest = text.strip_suffix(port)?;
                (rest.strip_suffix(':')?, Some(read_port(port)?))
            }
            None => (text, None),
        };
        let host = Host::read(host)?;
        Some(Self { host, port })
    }

    /// The host.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The port, if one is given.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }
}

impl FromStr for Address {
    type Err = LinkError;

    /// Reads `host`, `host:port`, `[ipv6]` or `[ipv6]:port` of anyone's.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        Self::read(text).ok_or(LinkError::Address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => self.host.fmt(f),
        }
    }
}

fn read_port(text: &str) -> Option<u16> {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| *port != 0);
    port.filter(|_| is_number)
}

/// How a relay is spoken to.
#[expect(clippy::exhaustive_enums, reason = "the protocol has four ways")]
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scheme {
    /// WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ws, Self::Wss, Self::Tcp, Self::Tls];

    /// As it is written in links.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// Where a relay listens if nobody says so: a WebSocket's port, or that of the usual configuration.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Ws => 80,
            Self::Wss => 443,
            Self::Tcp => 8889,
            Self::Tls => 8890,
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }
}

/// A relay, and how it is spoken to: `scheme://host[:port][?insecure=true]`, with `ws` if there is no
/// scheme.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Relay {
    /// How.
    pub scheme: Scheme,
    /// Where.
    pub address: Address,
    /// Whether its certificate is not looked at. What two people say there does not depend on it.
    pub is_insecure: bool,
}

impl Relay {
    /// The relay at `address`.
    #[must_use]
    pub const fn new(scheme: Scheme, address: Address) -> Self {
        Self {
            scheme,
            address,
            is_insecure: false,
        }
    }

    /// Its port, given or usual.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port.unwrap_or_else(|| self.scheme.port())
    }
}

impl FromStr for Relay {
    type Err = LinkError;

    /// Reads text of anyone's; a path `/ws` behind the address does not matter.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        if text.len() > Link::MAX {
            return Err(LinkError::TooLong);
        }
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("ws", text));
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let address = address.strip_suffix('/').unwrap_or(address);
        let address = address.strip_suffix("/ws").unwrap_or(address);
        Ok(Self {
            scheme: Scheme::of(scheme).ok_or(LinkError::Scheme)?,
            address: Address::read(address).ok_or(LinkError::Address)?,
            is_insecure: Query::read(query).value("insecure") == Some("true"),
        })
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.address)?;
        match self.is_insecure {
            true => f.write_str("?insecure=true"),
            false => Ok(()),
        }
    }
}
