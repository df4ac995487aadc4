use std::collections::VecDeque;
use std::time::Duration;

use identity::{CheckError, Introduction, OpenError};
use kernel::Kind;
use net::server::{CallError, Live};
use rendezvous::bucket::LinkId;
use tokio::time::sleep;
use vault::Batch;
use wire::Code;
use wire::v1::KeptInvitation;
use wire::v1::operation::Operation as Op;
use wire::v1::{InvitationAnswersGet, Reply, answer};

use crate::contact::Origin;
use crate::contacts::{AddError, Added, Arrival};
use crate::home::HomeError;
use crate::invitation::Open;
use crate::keep::KeepError;
use crate::node::Node;
use crate::now::now;
use crate::profile::AtHome;
use crate::records::Kept;

/// What came of one answer to an invitation. It is kept, and read once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answered {
    /// The invitation.
    pub id: LinkId,
    /// Who followed it, and is a contact now; or why nothing of what they left is believed.
    pub came: Result<Box<Added>, AnswerError>,
}

impl Node {
    /// Asks the home who has followed the invitations since, and keeps them as contacts.
    ///
    /// # Errors
    ///
    /// See [`HomeError`]; what was read before it is kept, and told by [`contacts`](Self::contacts).
    ///
    /// # Spec
    ///
    /// `spec/12-introductions.md` 3.
    pub async fn collect(&self) -> Result<Vec<Answered>, HomeError> {
        let _invitations = self.invitations_turn.lock().await;
        let mut answered = Vec::new();
        for mut open in self.open_invitations().await? {
            self.collect_one(&mut open, &mut answered).await?;
            if open.is_over(now()) {
                self.drop_invitation(&open.invitation.id).await?;
            }
        }
        Ok(answered)
    }

    /// The same for one invitation, at the server where it lies.
    async fn collect_one(
        &self,
        open: &mut Open,
        answered: &mut Vec<Answered>,
    ) -> Result<(), HomeError> {
        // No server that keeps the rules has more answers than uses.
        for _ in 0..=open.invitation.uses {
            if open.is_over(now()) {
                return Ok(());
            }
            let replies = self.replies(open).await?;
            if replies.is_empty() {
                return Ok(());
            }
            for reply in &replies {
                if reply.number <= open.answer {
                    return Err(CallError::Malformed.into());
                }
                open.answer = reply.number;
                let came = self.take_reply(open, reply).await?;
                let id = open.invitation.id;
                answered.push(Answered { id, came });
            }
        }
        Err(CallError::Malformed.into())
    }

    pub(crate) async fn registered(&self) -> Result<AtHome, HomeError> {
        let profile = self.profile().await;
        let home = profile.home.clone().filter(|home| home.is_registered);
        home.ok_or(HomeError::None)
    }

    /// The answers behind the last one that was read.
    async fn replies(&self, open: &Open) -> Result<Vec<Reply>, HomeError> {
        let operation = Op::InvitationAnswers(InvitationAnswersGet {
            id: open.invitation.id.as_bytes().to_vec(),
            after: open.answer,
        });
        match self.ask_at(&open.host, operation).await {
            Ok(answer::Result::Replies(replies)) => Ok(replies.replies),
            Ok(_) => Err(CallError::Malformed.into()),
            // It never came there, or its time is over.
            Err(error) if error.code() == Some(Code::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps what came of one answer, together with how far it was read.
    async fn take_reply(
        &self,
        open: &mut Open,
        reply: &Reply,
    ) -> Result<Result<Box<Added>, AnswerError>, HomeError> {
        let arrival = match read_reply(open, reply) {
            Ok(arrival) => arrival,
            Err(error) => {
                self.keep_invitation(open).await?;
                return Ok(Err(error));
            }
        };
        open.invitation.joined = open.invitation.joined.saturating_add(1);
        let mut batch = Batch::new();
        match open.is_over(now()) {
            true => batch.remove(KeptInvitation::KIND, *open.invitation.id.as_bytes()),
            false => open.put(&mut batch),
        }
        match self.arrive(arrival, batch).await {
            Ok(added) => Ok(Ok(Box::new(added))),
            Err(AddError::Keep(error)) => Err(error.into()),
            Err(error) => {
                open.invitation.joined = open.invitation.joined.saturating_sub(1);
                self.keep_invitation(open).await?;
                Ok(Err(error.into()))
            }
        }
    }

    /// Waits at home for whoever follows an invitation.
    #[must_use]
    pub const fn watch(&self) -> Watching<'_> {
        Watching {
            node: self,
            live: None,
            answered: VecDeque::new(),
            pause: FIRST_PAUSE,
            is_away: false,
        }
    }
}

/// Who left an answer, if it is believed. No server is asked that they have named.
fn read_reply(open: &Open, reply: &Reply) -> Result<Arrival, AnswerError> {
    let link = identity::Link::new(open.key.secret(), open.invitation.id.as_bytes());
    let introduction =
        Introduction::open_answer(link, &open.offer, &open.agreement, &reply.sealed)?;
    let chain = introduction.check(None)?;
    Ok(Arrival {
        card: introduction.card().clone(),
        chain: Some(chain),
        origin: Origin::Link,
        token: open.token,
    })
}

/// A wait for whoever follows an invitation, over a connection that is made again when it is lost.
#[derive(Debug)]
pub struct Watching<'a> {
    node: &'a Node,
    live: Option<Live>,
    answered: VecDeque<Answered>,
    pause: Duration,
    is_away: bool,
}

/// What happens during a wait.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Watched {
    /// Somebody followed an invitation.
    Answered(Answered),
    /// The server is away; it is tried again in this time.
    Away {
        /// Why.
        error: CallError,
        /// In what time.
        again: Duration,
    },
    /// The server is there again.
    Back,
}

