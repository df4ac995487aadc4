//! Taking calls.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use node::Node;
use node::call::{Calls, Heard, Link, Place, Places};
use tokio::net::lookup_host;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::call::Happened;
use super::desk::{Daemon, NOT_CONNECTED};
use super::hub::Asker;
use super::log::Level;
use super::protocol::{Event, Fault, FingerprintInfo, Reply, StartServer, Status, moment};
use crate::command::place::host;
use crate::event::time;

/// Whether calls are taken, and where.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) listener: Option<Listener>,
    /// Where they were taken last.
    last: Option<SocketAddr>,
}

/// Calls are taken.
#[derive(Debug)]
pub(super) struct Listener {
    address: SocketAddr,
    started: String,
    /// Hands on who calls; ends with this.
    _taking: JoinSet<()>,
}

impl Server {
    pub(super) const fn is_running(&self) -> bool {
        self.listener.is_some()
    }
}

impl Daemon<'_> {
    pub(super) async fn start_server(
        &mut self,
        given: StartServer,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let node = self.node()?;
        if self.server.is_running() {
            return Err(Fault::new(
                "server_already_running",
                "server is already running",
            ));
        }
        only_tcp(&given.transport)?;
        let address = address(&given.addr).await.map_err(not_started)?;
        self.take_name(&given.name).await?;
        self.set_status(Status::Connecting, "Starting server...");
        match self.listen(&node, address, 1).await {
            Ok(()) => self.tell_started(&node, Some(asker)).await,
            Err(fault) => {
                self.set_status(Status::Error, "Failed to create server");
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Takes calls at `address`; where that was done a moment ago, some tries may be needed.
    async fn listen(&mut self, node: &Node, address: SocketAddr, tries: u32) -> Result<(), Fault> {
        let mut left = tries;
        let mut calls = loop {
            left = left.saturating_sub(1);
            match node.listen(Places::tcp(address), self.mode.admit()).await {
                Ok(calls) => break calls,
                Err(_) if left > 0 => sleep(PAUSE).await,
                Err(error) => return Err(not_started(error)),
            }
        };
        let address = match calls.places() {
            [Place::Direct(_, at), ..] => *at,
            _ => address,
        };
        let happens = self.happens.clone();
        let mut taking = JoinSet::new();
        taking.spawn(async move { take(&mut calls, &happens).await });
        self.server.last = Some(address);
        self.server.listener = Some(Listener {
            address,
            started: moment(time()),
            _taking: taking,
        });
        Ok(())
    }

    async fn tell_started(&mut self, node: &Node, asker: Option<&Asker>) {
        let Some(listener) = &self.server.listener else {
            return;
        };
        let addr = listener.address.to_string();
        let (status, message) = self.idle();
        let fingerprint = node.fingerprint_in_calls().await;
        let changed = FingerprintInfo::from(&fingerprint);
        self.hub.tell(&Event::FingerprintChanged(changed));
        self.hub.tell(&Event::ServerRunning {
            running: true,
            transport: TCP,
        });
        self.set_status(status, message);
        self.log(Level::Info, "calls are taken");
        let started = Event::ServerStarted {
            addr,
            transport: TCP,
            name: node.name().await.to_string(),
            public_key: fingerprint.to_base64(),
            emoji: fingerprint.emoji(),
            fingerprint_hex: fingerprint.to_hex(),
            fingerprint_sum: fingerprint.to_sum(),
        };
        self.hub.tell_of(&started, asker);
    }

    /// How it stands with the network when nobody is talked to.
    pub(super) fn idle(&self) -> (Status, String) {
        match &self.server.listener {
            Some(listener) => (
                Status::Connected,
                format!("Server running on {}", listener.address),
            ),
            None => (Status::Disconnected, NOT_CONNECTED.to_owned()),
        }
    }

    /// Takes no calls any more, and ends all sessions.
    pub(super) fn stop_server(&mut self, asker: &Asker) -> Result<(), Fault> {
        self.set_status(Status::Disconnected, "Stopping server...");
        self.close_all();
        self.stop_listening();
        self.reply(asker, Reply::Done { status: "stopped" })
    }

    fn stop_listening(&mut self) {
        if self.server.listener.take().is_some() {
            self.hub.tell(&Event::ServerRunning {
                running: false,
                transport: TCP,
            });
            self.set_status(Status::Disconnected, "Server stopped");
            self.log(Level::Info, "calls are no longer taken");
        }
        self.hub.tell(&Event::ServerStopped { running: false });
    }

    pub(super) async fn restart_server(&mut self, asker: &Asker) -> Result<(), Fault> {
        self.close_all();
        self.listen_again(Some(asker)).await
    }

    /// Takes calls anew where they were taken last.
    pub(super) async fn listen_again(&mut self, asker: Option<&Asker>) -> Result<(), Fault> {
        let node = self.node()?;
        let last = self.server.last;
        let address =
            last.ok_or_else(|| Fault::new("server_not_running", "no server was started yet"))?;
        self.stop_listening();
        self.set_status(Status::Connecting, "Starting server...");
        let listens = self.listen(&node, address, TRIES).await;
        match listens {
            Ok(()) => self.tell_started(&node, asker).await,
            Err(fault) => {
                self.set_status(Status::Error, "Failed to create server");
                return Err(fault);
            }
        }
        Ok(())
    }

    pub(super) async fn server_status(&mut self, asker: &Asker) -> Result<(), Fault> {
        let name = self.who().await.map(|(_, name)| name);
        let listener = self.server.listener.as_ref();
        let addr = listener
            .map(|listener| listener.address)
            .or(self.server.last);
        let status = Reply::Server {
            running: listener.is_some(),
            transport: addr.map_or("", |_| TCP),
            addr: addr.map(|addr| addr.to_string()).unwrap_or_default(),
            relay_addr: "",
            name: name.unwrap_or_default(),
            started_at: listener
                .map(|listener| listener.started.clone())
                .unwrap_or_default(),
        };
        self.reply(asker, status)
    }

    pub(super) async fn share_info(&mut self, asker: &Asker) -> Result<(), Fault> {
        let node = self.node();
        let (Ok(node), Some(listener)) = (node, &self.server.listener) else {
            return Err(Fault::new("server_not_running", "server is not running"));
        };
        let port = listener.address.port();
        let unknown = || {
            Fault::new(
                "detect_ip_failed",
                "detect local IP: it is not known under which address others reach this machine",
            )
        };
        let address = host(listener.address.ip()).ok_or_else(unknown)?.to_string();
        let link = Link::new(&address, port).map_err(|_| unknown())?;
        let fingerprint = node.fingerprint_in_calls().await;
        let share = Reply::Share {
            url: link.to_string(),
            transport: TCP,
            address,
            port: port.to_string(),
            fingerprint_emoji: fingerprint.to_emoji(),
            fingerprint_hex: fingerprint.to_hex(),
            relay_info: None,
            entrenous_link: link.to(&fingerprint).to_string(),
        };
        self.reply(asker, share)
    }
}

async fn take(calls: &mut Calls, happens: &tokio::sync::mpsc::Sender<Happened>) {
    while let Some(heard) = calls.next().await {
        let Heard::Talk(talk) = heard else { continue };
        if happens.send(Happened::Called(talk)).await.is_err() {
            return;
        }
    }
}

/// Whether calls can go this way.
pub(super) fn only_tcp(transport: &str) -> Result<(), Fault> {
    match transport {
        "" | "tcp" => Ok(()),
        "udp" | "relay" | "p2p" | "direct-p2p" => Err(Fault::not_supported(&format!(
            "calls over the transport {transport}"
        ))),
        other => Err(Fault::new(
            "unknown_transport",
            format_args!("unknown transport: {other}"),
        )),
    }
}

/// The host, perhaps empty, and the port of `HOST:PORT`; an IPv6 address stands in brackets.
pub(super) fn place(addr: &str) -> Result<(&str, u16), &'static str> {
    let wrong = "the address is not of the form HOST:PORT";
    let (host, port) = addr.rsplit_once(':').ok_or(wrong)?;
    let port = port.parse().map_err(|_| wrong)?;
    let inner = host.strip_prefix('[').map(|rest| rest.strip_suffix(']'));
    match inner {
        Some(Some(inner)) => Ok((inner, port)),
        None if !host.contains(':') => Ok((host, port)),
        _ => Err(wrong),
    }
}

/// Where a client wants calls to be taken.
async fn address(addr: &str) -> Result<SocketAddr, String> {
    let (host, port) = place(addr)?;
    if host.is_empty() {
        return Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    }
    let found = lookup_host((host, port)).await;
    let found = found.map_err(|error| error.to_string())?.next();
    found.ok_or_else(|| "the host has no address".to_owned())
}

fn not_started(why: impl std::fmt::Display) -> Fault {
    Fault::new("create_server_failed", format_args!("create server: {why}"))
}

/// The only way that calls go so far.
pub(super) const TCP: &str = "tcp";
/// How often it is tried to listen again where it was done a moment ago, and how long after each other.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_that_do_not_exist_here_are_refused_by_name() {
        assert_eq!((only_tcp(""), only_tcp("tcp")), (Ok(()), Ok(())));
        assert_eq!(only_tcp("relay").unwrap_err().code(), "not_supported");
        assert_eq!(only_tcp("pigeon").unwrap_err().code(), "unknown_transport");
    }

    #[tokio::test]
    async fn an_address_may_lack_its_host() {
        let any = address(":9000").await.unwrap();
        assert_eq!(any.to_string(), "0.0.0.0:9000");
        let six = address("[::1]:0").await.unwrap();
        assert_eq!(six.to_string(), "[::1]:0");
        for wrong in ["", "x", "::1:5", "[::1:5", "127.0.0.1:70000"] {
            assert!(address(wrong).await.is_err(), "{wrong}");
        }
    }
}
