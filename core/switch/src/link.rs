//! What one person hands to another so that they meet: an address, or a relay and a token, as text or
//! as a QR code of that text.

mod address;
mod query;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use identity::{Fingerprint, spki};
use kernel::Kind;
use primitives::VerifyingKey;

pub use address::{Address, Host, Relay, Scheme};

use crate::Token;
use query::Query;

/// Where somebody waits. Whoever has it can call them, so it is as secret as its token.
///
/// # Spec
///
/// `spec/22-switch.md` 7.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Link {
    /// At an address, by TCP.
    Tcp(Direct),
    /// At an address, by UDP.
    Udp(Direct),
    /// At an address, by QUIC. Ours: programs in Go refuse it.
    Quic(Direct),
    /// Where a broker says. Ours: programs in Go refuse it.
    Broker(Box<Registered>),
    /// At a relay.
    Relay(Box<Meeting>),
}

/// An address where somebody waits.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Direct {
    /// Which one.
    pub address: Address,
    /// Who that should be. Ours: programs in Go neither write nor read it.
    pub sum: Option<Sum>,
}

/// A broker that says where somebody waits.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registered {
    /// Which one; with a port.
    pub broker: Address,
    /// Under which token.
    pub token: Token,
    /// Who that should be.
    pub sum: Option<Sum>,
}

/// A relay where somebody waits.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Meeting {
    /// Which one.
    pub relay: Relay,
    /// Under which token.
    pub token: Token,
    /// Whether the relay has a password, which is not in here.
    pub has_password: bool,
    /// Who that should be. Some programs in Go read it.
    pub peer: Option<VerifyingKey>,
    /// The same. Ours: programs in Go neither write nor read it.
    pub sum: Option<Sum>,
}

/// What a link shows of the key of who waits: SHA-256 of its SubjectPublicKeyInfo.
///
/// # Spec
///
/// `spec/15-identity.md` 6.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sum([u8; 32]);

impl Sum {
    /// That of a key.
    #[must_use]
    pub fn of(key: &VerifyingKey) -> Self {
        Self::from(&Fingerprint::of(&(*key).into()))
    }

