//! By what others find us at relays and brokers.

use node::Node;
use node::call::Token;
use primitives::VerifyingKey;

use super::plan::{Pair, Plan, Transport, broker};
use super::waits::{Wait, WaitId, Waits, Whose};
use crate::daemon::desk::Daemon;
use crate::daemon::hub::Asker;
use crate::daemon::log::Level;
use crate::daemon::peers::key_of;
use crate::daemon::protocol::{Event, Fault, P2pToken, RelayToken, Reply, Token as Given, never};

impl Daemon<'_> {
    /// What others know the owner by in calls.
    pub(super) async fn own_key(&self, node: &Node) -> Result<VerifyingKey, Fault> {
        let own = node.fingerprint_in_calls().await.to_base64();
        Ok(key_of(&own)?.0)
    }

    /// Waits for one more at the relay of the server that runs.
    pub(in crate::daemon) async fn generate_relay_token(
        &mut self,
        given: RelayToken,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let plan = match (&self.server.started, self.server.plan()) {
            (Some(_), Some(plan @ Plan::Relay { .. })) => plan.clone(),
            _ => {
                return Err(Fault::new(
                    "relay_not_configured",
                    "relay is not configured: start a relay server first",
                ));
            }
        };
        self.generate(plan, &given.peer_pub_b64, asker).await
    }

    /// Waits for somebody at a broker.
    pub(in crate::daemon) async fn generate_p2p_token(
        &mut self,
        given: P2pToken,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let plan = Plan::Broker {
            broker: broker(&given.broker_addr).map_err(no_token)?,
            written: given.broker_addr,
        };
        self.generate(plan, &given.peer_pub_b64, asker).await
    }

    /// Answers at once where that is waited for already: two cannot wait by one token, and a broker needs no
    /// second one.
    async fn generate(&mut self, plan: Plan, peer: &str, asker: &Asker) -> Result<(), Fault> {
        let node = self.node()?;
        let pair = Pair::read(&self.own_key(&node).await?, peer)?;
        let is_same = |wait: &&Wait| match (&wait.plan, &plan) {
            (Plan::Broker { broker, .. }, Plan::Broker { broker: other, .. }) => {
                token(wait.pair.as_ref()) == token(pair.as_ref()) && broker == other
            }
            _ => pair.is_some() && token(wait.pair.as_ref()) == token(pair.as_ref()),
        };
        let way = plan.transport();
        let found = self.server.waits.found_by(way).find(is_same).map(Wait::id);
        if let Some(id) = found {
            self.give_token(id, asker);
            return Ok(());
        }
        if self.server.waits.is_full() {
            let text = format_args!("there are {} tokens already", Waits::MOST);
            return Err(Fault::new("too_many_tokens", text));
        }
        let whose = Whose::Token(asker.clone());
        self.wait(&node, &plan, pair, whose).await.map(drop)
    }

    /// Tells of the tokens, and gives one to whoever asked for it.
    pub(super) fn give_token(&mut self, id: WaitId, asker: &Asker) {
        let Some(wait) = self.server.waits.find(id) else {
            return;
        };
        let Some(token) = wait.token() else { return };
        let (way, pair) = (wait.plan.transport(), wait.pair.as_ref());
        let reply = match &wait.plan {
            Plan::Broker { written, .. } => Reply::P2pToken {
                token,
                broker_addr: written.clone(),
                peer_pub_b64: pair.map(|pair| pair.written.clone()).unwrap_or_default(),
            },
            _ => Reply::RelayToken {
                token,
                ttl_ns: 0,
                session_ttl_ns: 0,
                expires_at: never(),
            },
        };
        self.tell_tokens(way);
        self.log(Level::Info, "somebody can be found by a new token");
        self.hub.reply(asker, reply);
    }

    /// Says why to whoever wanted a token that there is none.
    pub(super) fn refuse_token(&mut self, id: WaitId, why: &str, asker: &Asker) {
        let fault = match self.server.waits.remove(id) {
            Some(Plan::Broker { .. }) => no_token(why),
            Some(plan) => plan.refused(why),
            None => return,
        };
        self.hub.fault(asker, fault);
    }

    /// Tells of the token of a server that has just been started, if it has one.
    pub(super) fn tell_token(&mut self, id: WaitId) {
        let Some(wait) = self.server.waits.find(id) else {
            return;
        };
        let (way, token) = (wait.plan.transport(), wait.token());
        if let (Transport::Relay, Some(token)) = (way, token) {
            self.hub.tell(&Event::RelayToken {
                token,
                ttl_ns: 0,
                session_ttl_ns: 0,
                expires_at: never(),
            });
        }
        self.tell_tokens(way);
    }

    /// Tells that none are left of those that there were, and whoever waited for one of them.
    pub(super) fn tell_no_tokens(&mut self, mut had: Vec<Wait>) {
        for asker in had.iter_mut().filter_map(Wait::take_asker) {
            let text = "server stopped while generating token";
            self.hub.fault(&asker, Fault::new("server_stopped", text));
        }
        for way in [Transport::Relay, Transport::P2p] {
            if had.iter().any(|wait| wait.plan.transport() == way) {
                self.tell_tokens(way);
            }
        }
    }

    fn tell_tokens(&mut self, way: Transport) {
        let tokens = self.server.waits.tokens(way);
        match way {
            Transport::Relay => self.hub.tell(&Event::RelayTokens { tokens }),
            Transport::P2p => self.hub.tell(&Event::P2pTokens { tokens }),
            Transport::Tcp | Transport::Udp | Transport::DirectP2p => {}
        }
    }

    pub(in crate::daemon) fn list_tokens(
        &mut self,
        way: Transport,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let tokens = self.server.waits.tokens(way);
        self.reply(asker, Reply::Tokens { tokens })
    }

    /// Waits no more where this token leads; calls that came there go on.
    pub(in crate::daemon) fn remove_token(
        &mut self,
        way: Transport,
        given: &Given,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let is_it = |wait: &&Wait| wait.token().as_ref() == Some(&given.token);
        let found = self.server.waits.found_by(way).find(is_it);
        let id = found.map(Wait::id).ok_or_else(|| {
            let code = match way {
                Transport::P2p => "p2p_token_remove_failed",
                _ => "token_not_found",
            };
            Fault::new(code, "token not found")
        })?;
        self.server.waits.remove(id);
        self.tell_tokens(way);
        self.log(Level::Info, "a token was removed");
        self.reply(asker, Reply::Done { status: "removed" })
    }
}

fn no_token(why: impl std::fmt::Display) -> Fault {
    let text = format_args!("generate p2p token: {why}");
    Fault::new("p2p_token_failed", text)
}

fn token(pair: Option<&Pair>) -> Option<&Token> {
    pair.map(|pair| &pair.token)
}
