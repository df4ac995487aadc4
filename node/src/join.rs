use identity::{
    AnswerSeed, CheckError, ContactToken, IdentityChain, Introduction, Offer, OpenError, SealError,
};
use kernel::{Kind, Time};
use net::bucket::StartError;
use net::bucket::join::{Event as Happened, Joiner, Options};
use net::server::{CallError, Rpc};
use rendezvous::bucket::join::{Event as Told, Failure};
use rendezvous::bucket::{Host, Line, Link, Passphrase};
use vault::Batch;
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{InvitationAnswer, InvitationTake, KeptInvitation, KeptJoin, answer};

use crate::contact::Origin;
use crate::contacts::{AddError, Added, Arrival};
use crate::home::fetch_chain;
use crate::invite::fresh;
use crate::keep::KeepError;
use crate::node::Node;
use crate::now::{now, secret};
use crate::records::{Kept, put, read};

/// An invitation that is being followed. It can be followed again if this is dropped.
#[derive(Debug)]
pub struct Joining<'a> {
    node: &'a Node,
    joiner: Joiner,
    found: Option<Link>,
}

/// What happens while an invitation is followed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Joined {
    /// The server has reached a limit, or does not answer; it is asked again at this time.
    Again(Time),
    /// A request failed, for this reason.
    Trouble {
        /// Which server was asked.
        at: Host,
        /// Why.
        error: CallError,
    },
    /// The words opened an entry; the invitation is asked for now.
    Found,
    /// The inviter is a contact, and will hear of it. Nothing comes after this.
    Done(Box<Added>),
}

impl Node {
    /// Begins to follow an invitation.
    ///
    /// # Errors
    ///
    /// See [`JoinError`]; nothing was sent then.
    ///
    /// # Spec
    ///
    /// `spec/11-buckets.md` 4.2, `spec/12-introductions.md` 3.
    pub fn join(&self, line: Line, words: Passphrase) -> Result<Joining<'_>, JoinError> {
        let mut options = Options::default();
        options.proxy.clone_from(&self.network.proxy);
        options.roots.clone_from(&self.network.roots);
        let joiner = Joiner::start(options, line, words)?;
        Ok(Joining {
            node: self,
            joiner,
            found: None,
        })
    }

    /// Goes from a link to a contact.
    async fn follow(&self, link: &Link) -> Result<Added, JoinError> {
        let invitation = self.keep.get(KeptInvitation::KIND, link.id().as_bytes());
        if invitation.await?.is_some() {
            // Before a use of it is gone.
            return Err(AddError::Own.into());
        }
        let kept = self.claim(link).await?;
        let mut rpc = Rpc::new(self.network.to(link.host().clone())).map_err(CallError::from)?;
        let claim = kept.claim.as_slice().try_into();
        let claim = claim.map_err(|_| KeepError::Bug("a claim has 16 bytes"))?;
        let sealed = take(&mut rpc, link, claim).await?;
        let place = identity::Link::new(link.key().secret(), link.id().as_bytes());
        let offer = Offer::open(place, &sealed)?;
        let introduction = offer.introduction();
        let chain = self.check(introduction).await?;
        let token = kept.token.as_slice().try_into();
        let token = token.map_err(|_| KeepError::Bug("a token has 16 bytes"))?;
        let token = ContactToken::new(token);
        let arrival = Arrival {
            card: introduction.card().clone(),
            chain: Some(chain),
            origin: Origin::Link,
            token,
        };
        let added = self.arrive(arrival, Batch::new()).await?;
        let own = {
            let profile = self.profile().await;
            Introduction::new(profile.card(token, now())?, &profile.identity)
        };
        let scalar = secret().map_err(KeepError::from)?;
        let seed = AnswerSeed::new(scalar, fresh()?);
        let answer = offer.answer(place, &sealed, &own, &seed)?;
        reply(&mut rpc, link, claim, answer).await?;
        let mut batch = Batch::new();
        batch.remove(KeptJoin::KIND, *link.id().as_bytes());
        self.keep.commit(batch).await?;
        Ok(added)
    }

    /// The claim with which the invitation of `link` is taken, the same after a crash.
    async fn claim(&self, link: &Link) -> Result<KeptJoin, KeepError> {
        let name = link.id().as_bytes();
        if let Some(record) = self.keep.get(KeptJoin::KIND, name).await? {
            return read(&record);
        }
        let kept = KeptJoin {
            claim: fresh::<16>()?.to_vec(),
            token: fresh::<16>()?.to_vec(),
            found_ms: now().as_ms(),
        };
        let mut batch = Batch::new();
        put(&mut batch, name, &kept);
        self.keep.commit(batch).await?;
        Ok(kept)
    }

    /// The chain that shows whose card it is, fetched from the card's home if it did not come along.
    pub(crate) async fn check(
        &self,
        introduction: &Introduction,
    ) -> Result<IdentityChain, IntroductionError> {
        let card = introduction.card();
        let fetched = match (introduction.has_chain(), &card.contents().home) {
            (true, _) | (false, None) => None,
            (false, Some(home)) => Some(fetch_chain(self, home, &card.user_id()).await?),
        };
        Ok(introduction.check(fetched.as_deref())?)
    }
}

