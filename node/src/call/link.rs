use std::fmt;
use std::str::FromStr;

use identity::Fingerprint;
use kernel::Kind;
use switch::link::{self, Direct};

/// Where somebody can be called by this node: a link of the kind `tcp://HOST:PORT`, perhaps with the sum of
/// a fingerprint.
///
/// # Spec
///
/// `spec/22-switch.md` 7.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    direct: Direct,
    /// A name, or an address without brackets.
    host: String,
    port: u16,
}

impl Link {
    /// The port on which calls are taken if nothing else is said.
    pub const PORT: u16 = 7448;

    /// To `host` (a name, or an address; IPv6 without brackets) and `port`.
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

    /// The same, to nobody but who has this fingerprint.
    #[must_use]
    pub fn to(mut self, fingerprint: &Fingerprint) -> Self {
        self.direct.sum = Some(fingerprint.into());
        self
    }

    /// A name, or an address (IPv6 without brackets).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 1 to 65535.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The sum of the fingerprint that whoever answers must have.
    #[must_use]
    pub fn sum(&self) -> Option<String> {
        self.direct.sum.map(|sum| sum.to_string())
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        if !text.contains("://") {
            return Err(LinkError::NoScheme);
        }
        let direct = match text.parse() {
            Ok(link::Link::Tcp(direct)) => direct,
            Ok(_) | Err(link::LinkError::Scheme) => return Err(LinkError::Scheme),
            Err(link::LinkError::Key) => return Err(LinkError::Fingerprint),
            Err(_) => return Err(LinkError::Malformed),
        };
        let host = direct.address.host().to_string();
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: direct.address.port().ok_or(LinkError::Malformed)?,
            direct,
        })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&link::Link::Tcp(self.direct.clone()).to_text())
    }
}

/// Why a text says no place where somebody can be called.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// It does not say how to connect.
    #[error("it has no tcp:// in front")]
    NoScheme,
    /// Another way than TCP.
    #[error("only tcp:// can be called so far")]
    Scheme,
    /// The fingerprint in it is cut or changed.
    #[error("the fingerprint in it (fp=) is not whole")]
    Fingerprint,
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

    #[test]
    fn links_come_back_as_they_were() {
        let with_sum = format!("tcp://example.org:7448?fp={SUM_TEXT}");
        for text in ["tcp://192.0.2.1:1", "tcp://[2001:db8::1]:65535", &with_sum] {
            assert_eq!(text.parse::<Link>().unwrap().to_string(), text);
        }
        let link: Link = with_sum.parse().unwrap();
        assert_eq!((link.host(), link.port()), ("example.org", 7448));
        assert_eq!(link.sum().as_deref(), Some(SUM_TEXT));
        let six = Link::new("2001:db8::1", 7).unwrap();
        assert_eq!((six.host(), six.port()), ("2001:db8::1", 7));
    }

    #[test]
    fn whatever_cannot_be_called_says_why() {
        for (text, error) in [
            ("", LinkError::NoScheme),
            ("example.org:7448", LinkError::NoScheme),
            ("udp://x:1", LinkError::Scheme),
            (
                "relay://x:1?token=07070707070707070707070707070707",
                LinkError::Scheme,
            ),
            ("http://x:1", LinkError::Scheme),
            ("tcp://x", LinkError::Malformed),
            ("tcp://x:0", LinkError::Malformed),
            ("tcp://me@x:1", LinkError::Malformed),
            ("tcp://x:1?fp=", LinkError::Fingerprint),
            ("tcp://x:1?fp=AAAA", LinkError::Fingerprint),
        ] {
            assert_eq!(text.parse::<Link>(), Err(error), "{text}");
        }
    }
}
