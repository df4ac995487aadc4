use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use identity::Fingerprint;
use kernel::Kind;

/// Where somebody can be called: `tcp://HOST:PORT`, perhaps with `?fp=` and the sum of a fingerprint.
///
/// # Spec
///
/// `spec/20-channel.md` 17.5.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    host: String,
    port: u16,
    sum: Option<String>,
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
        let is_host = match host.contains(':') {
            true => host.parse::<Ipv6Addr>().is_ok(),
            false => {
                (1..=255).contains(&host.len())
                    && host
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
            }
        };
        match is_host && port != 0 {
            true => Ok(Self {
                host: host.to_owned(),
                port,
                sum: None,
            }),
            false => Err(LinkError::Malformed),
        }
    }

    /// The same, to nobody but who has this fingerprint.
    #[must_use]
    pub fn to(self, fingerprint: &Fingerprint) -> Self {
        let sum = Some(fingerprint.to_sum());
        Self { sum, ..self }
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
    pub fn sum(&self) -> Option<&str> {
        self.sum.as_deref()
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let (scheme, rest) = text.split_once("://").ok_or(LinkError::NoScheme)?;
        if !scheme.eq_ignore_ascii_case("tcp") {
            return Err(LinkError::Scheme);
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, port) = place.rsplit_once(':').ok_or(LinkError::Malformed)?;
        let inner = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        if inner.is_some() != host.contains(':') || !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(LinkError::Malformed);
        }
        let port = port.parse().map_err(|_| LinkError::Malformed)?;
        let mut link = Self::new(inner.unwrap_or(host), port)?;
        let mut sums = query.split('&').filter_map(|part| part.strip_prefix("fp="));
        link.sum = sums.next().map(str::to_owned);
        let is_sum = |sum: &String| {
            let is_base64url = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
            sum.len() == SUM && sum.bytes().all(is_base64url)
        };
        match sums.next().is_none() && link.sum.as_ref().is_none_or(is_sum) {
            true => Ok(link),
            false => Err(LinkError::Fingerprint),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "tcp://[{}]:{}", self.host, self.port)?,
            false => write!(f, "tcp://{}:{}", self.host, self.port)?,
        }
        match &self.sum {
            Some(sum) => write!(f, "?fp={sum}"),
            None => Ok(()),
        }
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
    /// The fingerprint in it is cut, changed, or there twice.
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

/// Characters of a sum.
const SUM: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    const SUM_TEXT: &str = "_RENMB0vB33hQUuPmfRBsUA_qyB7IFL70sBl5O6OfcI";

    #[test]
    fn links_come_back_as_they_were() {
        let with_sum = format!("tcp://example.org:7448?fp={SUM_TEXT}");
        for text in [
            "tcp://192.0.2.1:1",
            "tcp://[2001:db8::1]:65535",
            "tcp://a_b-c.onion:80",
            &with_sum,
        ] {
            assert_eq!(text.parse::<Link>().unwrap().to_string(), text);
        }
        let more = format!("TCP://x:1?later=1&fp={SUM_TEXT}&y");
        let link: Link = more.parse().unwrap();
        assert_eq!((link.host(), link.port()), ("x", 1));
        assert_eq!(link.sum(), Some(SUM_TEXT));
    }

    #[test]
    fn whatever_is_no_link_says_why() {
        let twice = format!("tcp://x:1?fp={SUM_TEXT}&fp={SUM_TEXT}");
        for (text, error) in [
            ("", LinkError::NoScheme),
            ("example.org:7448", LinkError::NoScheme),
            ("udp://x:1", LinkError::Scheme),
            ("relay://x:1", LinkError::Scheme),
            ("tcp://x", LinkError::Malformed),
            ("tcp://x:", LinkError::Malformed),
            ("tcp://x:0", LinkError::Malformed),
            ("tcp://x:+1", LinkError::Malformed),
            ("tcp://x:65536", LinkError::Malformed),
            ("tcp://:1", LinkError::Malformed),
            ("tcp://[x]:1", LinkError::Malformed),
            ("tcp://::1:1", LinkError::Malformed),
            ("tcp://me@x:1", LinkError::Malformed),
            ("tcp://x:1/", LinkError::Malformed),
            ("tcp://a b:1", LinkError::Malformed),
            ("tcp://x:1?fp=", LinkError::Fingerprint),
            ("tcp://x:1?fp=AAAA", LinkError::Fingerprint),
            (&twice, LinkError::Fingerprint),
        ] {
            assert_eq!(text.parse::<Link>(), Err(error), "{text}");
        }
    }
}
