//! How others call us.

use node::call::{Link, Transport as Wire};

use super::plan::{Plan, Transport};
use super::waits::Wait;
use crate::command::place::host;
use crate::daemon::desk::Daemon;
use crate::daemon::hub::Asker;
use crate::daemon::protocol::{Fault, RelayInfo, Reply};

impl Daemon<'_> {
    pub(in crate::daemon) async fn share_info(&mut self, asker: &Asker) -> Result<(), Fault> {
        let (Ok(node), Some(_), Some(plan)) =
            (self.node(), &self.server.started, self.server.plan())
        else {
            return Err(Fault::new("server_not_running", "server is not running"));
        };
        let (mut address, mut port, mut relay_info) = (String::new(), String::new(), None);
        let link = match plan {
            Plan::Direct {
                transport,
                address: at,
                ..
            } => {
                let own = host(at.ip()).ok_or_else(unknown)?;
                (address, port) = (own.to_string(), at.port().to_string());
                let wire = match transport {
                    Transport::Tcp => Wire::Tcp,
                    _ => Wire::Udp,
                };
                Link::direct(wire, own, at.port()).map_err(|_| unknown())?
            }
            Plan::Relay {
                relay, password, ..
            } => {
                let wait = self.shared(Transport::Relay)?;
                relay_info = wait.token().map(|token| RelayInfo {
                    address: relay.address.to_string(),
                    scheme: relay.scheme.name(),
                    token,
                    password: password.is_some(),
                });
                wait.link().cloned().ok_or_else(removed)?
            }
            Plan::Broker { .. } => {
                let wait = self.shared(Transport::P2p)?;
                wait.link().cloned().ok_or_else(removed)?
            }
        };
        let fingerprint = node.fingerprint_in_calls().await;
        let share = Reply::Share {
            url: link.to_string(),
            transport: plan.transport().name(),
            address,
            port,
            fingerprint_emoji: fingerprint.to_emoji(),
            fingerprint_hex: fingerprint.to_hex(),
            relay_info,
            entrenous_link: link.to(&fingerprint).to_string(),
        };
        self.reply(asker, share)
    }

    /// Where the server waits that runs, or somebody else by the same way.
    fn shared(&self, way: Transport) -> Result<&Wait, Fault> {
        let mut waits = self.server.waits.found_by(way);
        let for_all = waits.find(|wait| wait.pair.is_none());
        let first = for_all.or_else(|| self.server.waits.found_by(way).next());
        first.ok_or_else(removed)
    }
}

fn unknown() -> Fault {
    Fault::new(
        "detect_ip_failed",
        "detect local IP: it is not known under which address others reach this machine",
    )
}

fn removed() -> Fault {
    let text = "the token of this server was removed: generate another one";
    Fault::new("token_not_found", text)
}
