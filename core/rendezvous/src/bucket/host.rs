use alloc::boxed::Box;
use alloc::format;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use kernel::Kind;

/// A server's name and port, in the one form that is sealed, salted and printed.
///
/// # Spec
///
/// `spec/11-buckets.md` section 2.1.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Host(Box<str>);

impl Host {
    /// Most bytes of a host.
    pub const MAX: usize = 156;

    /// The port of a host that is typed without one.
    pub const DEFAULT_PORT: u16 = 7447;

    /// What a person typed: letters of any case, with or without a port.
    ///
    /// # Errors
    ///
    /// See [`HostError`].
    pub fn typed(text: &str) -> Result<Self, HostError> {
        let lower = text.to_ascii_lowercase();
        let (name, port) = split(&lower)?;
        let port = port.map_or(Ok(Self::DEFAULT_PORT), read_port)?;
        let host = match name {
            Name::Plain(name) => {
                check_name(name)?;
                format!("{name}:{port}")
            }
            Name::Bracketed(address) => {
                let address: Ipv6Addr = address.parse().map_err(|_| HostError::Name)?;
                format!("[{address}]:{port}")
            }
        };
        match host.len() {
            ..=Self::MAX => Ok(Self(host.into())),
            got => Err(HostError::Long { got }),
        }
    }

    /// `name:port`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name alone; an IPv6 address without its brackets.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.0.rsplit_once(':').map_or("", |(name, _)| name);
        name.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, 1 to 65535.
    #[must_use]
    pub fn port(&self) -> u16 {
        let port = self.0.rsplit_once(':').map_or("", |(_, port)| port);
        port.parse().unwrap_or(Self::DEFAULT_PORT)
    }

    /// Whether it is this machine, or reached through Tor alone. Such a host is asked without TLS,
    /// and no other one is.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let name = self.name();
        let is_loopback = match (name.parse::<Ipv4Addr>(), name.parse::<Ipv6Addr>()) {
            (Ok(address), _) => address.is_loopback(),
            (_, Ok(address)) => address.is_loopback(),
            _ => false,
        };
        is_loopback
            || name == "localhost"
            || [".localhost", ".onion"]
                .iter()
                .any(|end| name.ends_with(end))
    }
}

impl FromStr for Host {
    type Err = HostError;

    /// Takes the one form and refuses every other, also one that a person may type.
    fn from_str(text: &str) -> Result<Self, HostError> {
        let host = Self::typed(text)?;
        match host.as_str() == text {
            true => Ok(host),
            false => Err(HostError::Form),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

enum Name<'a> {
    Plain(&'a str),
    Bracketed(&'a str),
}

fn split(text: &str) -> Result<(Name<'_>, Option<&str>), HostError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').ok_or(HostError::Name)?;
        let port = match rest {
            "" => None,
            rest => Some(rest.strip_prefix(':').ok_or(HostError::Port)?),
        };
        return Ok((Name::Bracketed(address), port));
    }
    Ok(match text.split_once(':') {
        Some((name, port)) => (Name::Plain(name), Some(port)),
        None => (Name::Plain(text), None),
    })
}

fn read_port(text: &str) -> Result<u16, HostError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    match text.parse() {
        Ok(port) if is_plain => Ok(port),
        _ => Err(HostError::Port),
    }
}

fn check_name(name: &str) -> Result<(), HostError> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_good = match last.starts_with(|c: char| c.is_ascii_digit()) {
        true => name.parse::<Ipv4Addr>().is_ok(),
        false => name.split('.').all(is_label),
    };
    is_good.then_some(()).ok_or(HostError::Name)
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Why a text is no host.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// Neither a DNS name (in ASCII, other scripts as `xn--`) nor an address.
    #[error("not the name or address of a server")]
    Name,
    /// The port is not a number from 1 to 65535.
    #[error("port is not a number from 1 to 65535")]
    Port,
    /// More than [`Host::MAX`] bytes.
    #[error("server name has {got} bytes, at most {max} are possible", max = Host::MAX)]
    Long {
        /// With its port.
        got: usize,
    },
    /// A host, but not written in the one form.
    #[error("server name is not in its one form")]
    Form,
}

impl HostError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_gives_its_name_and_port() {
        for (text, name, port) in [
            ("meet.example", "meet.example", 7447),
            ("[2001:DB8::1]:443", "2001:db8::1", 443),
            ("127.0.0.1:1", "127.0.0.1", 1),
        ] {
            let host = Host::typed(text).unwrap();
            assert_eq!((host.name(), host.port()), (name, port));
            assert_eq!(host.as_str().parse(), Ok(host));
        }
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        let long = format!("{}:65535", ["a"; 76].join("."));
        for (text, why) in [
            ("a_b:1", HostError::Name),
            ("a:0", HostError::Port),
            ("[::1]1", HostError::Port),
            (&long, HostError::Long { got: 157 }),
        ] {
            assert_eq!(Host::typed(text), Err(why));
        }
        assert_eq!("A:1".parse::<Host>(), Err(HostError::Form));
    }
}