impl Joining<'_> {
    /// What happens next. After [`Joined::Done`] or an error nothing does.
    ///
    /// # Errors
    ///
    /// See [`JoinError`]. Following it again goes on where this ended.
    pub async fn next(&mut self) -> Result<Joined, JoinError> {
        if let Some(link) = &self.found {
            return Ok(Joined::Done(Box::new(self.node.follow(link).await?)));
        }
        let told = match self.joiner.next().await {
            Some(Happened::Told(told)) => told,
            Some(Happened::Trouble { at, error, .. }) => return Ok(Joined::Trouble { at, error }),
            Some(Happened::Bug(_)) | None | Some(_) => {
                return Err(KeepError::Bug("following a line comes to an end").into());
            }
        };
        match told {
            Told::Again(at) => Ok(Joined::Again(at)),
            Told::Found(link) => {
                self.found = Some(link);
                Ok(Joined::Found)
            }
            Told::Failed(why) => Err(JoinError::Rendezvous(why)),
            _ => Err(KeepError::Bug("every event of following a line is known").into()),
        }
    }
}

async fn take(rpc: &mut Rpc, link: &Link, claim: [u8; 16]) -> Result<Vec<u8>, JoinError> {
    let operation = Op::InvitationTake(InvitationTake {
        id: link.id().as_bytes().to_vec(),
    });
    match rpc.call(operation, Some(claim)).await {
        Ok(answer::Result::Sealed(sealed)) => Ok(sealed.sealed),
        Ok(_) => Err(CallError::Malformed.into()),
        Err(error) if error.code() == Some(Code::NotFound) => Err(JoinError::Gone),
        Err(error) => Err(error.into()),
    }
}

async fn reply(
    rpc: &mut Rpc,
    link: &Link,
    claim: [u8; 16],
    sealed: Vec<u8>,
) -> Result<(), JoinError> {
    let operation = Op::InvitationAnswer(InvitationAnswer {
        id: link.id().as_bytes().to_vec(),
        sealed,
    });
    match rpc.call(operation, Some(claim)).await {
        Ok(answer::Result::Done(_)) => Ok(()),
        Ok(_) => Err(CallError::Malformed.into()),
        // An answer of this claim is there: the one whose acknowledgement was lost.
        Err(error) if error.code() == Some(Code::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Why an introduction is not believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IntroductionError {
    /// Nothing shows that the card is whose it says.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The chain could not be fetched from the card's home.
    #[error("their server does not say whose the contact card is: {0}")]
    Fetch(#[from] CallError),
}

impl IntroductionError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Check(error) => error.kind(),
            Self::Fetch(error) => error.kind(),
        }
    }
}

/// Why an invitation did not make a contact.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// Nothing can be asked.
    #[error(transparent)]
    Start(#[from] StartError),
    /// No link was found.
    #[error(transparent)]
    Rendezvous(Failure),
    /// The link is good, but what it leads to is no longer there.
    #[error("the invitation is used up, withdrawn or expired")]
    Gone,
    /// The messaging server did not answer, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What lies there was not left by whoever made the link, or with a broken program.
    #[error("the invitation cannot be opened: {0}")]
    Open(#[from] OpenError),
    /// The inviter is not who the invitation says.
    #[error(transparent)]
    Introduction(#[from] IntroductionError),
    /// The inviter's card was not taken.
    #[error(transparent)]
    Add(#[from] AddError),
    /// The own card is too long.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It could not be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl JoinError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Start(error) => error.kind(),
            Self::Rendezvous(error) => error.kind(),
            Self::Gone => Kind::BadInput,
            Self::Call(error) => error.kind(),
            Self::Open(error) => error.kind(),
            Self::Introduction(error) => error.kind(),
            Self::Add(error) => error.kind(),
            Self::Seal(error) => error.kind(),
            Self::Keep(error) => error.kind(),
        }
    }
}
