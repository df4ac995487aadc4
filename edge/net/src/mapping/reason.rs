use std::io;

use kernel::Kind;

/// Why a gateway gives no port, for each of the protocols.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no port of the gateway (PCP: {pcp}; NAT-PMP: {nat_pmp}; UPnP: {upnp})")]
#[non_exhaustive]
pub struct NoMapping {
    /// By PCP.
    pub pcp: Reason,
    /// By NAT-PMP.
    pub nat_pmp: Reason,
    /// By UPnP.
    pub upnp: Reason,
}

impl NoMapping {
    /// What the caller can do: try again on another network, or be reached another way.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::Unavailable
    }
}

/// Why a gateway gives no port by one protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The system does not say who the gateway is.
    #[error("no gateway is known")]
    NoGateway,
    /// Nothing came in time.
    #[error("no answer")]
    Silent,
    /// Nobody can be asked, or nobody listens there.
    #[error("cannot be asked: {0}")]
    Unreachable(io::ErrorKind),
    /// It speaks another version, or only parts of it.
    #[error("it does not speak it")]
    Unknown,
    /// It does not want to, or has none left.
    #[error("refused")]
    Refused,
    /// It has ports for ever only, which nobody would take back if we cannot.
    #[error("ports only without an end")]
    OnlyForEver,
    /// Somebody else answered.
    #[error("the answer is not the gateway's")]
    Elsewhere,
    /// The answer is none of the protocol, or of another question.
    #[error("the answer makes no sense")]
    Nonsense,
    /// The address in the answer is one where nobody can be.
    #[error("the address in the answer is nobody's")]
    Nowhere,
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error.kind())
    }
}