    fn from_text(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(unpadded(text).as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl From<&Fingerprint> for Sum {
    fn from(fingerprint: &Fingerprint) -> Self {
        Self(*fingerprint.sum())
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl Direct {
    /// Somebody at `address`.
    #[must_use]
    pub const fn new(address: Address) -> Self {
        Self { address, sum: None }
    }
}

impl Registered {
    /// Somebody at `broker`, under `token`.
    #[must_use]
    pub const fn new(broker: Address, token: Token) -> Self {
        Self {
            broker,
            token,
            sum: None,
        }
    }

    fn to_text(&self) -> String {
        let token = HEXLOWER.encode(self.token.as_bytes());
        let text = format!("broker://{}?token={token}", self.broker);
        match self.sum {
            Some(sum) => format!("{text}&{FINGERPRINT}={sum}"),
            None => text,
        }
    }

    fn read(address: &str, query: &Query) -> Result<Self, LinkError> {
        let address = Address::read(address).filter(|address| address.port().is_some());
        Ok(Self {
            broker: address.ok_or(LinkError::Address)?,
            token: token(query)?,
            sum: sum(query)?,
        })
    }
}

impl Meeting {
    /// Somebody at `relay`, under `token`.
    #[must_use]
    pub const fn new(relay: Relay, token: Token) -> Self {
        Self {
            relay,
            token,
            has_password: false,
            peer: None,
            sum: None,
        }
    }

    fn to_text(&self) -> String {
        let Relay {
            scheme,
            address,
            is_insecure,
        } = &self.relay;
        let token = HEXLOWER.encode(self.token.as_bytes());
        let mut text = format!("relay://{address}?token={token}&scheme={}", scheme.name());
        let peer = self
            .peer
            .as_ref()
            .map(|key| BASE64URL_NOPAD.encode(&spki::encode(key)));
        for (name, value) in [
            ("password", self.has_password.then(|| "1".to_string())),
            ("insecure", is_insecure.then(|| "true".to_string())),
            ("peer", peer),
            (FINGERPRINT, self.sum.map(|sum| sum.to_string())),
        ] {
            if let Some(value) = value {
                text.push_str(&format!("&{name}={value}"));
            }
        }
        text
    }

    fn read(address: &str, query: &Query) -> Result<Self, LinkError> {
        let scheme = match query.value("scheme") {
            None | Some("") => Scheme::Ws,
            Some(name) => Scheme::of(name).ok_or(LinkError::Scheme)?,
        };
        let relay = Relay {
            scheme,
            address: Address::read(address).ok_or(LinkError::Address)?,
            is_insecure: query.value("insecure") == Some("true"),
        };
        let token = token(query)?;
        let has_password = !matches!(query.value("password"), None | Some("" | "0" | "false"));
        let peer = query.value("peer").map(key).transpose()?;
        let sum = sum(query)?;
        if let (Some(peer), Some(sum)) = (&peer, sum)
            && Sum::of(peer) != sum
        {
            return Err(LinkError::Key);
        }
        Ok(Self {
            relay,
            token,
            has_password,
            peer,
            sum,
        })
    }
}

impl Link {
    /// Most bytes of a link.
    pub const MAX: usize = 1024;

    /// The text, at most [`MAX`](Self::MAX) bytes of ASCII.
    #[must_use]
    pub fn to_text(&self) -> String {
        let (scheme, direct) = match self {
            Self::Tcp(direct) => ("tcp", direct),
            Self::Udp(direct) => ("udp", direct),
            Self::Quic(direct) => ("quic", direct),
            Self::Broker(registered) => return registered.to_text(),
            Self::Relay(meeting) => return meeting.to_text(),
        };
        let address = &direct.address;
        match direct.sum {
            Some(sum) => format!("{scheme}://{address}?{FINGERPRINT}={sum}"),
            None => format!("{scheme}://{address}"),
        }
    }
}

impl FromStr for Link {
    type Err = LinkError;

    /// Reads text of anyone's. Blanks around it, the case of its scheme, values that we do not know,
    /// and what follows a `#` do not matter.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        if text.len() > Self::MAX {
            return Err(LinkError::TooLong);
        }
        let (scheme, rest) = text.trim().split_once("://").ok_or(LinkError::Scheme)?;
        let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let address = address.strip_suffix('/').unwrap_or(address);
        let query = Query::read(query);
        let direct = || {
            let address = Address::read(address).filter(|address| address.port().is_some());
            Ok(Direct {
                address: address.ok_or(LinkError::Address)?,
                sum: sum(&query)?,
            })
        };
        match scheme.to_ascii_lowercase().as_str() {
            "tcp" => direct().map(Self::Tcp),
            "udp" => direct().map(Self::Udp),
            "quic" => direct().map(Self::Quic),
            "broker" => Registered::read(address, &query).map(|one| Self::Broker(Box::new(one))),
            "relay" => Meeting::read(address, &query).map(|meeting| Self::Relay(Box::new(meeting))),
            _ => Err(LinkError::Scheme),
        }
    }
}

fn token(query: &Query) -> Result<Token, LinkError> {
    let token = query.value("token").ok_or(LinkError::Token)?;
    let token = HEXLOWER_PERMISSIVE.decode(token.as_bytes());
    let token = token.map_err(|_| LinkError::Token)?;
    Token::from_bytes(&token).map_err(|_| LinkError::Token)
}

fn sum(query: &Query) -> Result<Option<Sum>, LinkError> {
    let sum = query.value(FINGERPRINT);
    sum.map(|text| Sum::from_text(text).ok_or(LinkError::Key))
        .transpose()
}

fn key(text: &str) -> Result<VerifyingKey, LinkError> {
    let bytes = BASE64URL_NOPAD.decode(unpadded(text).as_bytes());
    let bytes = bytes.map_err(|_| LinkError::Key)?;
    let bytes = bytes.as_slice().try_into().map_err(|_| LinkError::Key)?;
    spki::decode(bytes).map_err(|_| LinkError::Key)
}

fn unpadded(text: &str) -> &str {
    text.trim_end_matches('=')
}

/// Why text is no link.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Longer than any.
    #[error("a link has at most {} bytes", Link::MAX)]
    TooLong,
    /// Of another kind, or with a relay that speaks another way.
    #[error("not a link to a relay or an address")]
    Scheme,
    /// Its host or port.
    #[error("the address in the link is none")]
    Address,
    /// Its token is missing, or none.
    #[error("the token in the link is none")]
    Token,
    /// The key or fingerprint in it is none, or they disagree.
    #[error("the key in the link is none")]
    Key,
}

impl LinkError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

const FINGERPRINT: &str = "fp";

#[cfg(test)]
mod tests;
