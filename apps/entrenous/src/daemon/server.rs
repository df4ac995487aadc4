//! Taking calls.

pub(super) mod plan;
mod share;
mod tokens;
mod waits;

use std::time::Duration;

use node::Node;
use tokio::time::sleep;

use super::desk::{Daemon, NOT_CONNECTED};
use super::hub::Asker;
use super::log::Level;
use super::protocol::{Event, Fault, FingerprintInfo, Reply, StartServer, Status, moment};
use crate::event::time;
use plan::{Pair, Plan};
pub(super) use waits::WaitId;
use waits::{Waits, Whose};

/// Whether calls are taken, and where.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// What was asked for last, with the port that was free.
    last: Option<(Plan, Option<Pair>)>,
    /// Since when calls are taken.
    started: Option<String>,
    /// What is waited for before calls are taken, and who asked for it.
    starting: Option<(WaitId, Option<Asker>)>,
    pub(super) waits: Waits,
}

impl Server {
    /// Whether calls are taken, or are about to be.
    pub(super) fn is_busy(&self) -> bool {
        self.started.is_some() || !self.waits.is_empty()
    }

    /// Waits for nobody any more, and tells nobody so.
    pub(super) fn close(&mut self) {
        self.starting = None;
        self.waits.clear();
    }

    fn plan(&self) -> Option<&Plan> {
        self.last.as_ref().map(|(plan, _)| plan)
    }
}

