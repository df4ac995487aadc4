//! Where this program waits for calls, each with the task that does it.

use std::net::SocketAddr;

use node::Node;
use node::call::{Calls, Heard, Link, Place};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::plan::{Pair, Plan, Transport};
use crate::daemon::call::Happened;
use crate::daemon::desk::Daemon;
use crate::daemon::hub::Asker;
use crate::daemon::protocol::{Fault, Text, TokenInfo, never};

/// Something that waits for calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::daemon) struct WaitId(u64);

/// All that wait.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Waits {
    all: Vec<Wait>,
    next: u64,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Wait {
    id: WaitId,
    pub(super) plan: Plan,
    pub(super) pair: Option<Pair>,
    place: Option<Place>,
    whose: Whose,
    /// Whether others find us there.
    is_there: bool,
    /// Hands on who calls; ends with this.
    _taking: JoinSet<()>,
}

/// Who wanted to wait there.
#[derive(Debug)]
pub(super) enum Whose {
    /// Whoever started a server.
    Server,
    /// Whoever wanted a token.
    Token(Asker),
}

impl Daemon<'_> {
    /// Waits where `plan` says.
    pub(super) async fn wait(
        &mut self,
        node: &Node,
        plan: &Plan,
        pair: Option<Pair>,
        whose: Whose,
    ) -> Result<WaitId, Fault> {
        let token = pair.as_ref().map(|pair| pair.token.clone());
        let calls = node.listen(plan.places(token), self.mode.admit()).await;
        let calls = calls.map_err(|error| plan.refused(error))?;
        let waits = &mut self.server.waits;
        waits.next = waits.next.saturating_add(1);
        let id = WaitId(waits.next);
        let place = calls.places().first().cloned();
        let mut taking = JoinSet::new();
        taking.spawn(take(id, calls, self.happens.clone()));
        waits.all.push(Wait {
            id,
            plan: plan.clone(),
            pair,
            place,
            whose,
            is_there: matches!(plan, Plan::Direct { .. }),
            _taking: taking,
        });
        Ok(id)
    }
}

impl Waits {
    /// How many there are at most.
    pub(super) const MOST: usize = 32;

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) const fn is_full(&self) -> bool {
        self.all.len() >= Self::MOST
    }

    pub(super) fn find(&self, id: WaitId) -> Option<&Wait> {
        self.all.iter().find(|wait| wait.id == id)
    }

    /// By which way calls were to come there.
    pub(in crate::daemon) fn transport(&self, id: WaitId) -> Option<Transport> {
        self.find(id).map(|wait| wait.plan.transport())
    }

    /// The address of the one that was added last.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match self.all.last()?.place.as_ref()? {
            Place::Direct(_, at) => Some(*at),
            _ => None,
        }
    }

    /// Those that others find by a token, by this way.
    pub(super) fn found_by(&self, way: Transport) -> impl Iterator<Item = &Wait> {
        let is_so = move |wait: &&Wait| wait.is_there && wait.plan.transport() == way;
        self.all.iter().filter(is_so)
    }

    /// The tokens of those.
    pub(super) fn tokens(&self, way: Transport) -> Vec<TokenInfo> {
        self.found_by(way).filter_map(Wait::info).collect()
    }

    /// It is at its server now. Who waits for its token, if somebody does.
    pub(super) fn placed(&mut self, id: WaitId) -> Option<Asker> {
        let wait = self.all.iter_mut().find(|wait| wait.id == id)?;
        wait.is_there = true;
        wait.take_asker()
    }

    /// It is not, for now. Who waits for its token, if somebody does.
    pub(super) fn unplaced(&mut self, id: WaitId) -> Option<Asker> {
        let wait = self.all.iter_mut().find(|wait| wait.id == id)?;
        wait.take_asker()
    }

    pub(super) fn remove(&mut self, id: WaitId) -> Option<Plan> {
        let at = self.all.iter().position(|wait| wait.id == id)?;
        Some(self.all.remove(at).plan)
    }

    /// Removes all; what they were.
    pub(super) fn clear(&mut self) -> Vec<Wait> {
        std::mem::take(&mut self.all)
    }
}

impl Wait {
    pub(super) const fn id(&self) -> WaitId {
        self.id
    }

    /// Who waits for its token; nobody does from now on.
    pub(super) fn take_asker(&mut self) -> Option<Asker> {
        match std::mem::replace(&mut self.whose, Whose::Server) {
            Whose::Server => None,
            Whose::Token(asker) => Some(asker),
        }
    }

    /// Where it leads, of those that are at a server.
    pub(super) const fn link(&self) -> Option<&Link> {
        match &self.place {
            Some(Place::Server(link)) => Some(link),
            _ => None,
        }
    }

    /// By what others find it, as text.
    pub(super) fn token(&self) -> Option<Text> {
        let token = self.link()?.token()?;
        let text = match self.plan.transport() {
            // All that a broker hears of it, and all that programs of Kamune take.
            Transport::P2p => hex::encode(token.to_short().expose()),
            _ => hex::encode(token.as_bytes()),
        };
        Some(Text::from(Zeroizing::new(text)))
    }

    fn info(&self) -> Option<TokenInfo> {
        let is_at_relay = self.plan.transport() == Transport::Relay;
        Some(TokenInfo {
            token: self.token()?,
            consumed: false,
            ttl_ns: 0,
            session_ttl_ns: is_at_relay.then_some(0),
            expires_at: never(),
            mode: match self.pair {
                Some(_) => "static",
                None => "random",
            },
            peer_pub_b64: self
                .pair
                .as_ref()
                .map(|pair| pair.written.clone())
                .unwrap_or_default(),
        })
    }
}

/// Tells of whoever calls, and of what servers say.
async fn take(id: WaitId, mut calls: Calls, happens: mpsc::Sender<Happened>) {
    while let Some(heard) = calls.next().await {
        let happened = match heard {
            Heard::Talk(talk) => Happened::Called(id, talk),
            Heard::Placed(_) => Happened::Placed(id),
            Heard::Unplaced(unplaced) => Happened::Unplaced(id, unplaced.reason.to_string()),
            _ => continue,
        };
        if happens.send(happened).await.is_err() {
            return;
        }
    }
}
