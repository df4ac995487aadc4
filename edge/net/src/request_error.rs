use std::io;
use std::time::Duration;

use kernel::Kind;

/// Why a request over HTTP had no success.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The name of the server leads to no address.
    #[error("no such name: {host}")]
    NoName {
        /// The name.
        host: String,
    },
    /// An onion service, and no proxy that leads there.
    #[error("{host} is reached through Tor only, and no proxy is given")]
    OnionWithoutProxy {
        /// The name.
        host: String,
    },
    /// Nothing accepts a connection there.
    #[error("cannot connect to {host}:{port}: {reason}")]
    NoConnection {
        /// The server, or the proxy.
        host: String,
        /// Its port.
        port: u16,
        /// What the system says.
        reason: io::ErrorKind,
    },
    /// The proxy does not connect us.
    #[error("the proxy cannot connect: {reason}")]
    Proxy {
        /// What it says.
        reason: &'static str,
    },
    /// The server cannot show that it is the one we want.
    #[error("the server's certificate is not trusted: {reason}")]
    Certificate {
        /// What is wrong with it.
        reason: String,
    },
    /// It speaks no TLS that we know.
    #[error("no TLS connection: {reason}")]
    Tls {
        /// What went wrong.
        reason: String,
    },
    /// It takes too long.
    #[error("no answer in {} s", after.as_secs())]
    Slow {
        /// How long we waited.
        after: Duration,
    },
    /// The connection broke, or what came is not HTTP.
    #[error("the connection broke, or this is not an HTTP server")]
    Broken,
    /// The answer is longer than any of the protocol.
    #[error("the answer is longer than {max} bytes")]
    TooLong {
        /// Our bound.
        max: usize,
    },
    /// The server refuses.
    #[error("the server answers {code}")]
    Status {
        /// The status code.
        code: u16,
        /// When to come back, if it says so.
        retry: Option<Duration>,
    },
}

impl RequestError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Certificate { .. } | Self::TooLong { .. } => Kind::PeerMisbehaved,
            Self::OnionWithoutProxy { .. } => Kind::BadInput,
            Self::Status { code: 429, .. } => Kind::Exhausted,
            Self::Status { code: 400..500, .. } => Kind::BadInput,
            _ => Kind::Unavailable,
        }
    }
}