impl Daemon<'_> {
    pub(super) async fn start_server(
        &mut self,
        given: StartServer,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let node = self.node()?;
        if self.server.started.is_some() {
            return Err(Fault::new(
                "server_already_running",
                "server is already running",
            ));
        }
        if self.server.starting.is_some() {
            return Err(Fault::new(
                "server_start_in_progress",
                "server start is already in progress",
            ));
        }
        let plan = Plan::read(&given).await?;
        let pair = match plan {
            Plan::Broker { .. } => Pair::read(&self.own_key(&node).await?, &given.peer_pub_b64)?,
            _ => None,
        };
        self.take_name(&given.name).await?;
        self.start(&node, plan, pair, Some(asker), 1).await
    }

    /// Begins to take calls; where that was done a moment ago, some tries may be needed.
    async fn start(
        &mut self,
        node: &Node,
        mut plan: Plan,
        pair: Option<Pair>,
        asker: Option<&Asker>,
        tries: u32,
    ) -> Result<(), Fault> {
        self.set_status(Status::Connecting, "Starting server...");
        let mut left = tries;
        let waits = loop {
            left = left.saturating_sub(1);
            match self.wait(node, &plan, pair.clone(), Whose::Server).await {
                Ok(waits) => break waits,
                Err(_) if left > 0 => sleep(PAUSE).await,
                Err(fault) => {
                    self.set_status(Status::Error, "Failed to create server");
                    return Err(fault);
                }
            }
        };
        if let (Plan::Direct { address, .. }, Some(at)) = (&mut plan, self.server.waits.address()) {
            *address = at;
        }
        let is_direct = matches!(plan, Plan::Direct { .. });
        self.server.last = Some((plan, pair));
        self.server.starting = Some((waits, asker.cloned()));
        // A relay or a broker has to answer first.
        if is_direct {
            self.begun(node).await;
        }
        Ok(())
    }

    /// What was started takes calls now.
    async fn begun(&mut self, node: &Node) {
        let (Some((id, asker)), Some((plan, _))) = (self.server.starting.take(), &self.server.last)
        else {
            return;
        };
        let (addr, transport) = (plan.addr(), plan.transport().name());
        self.server.started = Some(moment(time()));
        let (status, message) = self.idle();
        let fingerprint = node.fingerprint_in_calls().await;
        let changed = FingerprintInfo::from(&fingerprint);
        self.hub.tell(&Event::FingerprintChanged(changed));
        let running = true;
        self.hub.tell(&Event::ServerRunning { running, transport });
        self.set_status(status, message);
        self.log(Level::Info, "calls are taken");
        self.hub.tell(&Event::HistoryUpdated {});
        self.tell_token(id);
        let started = Event::ServerStarted {
            addr,
            transport,
            name: node.name().await.to_string(),
            public_key: fingerprint.to_base64(),
            emoji: fingerprint.emoji(),
            fingerprint_hex: fingerprint.to_hex(),
            fingerprint_sum: fingerprint.to_sum(),
        };
        self.hub.tell_of(&started, asker.as_ref());
    }

    /// A relay or a broker leads here from now on.
    pub(super) async fn placed(&mut self, id: WaitId) {
        let is_starting = self
            .server
            .starting
            .as_ref()
            .is_some_and(|(it, _)| *it == id);
        let asker = self.server.waits.placed(id);
        match self.node() {
            Ok(node) if is_starting => self.begun(&node).await,
            // It comes there again and again.
            _ => {
                if let Some(asker) = asker {
                    self.give_token(id, &asker);
                }
            }
        }
    }

    /// A relay or a broker does not lead here.
    pub(super) fn unplaced(&mut self, id: WaitId, why: &str) {
        let is_it = |(it, _): &mut (WaitId, Option<Asker>)| *it == id;
        if let Some((_, asker)) = self.server.starting.take_if(is_it) {
            let message = match self.server.plan() {
                Some(Plan::Relay { .. }) => "Failed to connect to relay",
                _ => "Failed to create p2p listener",
            };
            let plan = self.server.waits.remove(id);
            if let Some(fault) = plan.map(|plan| plan.refused(why)) {
                match asker {
                    Some(asker) => self.hub.fault(&asker, fault),
                    None => self.hub.tell(&fault.into()),
                }
            }
            self.set_status(Status::Error, message);
            return self.log(Level::Error, "a server does not take this program in");
        }
        match self.server.waits.unplaced(id) {
            Some(asker) => self.refuse_token(id, why, &asker),
            None => self.log(Level::Warn, "a server does not lead here for now"),
        }
    }

    /// How it stands with the network when nobody is talked to.
    pub(super) fn idle(&self) -> (Status, String) {
        match (&self.server.started, self.server.plan()) {
            (Some(_), Some(plan)) => {
                let message = match plan {
                    Plan::Direct { address, .. } => format!("Server running on {address}"),
                    Plan::Relay { written, .. } => {
                        format!("Server (relay) \u{2014} connected to {written}")
                    }
                    Plan::Broker { written, .. } => {
                        format!("Server (p2p) \u{2014} known to {written}")
                    }
                };
                (Status::Connected, message)
            }
            _ => (Status::Disconnected, NOT_CONNECTED.to_owned()),
        }
    }

    /// Takes no calls any more, and ends all sessions.
    pub(super) fn stop_server(&mut self, asker: &Asker) -> Result<(), Fault> {
        self.set_status(Status::Disconnected, "Stopping server...");
        self.close_all();
        self.stop_listening();
        self.reply(asker, Reply::Done { status: "stopped" })
    }

    /// Waits for nobody any more.
    pub(super) fn stop_listening(&mut self) {
        self.stop_starting();
        let had = self.server.waits.clear();
        self.tell_no_tokens(had);
        if self.server.started.take().is_some() {
            let transport = self
                .server
                .plan()
                .map_or("", |plan| plan.transport().name());
            let running = false;
            self.hub.tell(&Event::ServerRunning { running, transport });
            self.set_status(Status::Disconnected, "Server stopped");
            self.log(Level::Info, "calls are no longer taken");
        }
        self.hub.tell(&Event::ServerStopped { running: false });
    }

    /// Ends a start that is not over; whether there was one.
    fn stop_starting(&mut self) -> bool {
        let Some((id, asker)) = self.server.starting.take() else {
            return false;
        };
        self.server.waits.remove(id);
        if let Some(asker) = asker {
            let text = "server start was cancelled";
            let fault = Fault::new("server_start_cancelled", text);
            self.hub.fault(&asker, fault);
        }
        true
    }

    pub(super) fn cancel_start(&mut self, asker: &Asker) -> Result<(), Fault> {
        if !self.stop_starting() {
            return Err(Fault::new(
                "server_start_not_in_progress",
                "server start is not in progress",
            ));
        }
        self.set_status(Status::Disconnected, "Cancelled");
        self.log(Level::Info, "the start of a server was cancelled");
        self.hub.tell(&Event::ServerStartCancelled {});
        let status = "cancelled";
        self.reply(asker, Reply::Done { status })
    }

    pub(super) async fn restart_server(&mut self, asker: &Asker) -> Result<(), Fault> {
        self.close_all();
        self.listen_again(Some(asker)).await
    }

    /// Takes calls anew where they were taken last.
    pub(super) async fn listen_again(&mut self, asker: Option<&Asker>) -> Result<(), Fault> {
        let node = self.node()?;
        let last = self.server.last.clone();
        let (plan, pair) =
            last.ok_or_else(|| Fault::new("server_not_running", "no server was started yet"))?;
        self.stop_listening();
        self.start(&node, plan, pair, asker, TRIES).await
    }

    /// Takes people otherwise from now on, where calls are taken.
    pub(super) async fn listen_otherwise(&mut self) {
        let is_taking = self.server.started.is_some() || self.server.starting.is_some();
        if is_taking && let Err(fault) = self.listen_again(None).await {
            self.hub.tell(&fault.into());
        }
    }

    pub(super) async fn server_status(&mut self, asker: &Asker) -> Result<(), Fault> {
        let name = self.who().await.map(|(_, name)| name);
        let (running, plan) = (self.server.started.is_some(), self.server.plan());
        let status = Reply::Server {
            running,
            transport: plan.map_or("", |plan| plan.transport().name()),
            addr: plan.map(Plan::addr).unwrap_or_default(),
            relay_addr: match plan {
                Some(Plan::Relay { written, .. }) => written.clone(),
                _ => String::new(),
            },
            name: name.unwrap_or_default(),
            started_at: self.server.started.clone().unwrap_or_default(),
        };
        self.reply(asker, status)
    }
}

/// How often it is tried to listen again where it was done a moment ago, and how long after each other.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);
