use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use identity::Fingerprint;
use kernel::Kind;
use net::call::broker::Broker;
use net::call::{race, relay};
use switch::link::{self, Address, Direct, Meeting, Registered, Relay};
use switch::{Password, Token};

use crate::network::Network;

/// Where somebody can be called, perhaps with the sum of a fingerprint: at an address, by a broker, or at
/// a relay.
///
/// # Spec
///
/// `spec/22-switch.md` 7.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link(link::Link);

/// What is spoken at an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP, with KCP.
    Udp,
    /// QUIC: between two of ours.
    Quic,
}

impl Link {
    /// The port on which calls are taken if nothing else is said.
    pub const PORT: u16 = 7448;

    /// To `host` (a name, or an address; IPv6 without brackets) and `port`, by TCP.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub fn new(host: &str, port: u16) -> Result<Self, LinkError> {
        match host.contains(':') {
            true => format!("tcp://[{host}]:{port}").parse(),
            false => format!("tcp://{host}:{port}").parse(),
        }
    }

    /// To an address.
    ///
    /// # Errors
    ///
    /// [`LinkError`]: the port is 0.
    pub fn direct(transport: Transport, address: IpAddr, port: u16) -> Result<Self, LinkError> {
        let Self(plain) = Self::new(&address.to_string(), port)?;
        let link::Link::Tcp(direct) = plain else {
            return Err(LinkError::Malformed);
        };
        Ok(Self(match transport {
            Transport::Tcp => link::Link::Tcp(direct),
            Transport::Udp => link::Link::Udp(direct),
            Transport::Quic => link::Link::Quic(direct),
        }))
    }

    pub(super) fn at_broker(broker: Address, token: Token) -> Self {
        Self(link::Link::Broker(Box::new(Registered::new(broker, token))))
    }

    pub(super) fn at_relay(relay: Relay, token: Token, has_password: bool) -> Self {
        let mut meeting = Meeting::new(relay, token);
        meeting.has_password = has_password;
        Self(link::Link::Relay(Box::new(meeting)))
    }

    /// The same, to nobody but who has this fingerprint.
    #[must_use]
    pub fn to(mut self, fingerprint: &Fingerprint) -> Self {
        let sum = Some(fingerprint.into());
        match &mut self.0 {
            link::Link::Tcp(direct) | link::Link::Udp(direct) | link::Link::Quic(direct) => {
                direct.sum = sum;
            }
            link::Link::Broker(registered) => registered.sum = sum,
            link::Link::Relay(meeting) => meeting.sum = sum,
            // A kind that this program does not make.
            _ => {}
        }
        self
    }

    /// What it leads to, as people read it: without token and fingerprint.
    #[must_use]
    pub fn place(&self) -> String {
        let direct = |scheme: &str, direct: &Direct| format!("{scheme}://{}", direct.address);
        match &self.0 {
            link::Link::Tcp(one) => direct("tcp", one),
            link::Link::Udp(one) => direct("udp", one),
            link::Link::Quic(one) => direct("quic", one),
            link::Link::Broker(one) => format!("broker://{}", one.broker),
            link::Link::Relay(one) => {
                format!("relay {}://{}", one.relay.scheme.name(), one.relay.address)
            }
            _ => "elsewhere".to_owned(),
        }
    }

    /// By what whoever waits at a broker or a relay is found there. A secret.
    #[must_use]
    pub const fn token(&self) -> Option<&Token> {
        match &self.0 {
            link::Link::Broker(one) => Some(&one.token),
            link::Link::Relay(one) => Some(&one.token),
            _ => None,
        }
    }

    /// The sum of the fingerprint that whoever answers must have.
    #[must_use]
    pub fn sum(&self) -> Option<String> {
        let sum = match &self.0 {
            link::Link::Tcp(one) | link::Link::Udp(one) | link::Link::Quic(one) => one.sum,
            link::Link::Broker(one) => one.sum,
            link::Link::Relay(one) => one.sum.or_else(|| one.peer.as_ref().map(link::Sum::of)),
            _ => None,
        };
        sum.map(|sum| sum.to_string())
    }

    /// Whether it leads to this relay.
    #[must_use]
    pub fn is_at(&self, relay: &Relay) -> bool {
        matches!(&self.0, link::Link::Relay(meeting) if meeting.relay == *relay)
    }

    /// Whether it leads to a relay that wants a password, which is not in the link.
    #[must_use]
    pub fn wants_password(&self) -> bool {
        matches!(&self.0, link::Link::Relay(meeting) if meeting.has_password)
    }

    /// How to call there.
    pub(super) fn way(
        &self,
        password: Option<&Password>,
        network: &Network,
    ) -> Result<race::Way, LinkError> {
        Ok(match &self.0 {
            link::Link::Tcp(one) => {
                let (host, port) = reach(&one.address)?;
                race::Way::Tcp { host, port }
            }
            link::Link::Udp(one) => {
                let (host, port) = reach(&one.address)?;
                race::Way::Udp { host, port }
            }
            link::Link::Quic(one) => {
                let (host, port) = reach(&one.address)?;
                race::Way::Quic { host, port }
            }
            link::Link::Broker(one) => race::Way::Broker(broker(&one.broker)?, one.token.clone()),
            link::Link::Relay(one) => {
                let password = password.filter(|_| one.has_password);
                let way = relay_way(&one.relay, password, network);
                race::Way::Relay(Box::new(way), one.token.clone())
            }
            _ => return Err(LinkError::Scheme),
        })
    }
}

