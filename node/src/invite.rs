use std::time::Duration;

use identity::{AgreementSecret, ContactToken, Introduction, Offer, OfferHash, SealError};
use kernel::{Kind, Time};
use net::bucket::StartError;
use net::bucket::invite::{Event as Happened, Inviter, Options};
use net::server::{CallError, Rpc};
use rendezvous::bucket::invite::{Event as Told, Failed, Refusal};
use rendezvous::bucket::{Host, LinkId, LinkKey, Passphrase};
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{InvitationLeave, InvitationWithdraw, answer};

use crate::home::HomeError;
use crate::invitation::{Invitation, Open};
use crate::keep::KeepError;
use crate::node::Node;
use crate::now::{now, random};

/// What an invitation is to be like.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Wish {
    /// Rendezvous servers, tried in this order; 1 to 8.
    pub servers: Vec<Host>,
    /// What opens it; see [`words`](crate::words).
    pub words: Passphrase,
    /// Other entries to wait for before it is shown, 0 to 63.
    pub cohort: u32,
    /// How long it can be taken: up to 90 days, and no longer than the bucket lasts (48 h by default) in
    /// practice.
    pub lasts: Duration,
    /// How often it can be taken, 1 to 100; 0 counts as 1.
    pub uses: u32,
}

impl Wish {
    /// One use within two days, shown at once.
    #[must_use]
    pub const fn new(servers: Vec<Host>, words: Passphrase) -> Self {
        Self {
            servers,
            words,
            cohort: 0,
            lasts: Duration::from_secs(48 * 3600),
            uses: 1,
        }
    }
}

/// An invitation in the making. Dropping it leaves an invitation that nobody was told of, which
/// [`Node::withdraw`] takes back.
#[derive(Debug)]
pub struct Inviting<'a> {
    node: &'a Node,
    inviter: Inviter,
    open: Open,
}

/// What happens while an invitation is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Invited {
    /// A rendezvous server took the entry.
    Left {
        /// Which.
        at: Host,
    },
    /// The bucket is right; others are still waited for.
    Waiting {
        /// How many came.
        came: u32,
        /// How many are to come.
        wanted: u32,
    },
    /// A server reached a limit, or does not answer; it is asked again at this time.
    Again(Time),
    /// A request failed, for this reason.
    Trouble {
        /// Which server was asked.
        at: Host,
        /// Why.
        error: CallError,
    },
    /// A server is not used; the next one is tried.
    Refused {
        /// Which.
        at: Host,
        /// Why.
        why: Refusal,
    },
    /// This is to be passed on. It is kept; nothing comes after this.
    Ready(Invitation),
}

