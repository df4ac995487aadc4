use std::io;

use kernel::Kind;

/// Why a server or proxy could not be seen. Names neither: the caller knows whom it asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The name leads to no address.
    #[error("no such name")]
    NoName,
    /// Nothing accepts a connection there.
    #[error("no connection: {why}")]
    NoConnection {
        /// What the system says.
        why: io::ErrorKind,
    },
    /// Nothing happens for too long.
    #[error("no answer in time")]
    Slow,
    /// The proxy itself cannot be reached.
    #[error("the proxy is away: {why}")]
    ProxyAway {
        /// Why.
        why: String,
    },
    /// The proxy does not connect us.
    #[error("the proxy does not connect: {why}")]
    Proxy {
        /// What it says.
        why: String,
    },
    /// The proxy wants a login that we do not have, or in another way.
    #[error("it takes no login of ours")]
    Login,
    /// What answers is not a SOCKS 5 proxy.
    #[error("not a SOCKS 5 proxy")]
    NotSocks,
    /// A given root certificate is none.
    #[error("root certificate: {why}")]
    Root {
        /// What is wrong with it.
        why: String,
    },
    /// The server cannot show that it is the one we want.
    #[error("its certificate is not trusted: {why}")]
    Certificate {
        /// What is wrong with it.
        why: Distrust,
    },
    /// It speaks no TLS that we know.
    #[error("no TLS there: {why}")]
    Tls {
        /// What went wrong.
        why: String,
    },
    /// The connection broke, or what came is not HTTP.
    #[error("no HTTP there, or the connection broke")]
    NotHttp,
    /// The answer is longer than [`BODY_MAX`](super::BODY_MAX).
    #[error("the answer is longer than {} bytes", super::BODY_MAX)]
    TooLong,
}

/// Why a certificate is not trusted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// Nobody whom the system trusts has signed it.
    #[error("signed by nobody whom this system trusts")]
    Issuer,
    /// Its time is over, by our clock.
    #[error("it has expired")]
    Expired,
    /// Its time has not come, by our clock.
    #[error("it is not valid yet")]
    NotYet,
    /// It is for another server.
    #[error("it is for another name")]
    Name,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Fault {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Root { .. } => Kind::BadInput,
            Self::Certificate { .. } | Self::TooLong => Kind::PeerMisbehaved,
            _ => Kind::Unavailable,
        }
    }
}