/// The way to a relay.
pub(super) fn relay_way(
    relay: &Relay,
    password: Option<&Password>,
    network: &Network,
) -> relay::Way {
    let mut way = relay::Way::to(relay.clone());
    way.password = password.cloned();
    way.proxy.clone_from(&network.proxy);
    way.roots.clone_from(&network.roots);
    way
}

pub(super) fn broker(address: &Address) -> Result<Broker, LinkError> {
    let (host, port) = reach(address)?;
    Ok(Broker::new(&host, port))
}

/// Host and port, without brackets.
fn reach(address: &Address) -> Result<(String, u16), LinkError> {
    let host = address.host().to_string();
    let port = address.port().ok_or(LinkError::Malformed)?;
    Ok((host.trim_matches(['[', ']']).to_owned(), port))
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        if !text.contains("://") {
            return Err(LinkError::NoScheme);
        }
        let read = text.parse().map_err(|error| match error {
            link::LinkError::Scheme => LinkError::Scheme,
            link::LinkError::Key => LinkError::Fingerprint,
            link::LinkError::Token => LinkError::Token,
            _ => LinkError::Malformed,
        });
        read.map(Self)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_text())
    }
}

/// Why a text says no place where somebody can be called.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// It does not say how to connect.
    #[error("it has no tcp://, udp://, quic://, broker:// or relay:// in front")]
    NoScheme,
    /// Another way than this program knows.
    #[error("it is not of a kind that can be called: tcp, udp, quic, broker, relay")]
    Scheme,
    /// The fingerprint in it is cut or changed.
    #[error("the fingerprint in it (fp=) is not whole")]
    Fingerprint,
    /// The token in it is cut or missing.
    #[error("the token in it (token=) is missing, or not whole")]
    Token,
    /// Anything else.
    #[error("it is not of the form tcp://HOST:PORT")]
    Malformed,
}

impl LinkError {
    /// Always the user's to correct.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM_TEXT: &str = "_RENMB0vB33hQUuPmfRBsUA_qyB7IFL70sBl5O6OfcI";
    const TOKEN: &str = "07070707070707070707070707070707";

    #[test]
    fn links_come_back_as_they_were() {
        let with_sum = format!("tcp://example.org:7448?fp={SUM_TEXT}");
        let relay = format!("relay://x:1?token={TOKEN}&scheme=tls&password=1&fp={SUM_TEXT}");
        let broker = format!("broker://x:1?token={TOKEN}&fp={SUM_TEXT}");
        for text in [
            "tcp://192.0.2.1:1",
            "tcp://[2001:db8::1]:65535",
            "udp://192.0.2.1:1",
            "quic://192.0.2.1:1",
            &with_sum,
            &relay,
            &broker,
        ] {
            assert_eq!(text.parse::<Link>().unwrap().to_string(), text);
        }
        for text in [with_sum, broker, relay] {
            let link: Link = text.parse().unwrap();
            assert_eq!(link.sum().as_deref(), Some(SUM_TEXT));
            assert!(!link.place().contains(TOKEN) && !link.place().contains(SUM_TEXT));
            assert_eq!(link.wants_password(), text.contains("password"));
            let token = link.token().map(Token::as_bytes);
            assert_eq!(token.is_some(), text.contains(TOKEN));
            assert!(token.is_none_or(|token| token == [7; 16]));
        }
        let six = Link::new("2001:db8::1", 7).unwrap();
        assert_eq!(six.place(), "tcp://[2001:db8::1]:7");
        let quic = Link::direct(Transport::Quic, [192, 0, 2, 1].into(), 7).unwrap();
        assert_eq!(quic.to_string(), "quic://192.0.2.1:7");
    }

    #[test]
    fn whatever_cannot_be_called_says_why() {
        for (text, error) in [
            ("", LinkError::NoScheme),
            ("example.org:7448", LinkError::NoScheme),
            ("http://x:1", LinkError::Scheme),
            ("relay://x:1", LinkError::Token),
            ("broker://x:1?token=07", LinkError::Token),
            ("tcp://x", LinkError::Malformed),
            ("tcp://x:0", LinkError::Malformed),
            ("udp://me@x:1", LinkError::Malformed),
            ("tcp://x:1?fp=", LinkError::Fingerprint),
            ("quic://x:1?fp=AAAA", LinkError::Fingerprint),
        ] {
            assert_eq!(text.parse::<Link>(), Err(error), "{text}");
        }
    }
}