impl Watching<'_> {
    /// What happens next. Safe to cancel: what was kept is told by [`Node::contacts`].
    ///
    /// # Errors
    ///
    /// See [`HomeError`]: what asking again does not help.
    pub async fn next(&mut self) -> Result<Watched, HomeError> {
        loop {
            if let Some(answered) = self.answered.pop_front() {
                return Ok(Watched::Answered(answered));
            }
            if let Some(live) = &mut self.live {
                match live.next_event().await {
                    Ok(event) => match self.node.collect().await {
                        Ok(answered) => {
                            self.answered.extend(answered);
                            self.node.heard(event.number).await?;
                        }
                        Err(HomeError::Call(error)) => {
                            self.live = None;
                            return self.away(error);
                        }
                        Err(error) => return Err(error),
                    },
                    Err(end) => {
                        self.live = None;
                        return self.away(CallError::Ended(end));
                    }
                }
                continue;
            }
            if self.is_away {
                sleep(self.pause).await;
                self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
            match self.connect().await {
                Ok(()) if self.is_away => {
                    self.is_away = false;
                    self.pause = FIRST_PAUSE;
                    return Ok(Watched::Back);
                }
                Ok(()) => {}
                Err(HomeError::Call(error)) => return self.away(error),
                Err(error) => return Err(error),
            }
        }
    }

    /// Connects, and asks for what happened meanwhile.
    async fn connect(&mut self) -> Result<(), HomeError> {
        let home = self.node.registered().await?;
        let options = self.node.network.to(home.host);
        let asker = self.node.profile().await.asker();
        let live = Live::connect(&options, asker.prover()).await?;
        live.subscribe(home.event).await?;
        // What was answered before may have no event any more.
        self.answered.extend(self.node.collect().await?);
        self.live = Some(live);
        Ok(())
    }

    fn away(&mut self, error: CallError) -> Result<Watched, HomeError> {
        let Some(least) = error.again() else {
            return Err(error.into());
        };
        self.is_away = true;
        self.pause = self.pause.max(least);
        let again = self.pause;
        Ok(Watched::Away { error, again })
    }
}

impl Node {
    /// Remembers how far events were heard.
    async fn heard(&self, number: u64) -> Result<(), KeepError> {
        self.update(|profile| {
            if let Some(home) = &mut profile.home {
                home.event = home.event.max(number);
            }
        })
        .await
    }
}

/// Why an answer is dropped.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// It does not open.
    #[error("an answer to an invitation cannot be opened: {0}")]
    Open(#[from] OpenError),
    /// Nothing shows that who answered is who they say.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// Their card was not taken.
    #[error(transparent)]
    Add(#[from] AddError),
}

impl AnswerError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Open(error) => error.kind(),
            Self::Check(error) => error.kind(),
            Self::Add(error) => error.kind(),
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
