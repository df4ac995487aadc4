use std::io;

use kernel::Kind;
use rendezvous::lan;

/// Why a meeting cannot start.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The machine refuses what it was given.
    #[error(transparent)]
    Machine(#[from] lan::StartError),
    /// No interface can be used.
    #[error("no network interface with an IPv4 address is up")]
    NoInterface,
    /// An interface was named that is not there.
    #[error("no interface that is up has the name or IPv4 address {name:?} (there are: {there})")]
    UnknownInterface {
        /// As it was given.
        name: String,
        /// Those that are up.
        there: String,
    },
    /// The group is not one.
    #[error("{group} is not an IPv4 multicast address (224.0.0.0 to 239.255.255.255)")]
    NotAGroup {
        /// As it was given.
        group: std::net::Ipv4Addr,
    },
    /// No interface could be opened; the first reason.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The system gives no list of interfaces.
    #[error("the system does not list its network interfaces")]
    NoList,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The system gives no threads to work with.
    #[error("the system gives no threads")]
    NoThreads,
}

impl StartError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Machine(error) => error.kind(),
            Self::UnknownInterface { .. } | Self::NotAGroup { .. } => Kind::BadInput,
            Self::Link(error) => error.kind(),
            Self::NoInterface | Self::NoList | Self::NoRandomness | Self::NoThreads => {
                Kind::Unavailable
            }
        }
    }

    /// What the person can try, if there is something.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoInterface => {
                Some("connect to a network, or use 127.0.0.1 to meet somebody on this same machine")
            }
            Self::Link(error) => error.hint(),
            _ => None,
        }
    }
}

/// Why an interface cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Another program has the port and does not share it.
    #[error("another program keeps UDP port {port} to itself")]
    PortInUse {
        /// The group's port.
        port: u16,
    },
    /// The system forbids it.
    #[error("the system forbids multicast on {interface}")]
    Forbidden {
        /// The interface's name.
        interface: String,
    },
    /// The network is not reachable there.
    #[error("nothing can be sent on {interface}: no route or no carrier")]
    Unreachable {
        /// The interface's name.
        interface: String,
    },
    /// Anything else, in the system's words.
    #[error("{interface} does not work: {reason}")]
    Other {
        /// The interface's name.
        interface: String,
        /// The kind of the system's error.
        reason: io::ErrorKind,
    },
}

impl LinkError {
    pub(super) fn new(interface: &str, port: u16, error: &io::Error) -> Self {
        let interface = interface.to_owned();
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse { port },
            io::ErrorKind::PermissionDenied => Self::Forbidden { interface },
            io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkDown => Self::Unreachable { interface },
            reason => Self::Other { interface, reason },
        }
    }

    /// Something needed is not there now.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::PortInUse { .. }
            | Self::Forbidden { .. }
            | Self::Unreachable { .. }
            | Self::Other { .. } => Kind::Unavailable,
        }
    }

    /// What the person can try, if there is something.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PortInUse { .. } => Some("end that program, or agree on another port"),
            Self::Forbidden { .. } => {
                Some("a firewall or a sandbox is likely: allow UDP to and from 224.3.29.71")
            }
            Self::Unreachable { .. } => Some("check the cable, the Wi-Fi or the route"),
            Self::Other { .. } => None,
        }
    }
}
