use identity::{
    AnswerSeed, CheckError, ContactToken, Introduction, Offer, OpenError, SealError, UserId,
};
use kernel::{Kind, Time};
use net::bucket::StartError;
use net::bucket::join::{Event as Happened, Joiner, Options};
use net::server::{CallError, Rpc};
use primitives::sha256;
use rendezvous::bucket::join::{Event as Told, Failure};
use rendezvous::bucket::{Host, Line, Link, Passphrase};
use vault::Batch;
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{IdentityGet, InvitationAnswer, InvitationTake, KeptJoin, answer};

use crate::contact::Origin;
use crate::contacts::{AddError, Added, Arrival};
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
        if self.open_invitation(link.id()).await?.is_some() {
            // Before a use of it is gone.
            return Err(AddError::Own.into());
        }
        let mut kept = self.claim(link).await?;
        let mut rpc = Rpc::new(self.network.to(link.host().clone())).map_err(CallError::from)?;
        let followed = match kept.answer.is_empty() {
            true => self.accept(&mut rpc, link, &mut kept).await,
            // A process before this one came so far; it is the same answer that has to be left.
            false => self.known(link, &kept).await,
        };
        let added = self.unless_final(link, followed).await?;
        let replied = reply(&mut rpc, link, &kept).await;
        self.unless_final(link, replied).await?;
        self.drop_join(link).await?;
        Ok(added)
    }

    /// Takes the invitation, and keeps the inviter together with the answer that is to be left.
    async fn accept(
        &self,
        rpc: &mut Rpc,
        link: &Link,
        kept: &mut KeptJoin,
    ) -> Result<Added, JoinError> {
        let sealed = take(rpc, link, kept).await?;
        let place = identity::Link::new(link.key().secret(), link.id().as_bytes());
        let offer = Offer::open(place, &sealed)?;
        let introduction = offer.introduction();
        let card = introduction.card().clone();
        let chain = match introduction.has_chain() {
            true => introduction.check(None)?,
            false => introduction.check(Some(&fetch_chain(rpc, &card.user_id()).await?))?,
        };
        let token = token(kept)?;
        kept.answer = {
            let profile = self.profile().await;
            let own = Introduction::new(profile.card(token, now())?, &profile.identity);
            let seed = AnswerSeed::new(secret().map_err(KeepError::from)?, fresh()?);
            offer.answer((place, &sealed), &own, &profile.key, &seed)?
        };
        let arrival = Arrival {
            card,
            chain: Some(chain),
            origin: Origin::Link,
            token,
        };
        let mut batch = Batch::new();
        put(&mut batch, &record_name(link), kept);
        Ok(self.arrive(arrival, batch).await?)
    }

    /// The inviter, who was kept together with the answer.
    async fn known(&self, link: &Link, kept: &KeptJoin) -> Result<Added, JoinError> {
        let token = token(kept)?;
        let contacts = self.contacts().await?;
        let inviter = contacts.into_iter().find(|contact| contact.token == token);
        match inviter {
            Some(contact) => Ok(Added::Known(contact)),
            None => {
                // Forgotten by the owner since.
                self.drop_join(link).await?;
                Err(JoinError::Gone)
            }
        }
    }

    /// The claim with which the invitation of `link` is taken, the same after a crash.
    async fn claim(&self, link: &Link) -> Result<KeptJoin, KeepError> {
        let name = record_name(link);
        if let Some(record) = self.keep.get(KeptJoin::KIND, &name).await? {
            return read(&record);
        }
        let kept = KeptJoin {
            host: link.host().to_string(),
            key: link.key().secret().expose().to_vec(),
            claim: fresh::<16>()?.to_vec(),
            token: fresh::<16>()?.to_vec(),
            answer: Vec::new(),
        };
        let mut batch = Batch::new();
        put(&mut batch, &name, &kept);
        self.keep.commit(batch).await?;
        Ok(kept)
    }

    /// Forgets the link if following it again would end the same way.
    async fn unless_final<T>(
        &self,
        link: &Link,
        result: Result<T, JoinError>,
    ) -> Result<T, JoinError> {
        if result.as_ref().is_err_and(JoinError::is_final) {
            self.drop_join(link).await?;
        }
        result
    }

    async fn drop_join(&self, link: &Link) -> Result<(), KeepError> {
        let mut batch = Batch::new();
        batch.remove(KeptJoin::KIND, record_name(link));
        self.keep.commit(batch).await
    }
}

