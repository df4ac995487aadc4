//! Whom a client wants to call.

use node::call::{Link, Password};

use super::peers::key_of;
use super::protocol::{Dial, Fault};
use super::server::plan::{Transport, broker, no_broker, password as password_of, place, relay};

/// Who is to be called, and where.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) transport: Transport,
    pub(super) link: Link,
    pub(super) password: Option<Password>,
    /// Where that is, for people.
    pub(super) remote: String,
}

impl Route {
    pub(super) fn read(given: &Dial) -> Result<Self, Fault> {
        let transport = Transport::read(&given.transport)?;
        let mut password = None;
        let (link, remote) = match transport {
            _ if given.addr.contains("://") => {
                password = password_of(&given.password).map_err(no_dialer)?;
                let link = given.addr.parse::<Link>().map_err(no_dialer)?;
                (link, String::new())
            }
            Transport::Tcp | Transport::Udp => {
                let link = at(transport.name(), &given.addr).map_err(no_dialer)?;
                (link, given.addr.clone())
            }
            Transport::DirectP2p => {
                let peer = &given.direct_peer_addr;
                let link = at("udp", peer).map_err(|why| {
                    Fault::new("direct_p2p_failed", format_args!("direct p2p dial: {why}"))
                })?;
                (link, peer.clone())
            }
            Transport::Relay => {
                let failed = |why: String| {
                    let text = format_args!("relay dial func: {why}");
                    Fault::new("relay_dial_failed", text)
                };
                let link;
                (link, password) = joined(given).map_err(failed)?;
                (link, given.relay_addr.clone())
            }
            Transport::P2p => (met(given)?, "p2p".to_owned()),
        };
        let remote = match remote.is_empty() {
            true => link.place(),
            false => remote,
        };
        let link = match given.peer_pub_b64.is_empty() {
            true => link,
            false => link.to(&key_of(&given.peer_pub_b64)?.1),
        };
        Ok(Self {
            transport,
            link,
            password,
            remote,
        })
    }
}

/// A link to whoever waits at a relay.
fn joined(given: &Dial) -> Result<(Link, Option<Password>), String> {
    let (relay, password) = relay(&given.relay_addr, &given.password)?;
    if given.token.is_empty() {
        return Err("relay token is required".to_owned());
    }
    let mut link = format!(
        "relay://{}?token={}&scheme={}",
        relay.address,
        given.token.as_str(),
        relay.scheme.name()
    );
    for (is_so, text) in [
        (password.is_some(), "&password=1"),
        (relay.is_insecure, "&insecure=true"),
    ] {
        if is_so {
            link.push_str(text);
        }
    }
    let link = link.parse().map_err(|error| format!("{error}"))?;
    Ok((link, password))
}

/// A link to whoever waits at a broker.
fn met(given: &Dial) -> Result<Link, Fault> {
    let broker = broker(&given.broker_addr).map_err(no_broker)?;
    let token = given.p2p_token.as_str();
    let link = format!("broker://{broker}?token={token}").parse();
    link.map_err(|error| Fault::new("p2p_match_failed", format_args!("wait match: {error}")))
}

/// A link to `HOST:PORT`; without a host, to this machine.
fn at(scheme: &str, addr: &str) -> Result<Link, String> {
    let (host, port) = place(addr)?;
    let host = match host {
        "" => "127.0.0.1".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    };
    let link = format!("{scheme}://{host}:{port}").parse();
    link.map_err(|error| format!("{error}"))
}

fn no_dialer(why: impl std::fmt::Display) -> Fault {
    Fault::new("create_dialer_failed", format_args!("create dialer: {why}"))
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::super::protocol::Text;
    use super::*;

    fn text(text: &str) -> Text {
        Text::from(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn places_are_written_as_in_kamune_or_as_links() {
        for (addr, transport, wanted) in [
            ("127.0.0.1:9000", "", "tcp://127.0.0.1:9000"),
            (":9000", "tcp", "tcp://127.0.0.1:9000"),
            ("example.org:1", "udp", "udp://example.org:1"),
            ("[2001:db8::1]:7", "udp", "udp://[2001:db8::1]:7"),
            ("tcp://example.org:1", "udp", "tcp://example.org:1"),
            ("quic://example.org:1", "", "quic://example.org:1"),
        ] {
            let given = Dial {
                addr: addr.to_owned(),
                transport: transport.to_owned(),
                ..Dial::default()
            };
            assert_eq!(Route::read(&given).unwrap().link.to_string(), wanted);
        }
        for addr in [
            "",
            "x",
            "x:0",
            "x:65536",
            "a b:1",
            "http://x:1",
            "2001:db8::1:7x",
        ] {
            let given = Dial {
                addr: addr.to_owned(),
                ..Dial::default()
            };
            let code = Route::read(&given).unwrap_err();
            assert_eq!(code.code(), "create_dialer_failed", "{addr}");
        }
    }

    #[test]
    fn relays_and_brokers_are_found_by_their_tokens() {
        let token = "07".repeat(32);
        let relay = Dial {
            transport: "relay".to_owned(),
            relay_addr: "wss://relay.example:8443?insecure=true".to_owned(),
            token: text(&token),
            password: text("psk-secret"),
            ..Dial::default()
        };
        let route = Route::read(&relay).unwrap();
        let wanted =
            format!("relay://relay.example:8443?token={token}&scheme=wss&password=1&insecure=true");
        assert_eq!(route.link.to_string(), wanted);
        assert_eq!(route.remote, relay.relay_addr);
        assert!(route.password.is_some());
        // without a scheme it is a WebSocket
        let plain = Dial {
            relay_addr: "relay.example:8888".to_owned(),
            password: Text::default(),
            ..relay.clone()
        };
        let wanted = format!("relay://relay.example:8888?token={token}&scheme=ws");
        assert_eq!(Route::read(&plain).unwrap().link.to_string(), wanted);

        let p2p = Dial {
            transport: "p2p".to_owned(),
            broker_addr: "broker.example:7449".to_owned(),
            p2p_token: text("07070707070707070707070707070707"),
            ..Dial::default()
        };
        let wanted = "broker://broker.example:7449?token=07070707070707070707070707070707";
        assert_eq!(Route::read(&p2p).unwrap().link.to_string(), wanted);

        for (given, code) in [
            (
                Dial {
                    token: Text::default(),
                    ..relay.clone()
                },
                "relay_dial_failed",
            ),
            (
                Dial {
                    relay_addr: String::new(),
                    ..relay
                },
                "relay_dial_failed",
            ),
            (
                Dial {
                    p2p_token: text("07"),
                    ..p2p.clone()
                },
                "p2p_match_failed",
            ),
            (
                Dial {
                    broker_addr: "broker.example".to_owned(),
                    ..p2p
                },
                "p2p_listener_failed",
            ),
        ] {
            assert_eq!(Route::read(&given).unwrap_err().code(), code);
        }
    }
}
