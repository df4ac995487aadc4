use std::sync::Arc;
use std::time::Duration;

use channel::{Config, Mode, Resumption};
use identity::{IdentityKey, Name};
use net::call::Setup;
use net::call::race::{self, Unreached, Way, Won};
use primitives::VerifyingKey;

use super::files::Leases;
use super::held::Held;
use super::people::People;
use super::pin::{Who, fingerprint};
use super::sessions::Sessions;
use crate::conversation::Beside;
use crate::network::Network;
use crate::node::Node;

/// What a talk needs of the node, for tasks that outlive a borrow of it.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) people: People,
    pub(super) network: Network,
    /// Who hands over files of whom.
    pub(super) leases: Leases,
    /// What is said while there is a talk, and not in it.
    pub(super) beside: Beside,
    /// The most that is spoken.
    pub(super) mode: Mode,
    key: Arc<IdentityKey>,
    name: Name,
}

impl Desk {
    pub(super) async fn of(node: &Node) -> Self {
        let profile = node.profile().await;
        Self {
            people: node.people(),
            network: node.network.clone(),
            leases: node.leases.clone(),
            beside: node.beside.clone(),
            mode: Mode::Ours,
            key: Arc::clone(&profile.key),
            name: profile.name.clone(),
        }
    }

    /// Where sessions are; with `only`, for nobody but those who are held there.
    pub(super) fn sessions(&self, only: Option<Held>) -> Sessions {
        Sessions::new(self.people.clone(), only)
    }

    /// Calls by the best of `ways`, to go on with a session if one is kept.
    pub(super) async fn call(
        &self,
        ways: Vec<Way>,
        kept: Option<Resumption>,
    ) -> Result<Won, Unreached> {
        let (config, proxy) = (race::Config::default(), self.network.proxy.clone());
        race::call(ways, config, proxy, &self.setup(None), kept).await
    }

    /// What a channel needs; `only` as in [`sessions`](Self::sessions).
    pub(super) fn setup(&self, only: Option<Held>) -> Setup<Sessions> {
        let mut config = Config::new(self.name.clone());
        config.within = WITHIN;
        config.mode = self.mode;
        Setup {
            config,
            key: Arc::clone(&self.key),
            shelf: self.sessions(only),
        }
    }
}

/// Whom a program takes without asking the owner.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "nobody else is ever taken")]
pub enum Admit {
    /// Nobody: the owner decides.
    Nobody,
    /// Whoever is known by their key.
    Known,
}

/// Who is taken, who is asked about, who is refused.
///
/// # Spec
///
/// `spec/20-channel.md` 17.1.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) admit: Admit,
    /// Nobody else, if there is one.
    pub(super) key: Option<VerifyingKey>,
    /// Nobody with another sum, if there is one.
    pub(super) sum: Option<String>,
    /// What the owner wants to call somebody unknown.
    pub(super) name: Option<Name>,
}

/// What becomes of somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Take,
    Ask,
    Refuse,
}

impl Policy {
    pub(super) const fn new(admit: Admit) -> Self {
        Self {
            admit,
            key: None,
            sum: None,
            name: None,
        }
    }

    pub(super) fn verdict(&self, who: &Who, key: &VerifyingKey) -> Verdict {
        let is_other = self.key.is_some_and(|wanted| wanted != *key);
        let sum = self.sum.as_ref();
        if is_other || sum.is_some_and(|sum| *sum != fingerprint(key).to_sum()) {
            return Verdict::Refuse;
        }
        match (who, self.admit) {
            (Who::Known(_), Admit::Known) => Verdict::Take,
            (Who::Unknown, _) if sum.is_some() => Verdict::Take,
            _ => Verdict::Ask,
        }
    }
}

/// How long an opening may take: two people may have to decide.
const WITHIN: Duration = Duration::from_secs(120);