/// The name of a link's record: whoever names another server or key for an id gets another claim.
fn record_name(link: &Link) -> [u8; 32] {
    sha256(&[&link.encode()])
}

fn token(kept: &KeptJoin) -> Result<ContactToken, KeepError> {
    let token = kept.token.as_slice().try_into();
    let token = token.map_err(|_| KeepError::Bug("a token has 16 bytes"))?;
    Ok(ContactToken::new(token))
}

fn claim(kept: &KeptJoin) -> Result<[u8; 16], KeepError> {
    let claim = kept.claim.as_slice().try_into();
    claim.map_err(|_| KeepError::Bug("a claim has 16 bytes"))
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

async fn take(rpc: &mut Rpc, link: &Link, kept: &KeptJoin) -> Result<Vec<u8>, JoinError> {
    let operation = Op::InvitationTake(InvitationTake {
        id: link.id().as_bytes().to_vec(),
    });
    match rpc.call(operation, Some(claim(kept)?)).await {
        Ok(answer::Result::Sealed(sealed)) => Ok(sealed.sealed),
        Ok(_) => Err(CallError::Malformed.into()),
        Err(error) if error.code() == Some(Code::NotFound) => Err(JoinError::Gone),
        Err(error) => Err(error.into()),
    }
}

async fn reply(rpc: &mut Rpc, link: &Link, kept: &KeptJoin) -> Result<(), JoinError> {
    let operation = Op::InvitationAnswer(InvitationAnswer {
        id: link.id().as_bytes().to_vec(),
        sealed: kept.answer.clone(),
    });
    match rpc.call(operation, Some(claim(kept)?)).await {
        Ok(answer::Result::Done(_)) => Ok(()),
        Ok(_) => Err(CallError::Malformed.into()),
        Err(error) if error.code() == Some(Code::NotFound) => Err(JoinError::TooLate),
        Err(error) => Err(error.into()),
    }
}

/// The identity chain of an account, as the server says it: not checked.
async fn fetch_chain(rpc: &mut Rpc, account: &UserId) -> Result<Vec<u8>, CallError> {
    let operation = Op::Identity(IdentityGet {
        account: account.as_bytes().to_vec(),
    });
    match rpc.call(operation, None).await? {
        answer::Result::Identity(identity) => Ok(identity.chain),
        _ => Err(CallError::Malformed),
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
    /// The inviter is a contact, but the invitation ended before the answer could be left.
    #[error("the invitation ended before your contact card could be left: they do not know of you")]
    TooLate,
    /// The messaging server did not answer, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What lies there was not left by whoever made the link, or with a broken program.
    #[error("the invitation cannot be opened: {0}")]
    Open(#[from] OpenError),
    /// The inviter is not who the invitation says.
    #[error(transparent)]
    Check(#[from] CheckError),
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
    /// Whether following the invitation again would end the same way.
    const fn is_final(&self) -> bool {
        match self {
            Self::Gone | Self::TooLate | Self::Open(_) | Self::Check(_) | Self::Seal(_) => true,
            Self::Add(error) => !matches!(error, AddError::Keep(_)),
            _ => false,
        }
    }

    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Start(error) => error.kind(),
            Self::Rendezvous(error) => error.kind(),
            Self::Gone | Self::TooLate => Kind::BadInput,
            Self::Call(error) => error.kind(),
            Self::Open(error) => error.kind(),
            Self::Check(error) => error.kind(),
            Self::Add(error) => error.kind(),
            Self::Seal(error) => error.kind(),
            Self::Keep(error) => error.kind(),
        }
    }
}
