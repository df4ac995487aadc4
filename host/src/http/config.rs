use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use kernel::Kind;

use crate::board::Limits;
use crate::pace::Rate;
use crate::{broker, relay};

/// What a server runs.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Config {
    /// Public addresses.
    pub listen: Vec<SocketAddr>,
    /// Address of the admin listener, if one is wanted.
    pub admin: Option<SocketAddr>,
    /// Where the certificate comes from; without one the public listeners speak plain HTTP.
    pub tls: Option<Certificate>,
    /// Directory of the socket for the owner, if one is wanted; Unix only.
    pub control: Option<PathBuf>,
    /// Whether plain HTTP is wanted on any address, because a proxy in front speaks TLS.
    pub behind_proxy: bool,
    /// A relay, if one is wanted.
    pub relay: relay::Config,
    /// A broker, if one is wanted.
    pub broker: broker::Config,
    /// What a reload replaces.
    pub settings: Settings,
}

/// Where a certificate and its private key come from.
#[expect(clippy::exhaustive_enums, reason = "the two ways there are")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Certificate {
    /// Somebody else renews these.
    Files(TlsFiles),
    /// We ask for one, and renew it.
    Acme(Acme),
}

/// What to ask a certificate authority, by ACME (RFC 8555) with TLS-ALPN-01 (RFC 8737): it
/// connects to port 443 of `name` to see that the name is ours.
#[expect(clippy::exhaustive_structs, reason = "what a configuration says of it")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Acme {
    /// The DNS name that clients dial, in lower case.
    pub name: String,
    /// Mail address of the operator, for the authority.
    pub contact: String,
    /// `https` URL of the authority's directory.
    pub directory: String,
    /// PEM file of the roots that the authority's own certificate is checked against; without one,
    /// those of the system.
    pub roots: Option<PathBuf>,
    /// Directory where account and certificate are kept; made with mode 700.
    pub cache: PathBuf,
}

/// PEM files of a certificate chain and its private key.
#[expect(clippy::exhaustive_structs, reason = "two paths")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The chain, leaf first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What can change while a server runs.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds of the store.
    pub limits: Limits,
    /// Requests of one source.
    pub requests: Rate,
    /// Requests that wait for something new.
    pub waiting: Share,
    /// Open connections.
    pub connections: Share,
    /// The longest body of a request, in bytes.
    pub body: usize,
    /// How long a reader may stop in the middle of an answer before the connection is closed.
    pub stalled: Duration,
    /// Hops whose `x-forwarded-for` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// A bound in all and per source.
#[expect(clippy::exhaustive_structs, reason = "two numbers")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share {
    /// In all.
    pub total: usize,
    /// Of one source.
    pub per_source: usize,
}

impl Default for Config {
    /// Plain HTTP on 127.0.0.1:7447, no admin listener.
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 7447))],
            admin: None,
            tls: None,
            control: None,
            behind_proxy: false,
            relay: relay::Config::default(),
            broker: broker::Config::default(),
            settings: Settings::default(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            requests: Rate {
                per_second: 100,
                burst: 400,
            },
            waiting: Share {
                total: 10_000,
                per_source: 64,
            },
            connections: Share {
                total: 12_000,
                per_source: 256,
            },
            body: 1 << 20,
            stalled: Duration::from_secs(30),
            trusted_proxies: Vec::new(),
        }
    }
}

impl Config {
    /// Whether the parts fit together. Opens nothing.
    ///
    /// # Errors
    ///
    /// See [`ConfigError`].
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.listen.is_empty() {
            return Err(ConfigError::NoListener);
        }
        if let Some(&address) = self.admin.iter().find(|a| !is_loopback(a)) {
            return Err(ConfigError::AdminOnPublic { address });
        }
        if self.tls.is_none() && !self.relay.tls.is_empty() {
            return Err(ConfigError::RelayWithoutTls);
        }
        if let Some(address) = self.broker.one_too_many() {
            return Err(ConfigError::BrokerTwice { address });
        }
        let is_plain = self.tls.is_none() && !self.behind_proxy;
        match self.listen.iter().find(|a| is_plain && !is_loopback(a)) {
            Some(&address) => Err(ConfigError::PlainOnPublic { address }),
            None => self.settings.check(),
        }
    }
}

impl Settings {
    /// Whether every bound lets something through.
    ///
    /// # Errors
    ///
    /// See [`ConfigError`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let limits = &self.limits;
        let is_zero = [
            ("limits.board.records", limits.board.records == 0),
            ("limits.board.size", limits.board.bytes == 0),
            ("limits.board.shares", limits.board_shares == 0),
            ("limits.source.records", limits.source.records == 0),
            ("limits.source.size", limits.source.bytes == 0),
            ("limits.source.boards", limits.boards_of_source == 0),
            ("limits.server.records", limits.server.records == 0),
            ("limits.server.size", limits.server.bytes == 0),
            ("limits.server.boards", limits.boards == 0),
            ("limits.server.shares", limits.server_shares == 0),
            ("limits.body", self.body == 0),
            ("limits.stalled", self.stalled.is_zero()),
            ("limits.requests.per_second", self.requests.per_second == 0),
            ("limits.requests.burst", self.requests.burst == 0),
            ("limits.connections.total", self.connections.total == 0),
            (
                "limits.connections.per_source",
                self.connections.per_source == 0,
            ),
        ];
        if let Some(&(name, _)) = is_zero.iter().find(|(_, is_zero)| *is_zero) {
            return Err(ConfigError::Zero { name });
        }
        if limits.lifetime < MIN_LIFETIME {
            return Err(ConfigError::ShortLifetime);
        }
        Ok(())
    }
}

fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// A minute: cursors start at the time, so a board must outlive a burst of records.
const MIN_LIFETIME: Duration = Duration::from_secs(60);

/// Why a configuration cannot be run.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No public address is given.
    #[error("there is no address to listen on")]
    NoListener,
    /// Plain HTTP would be reachable from elsewhere.
    #[error("plain HTTP on {address}, which is not a loopback address")]
    PlainOnPublic {
        /// The first such address.
        address: SocketAddr,
    },
    /// The admin listener would be reachable from elsewhere.
    #[error("admin listener on {address}, which is not a loopback address")]
    AdminOnPublic {
        /// The address.
        address: SocketAddr,
    },
    /// A relay would have to speak TLS.
    #[error("switch.tls needs a certificate")]
    RelayWithoutTls,
    /// People at one address of a broker would not find those at another of the same kind.
    #[error("broker.listen: {address} is the second address of its kind (IPv4 or IPv6)")]
    BrokerTwice {
        /// The second one.
        address: SocketAddr,
    },
    /// A setting that only works above zero.
    #[error("{name} must not be zero")]
    Zero {
        /// Its name in `entrenousd`'s configuration.
        name: &'static str,
    },
    /// Records would go before anyone can read them.
    #[error("limits.lifetime: records must live for at least one minute")]
    ShortLifetime,
}

impl ConfigError {
    /// Always the operator's to correct.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(address: &str) -> Config {
        Config {
            listen: vec![address.parse().unwrap()],
            ..Config::default()
        }
    }

    #[test]
    fn plain_http_is_for_loopback_or_behind_a_proxy() {
        for loopback in [
            "127.0.0.1:1",
            "127.9.9.9:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert_eq!(on(loopback).check(), Ok(()), "{loopback}");
        }
        for public in ["0.0.0.0:1", "[::]:1", "192.168.1.1:1"] {
            let address = public.parse().unwrap();
            let mut config = on(public);
            assert_eq!(config.check(), Err(ConfigError::PlainOnPublic { address }));
            config.behind_proxy = true;
            assert_eq!(config.check(), Ok(()));
        }
    }

    #[test]
    fn the_admin_listener_is_for_loopback_only() {
        let mut config = on("127.0.0.1:1");
        config.admin = Some("127.0.0.1:2".parse().unwrap());
        assert_eq!(config.check(), Ok(()));
        let address = "0.0.0.0:2".parse().unwrap();
        config.admin = Some(address);
        assert_eq!(config.check(), Err(ConfigError::AdminOnPublic { address }));
    }

    #[test]
    fn a_relay_speaks_tls_only_with_a_certificate() {
        let mut config = on("127.0.0.1:1");
        config.relay.tcp = vec!["0.0.0.0:2".parse().unwrap()];
        assert_eq!(config.check(), Ok(()), "frames are sealed without it");
        config.relay.tls = vec!["0.0.0.0:3".parse().unwrap()];
        assert_eq!(config.check(), Err(ConfigError::RelayWithoutTls));
        config.tls = Some(Certificate::Files(TlsFiles {
            cert: "c".into(),
            key: "k".into(),
        }));
        assert_eq!(config.check(), Ok(()));
    }

    #[test]
    fn a_broker_has_one_address_of_each_kind() {
        let mut config = on("127.0.0.1:1");
        for (listen, second) in [
            (&["[::]:1"][..], None),
            (&["192.0.2.1:1", "[2001:db8::1]:1"], None),
            (
                &["192.0.2.1:1", "[::]:1", "192.0.2.2:1"],
                Some("192.0.2.2:1"),
            ),
            (&["[::1]:1", "[::1]:2"], Some("[::1]:2")),
        ] {
            config.broker.listen = listen.iter().map(|text| text.parse().unwrap()).collect();
            let second = second.map(|text| text.parse().unwrap());
            let wrong = second.map(|address| ConfigError::BrokerTwice { address });
            assert_eq!(config.check().err(), wrong);
        }
    }

    #[test]
    fn a_bound_of_zero_and_a_short_lifetime_are_refused() {
        let mut settings = Settings::default();
        settings.limits.lifetime = Duration::from_millis(59_999);
        assert_eq!(settings.check(), Err(ConfigError::ShortLifetime));
        settings.limits.lifetime = Duration::from_secs(60);
        assert_eq!(settings.check(), Ok(()));
        settings.limits.source.bytes = 0;
        let name = "limits.source.size";
        assert_eq!(settings.check(), Err(ConfigError::Zero { name }));
    }
}
