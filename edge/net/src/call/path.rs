use std::fmt;

use switch::link::Scheme;

/// How a call came about.
///
/// # Spec
///
/// `spec/22-switch.md` 9.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Path {
    /// Direct, by TCP.
    Tcp,
    /// Direct, by UDP.
    Udp,
    /// Straight, by QUIC.
    Quic,
    /// By UDP, after a broker told both sides where the other is, and both knocked.
    Knocked,
    /// Through a relay.
    Relay {
        /// How one speaks to it.
        scheme: Scheme,
        /// Its host: a name, or an IP address (IPv6 in brackets).
        host: String,
    },
}

impl Path {
    /// Whether a server carries what is said.
    #[must_use]
    pub const fn is_relayed(&self) -> bool {
        matches!(self, Self::Relay { .. })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp => f.write_str("TCP"),
            Self::Udp => f.write_str("UDP"),
            Self::Quic => f.write_str("QUIC"),
            Self::Knocked => f.write_str("UDP, by a broker"),
            Self::Relay { scheme, host } => write!(f, "relay {}://{host}", scheme.name()),
        }
    }
}