impl Node {
    /// Leaves an invitation at home, and begins to leave the link to it on a rendezvous server.
    ///
    /// # Errors
    ///
    /// See [`InviteError`]; no invitation can be taken then.
    ///
    /// # Spec
    ///
    /// `spec/12-introductions.md` 3.
    pub async fn invite(&self, wish: Wish) -> Result<Inviting<'_>, InviteError> {
        let (open, sealed) = self.prepare(&wish).await?;
        self.keep_invitation(&open).await?;
        if let Err(error) = self.leave(&open, sealed).await {
            // If it may lie there, the record stays, so that it can be withdrawn.
            if error.is_certain() {
                self.drop_invitation(&open.invitation.id).await?;
            }
            return Err(HomeError::from(error).into());
        }
        let mut options = Options::new(wish.servers);
        options.proxy.clone_from(&self.network.proxy);
        options.roots.clone_from(&self.network.roots);
        options.machine.cohort = wish.cohort;
        match Inviter::start(options, open.link(), wish.words) {
            Ok(inviter) => Ok(Inviting {
                node: self,
                inviter,
                open,
            }),
            Err(error) => {
                self.undo(&open).await;
                Err(error.into())
            }
        }
    }

    /// Takes an invitation back: nobody can follow it any more. Who has, stays a contact.
    ///
    /// # Errors
    ///
    /// See [`HomeError`]; it may be there still.
    pub async fn withdraw(&self, id: &LinkId) -> Result<(), HomeError> {
        let _invitations = self.invitations_turn.lock().await;
        let Some(open) = self.open_invitation(id).await? else {
            return Ok(());
        };
        let withdraw = Op::InvitationWithdraw(InvitationWithdraw {
            id: id.as_bytes().to_vec(),
        });
        match self.ask_at(&open.host, withdraw).await {
            // It never came there, or is over: nobody can follow it either way.
            Err(error) if error.code() == Some(Code::NotFound) => {}
            withdrawn => drop(withdrawn?),
        }
        Ok(self.drop_invitation(id).await?)
    }

    async fn prepare(&self, wish: &Wish) -> Result<(Open, Vec<u8>), InviteError> {
        let profile = self.profile().await;
        let home = profile.home.as_ref().filter(|home| home.is_registered);
        let home = home.ok_or(HomeError::None)?;
        let token = ContactToken::new(fresh()?);
        let card = profile.card(token, now())?;
        let agreement = AgreementSecret::new(fresh()?.into());
        let introduction = Introduction::new(card, &profile.identity);
        let uses = wish.uses.max(1);
        let (id, key) = (LinkId::new(fresh()?), LinkKey::new(fresh()?));
        let link = identity::Link::new(key.secret(), id.as_bytes());
        let sealed = Offer::new(introduction, &agreement).seal(link, &profile.key, fresh()?)?;
        let open = Open {
            invitation: Invitation {
                id,
                made: now(),
                until: now().after(wish.lasts),
                uses,
                joined: 0,
                line: None,
                words: wish.words.clone(),
            },
            host: home.host.clone(),
            key,
            agreement,
            offer: OfferHash::of(&sealed),
            token,
            answer: 0,
        };
        Ok((open, sealed))
    }

    async fn leave(&self, open: &Open, sealed: Vec<u8>) -> Result<(), CallError> {
        let leave = Op::InvitationLeave(InvitationLeave {
            id: open.invitation.id.as_bytes().to_vec(),
            sealed,
            until_s: open.invitation.until.as_ms().div_euclid(1000),
            uses: open.invitation.uses,
        });
        match self.ask_at(&open.host, leave).await? {
            answer::Result::Done(_) => Ok(()),
            _ => Err(CallError::Malformed),
        }
    }

    /// Takes back what was left, as far as the network allows; a later withdrawal or its end does the rest.
    async fn undo(&self, open: &Open) {
        drop(self.withdraw(&open.invitation.id).await);
    }

    /// One request to a server that keeps the account, or an invitation of it, proven by this device.
    pub(crate) async fn ask_at(
        &self,
        host: &Host,
        operation: Op,
    ) -> Result<answer::Result, CallError> {
        let asker = self.profile().await.asker();
        let mut rpc = Rpc::new(self.network.to(host.clone()))?;
        rpc.prove(asker.prover(), operation, None).await
    }
}

impl Inviting<'_> {
    /// What happens next. After [`Invited::Ready`] or an error nothing does.
    ///
    /// # Errors
    ///
    /// See [`InviteError`]; the invitation is then taken back as far as the network allows.
    pub async fn next(&mut self) -> Result<Invited, InviteError> {
        let happened = self.inviter.next().await;
        let told = match happened {
            Some(Happened::Told(told)) => told,
            Some(Happened::Trouble { at, error, .. }) => return Ok(Invited::Trouble { at, error }),
            Some(Happened::Bug(_)) | None | Some(_) => {
                self.node.undo(&self.open).await;
                return Err(KeepError::Bug("an invitation comes to an end").into());
            }
        };
        match told {
            Told::Left { at, .. } => Ok(Invited::Left { at }),
            Told::Waiting { came, wanted, .. } => Ok(Invited::Waiting { came, wanted }),
            Told::Again(at) => Ok(Invited::Again(at)),
            Told::Refused { at, why, .. } => Ok(Invited::Refused { at, why }),
            Told::Ready(line) => {
                self.open.invitation.line = Some(line);
                self.node.keep_invitation(&self.open).await?;
                Ok(Invited::Ready(self.open.invitation.clone()))
            }
            Told::Failed(why) => {
                self.node.undo(&self.open).await;
                Err(InviteError::Rendezvous(why))
            }
            _ => Err(KeepError::Bug("every event of an invitation is known").into()),
        }
    }
}

/// Random bytes, or that there are none.
pub(crate) fn fresh<const N: usize>() -> Result<[u8; N], KeepError> {
    Ok(random()?)
}

/// Why there is no invitation.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InviteError {
    /// The home did not take it, or there is none.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Who invites has too much to say.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The wish cannot be fulfilled.
    #[error(transparent)]
    Start(#[from] StartError),
    /// No rendezvous server did what it should.
    #[error(transparent)]
    Rendezvous(Failed),
    /// It could not be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl InviteError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Home(error) => error.kind(),
            Self::Seal(error) => error.kind(),
            Self::Start(error) => error.kind(),
            Self::Rendezvous(error) => error.kind(),
            Self::Keep(error) => error.kind(),
        }
    }
}
