//! What each operation does.

use rendezvous::bucket::{Entry, Hash};
use wire::v1::operation::Operation as Op;
use wire::v1::{
    Account, Bucket, BucketLeft, Challenged, Done, Events as EventList,
    Invitations as InvitationList, Register, Registered, Replies, Request, Sealed, StoredAccount,
    answer,
};
use wire::{Code, Refusal};

use super::proof::{self, Session};
use super::{Caller, EVENTS, Responder, Said, Then, UNPROVEN, chains, identity};
use crate::accounts::{CLOSED, Ticket};
use crate::bucket::{FetchError, LeaveError};
use crate::invitations::{Claim, Id, Left};
use crate::keep::{BUG, fault};
use crate::random::random;

impl Responder {
    pub(super) async fn carry_out(
        &self,
        caller: &Caller<'_>,
        request: &Request,
        operation: Op,
    ) -> Result<Said, Refusal> {
        match operation {
            Op::Challenge(_) => {
                let nonce = self.nonces.issue(caller.now, random()?).to_vec();
                let valid_ms = proof::VALID_MS;
                let key = self.key().to_bytes().to_vec();
                say(answer::Result::Challenged(Challenged {
                    nonce,
                    valid_ms,
                    key,
                }))
            }
            Op::Register(register) => self.register(caller, request, register).await,
            Op::InvitationTake(take) => {
                let (id, claim) = (id(&take.id)?, claim(request)?);
                let sealed = self.invitations.take(caller.now, &id, &claim).await?;
                say(answer::Result::Sealed(Sealed { sealed }))
            }
            Op::InvitationAnswer(reply) => {
                let of = (id(&reply.id)?, claim(request)?);
                self.answer_invitation(caller, of, &reply).await
            }
            Op::BucketLeave(_) | Op::BucketFetch(_) if request.proof.is_some() => {
                Err(Refusal::new(Code::Malformed, "buckets take no proof"))
            }
            Op::BucketLeave(leave) => {
                let entry = Entry::from_bytes(&leave.entry).ok_or(BUG)?;
                let left = self.buckets.leave(caller.now, caller.source, &entry);
                let bucket = left.await.map_err(not_left)?.to_bytes().to_vec();
                say(answer::Result::BucketLeft(BucketLeft { bucket }))
            }
            Op::BucketFetch(fetch) => {
                let hash = Hash::from_bytes(&fetch.hash).ok_or(BUG)?;
                let found = self.buckets.fetch(caller.now, &hash).await;
                let found = found.map_err(|FetchError::Store(error)| fault(error))?;
                let (state, slots) = found.as_bytes().split_first().ok_or(BUG)?;
                say(answer::Result::Bucket(Bucket {
                    state: (*state).into(),
                    slots: slots.to_vec(),
                }))
            }
            Op::Identity(wanted) => self.identity(&wanted.account).await,
            of_account => {
                let (session, account) = self.who(caller, request).await?;
                self.of_account(caller, session, account, of_account).await
            }
        }
    }

    /// The operations of an account.
    async fn of_account(
        &self,
        caller: &Caller<'_>,
        session: Session,
        account: StoredAccount,
        operation: Op,
    ) -> Result<Said, Refusal> {
        if account.closed != 0 && !identity::is_answered_when_closed(&operation) {
            return Err(CLOSED);
        }
        let (name, accounts) = (&session.account, &self.accounts);
        match operation {
            Op::Authenticate(_) => match (caller.place.is_lasting(), caller.session) {
                (false, _) => Err(Refusal::new(Code::Unsupported, "only on /v1/live")),
                (true, Some(_)) => Err(Refusal::new(Code::Conflict, "it is authenticated already")),
                (true, None) => Ok((answer::Result::Done(Done {}), Some(Then::Become(session)))),
            },
            Op::Subscribe(subscribe) => match caller.place.is_lasting() {
                false => Err(Refusal::new(Code::Unsupported, "only on /v1/live")),
                true => {
                    let then = Then::Subscribe(subscribe.after);
                    Ok((answer::Result::Done(Done {}), Some(then)))
                }
            },
            Op::Account(_) => say(answer::Result::Account(Account {
                identity: account.identity,
                devices: account.devices,
            })),
            Op::DeviceChange(change) => self.change_devices(name, change.statement).await,
            Op::IdentityChange(change) => self.identity_change(&session, &change.statement).await,
            Op::AccountDelete(_) => {
                accounts
                    .delete(name, &self.invitations, &self.events)
                    .await?;
                done()
            }
            Op::Events(wanted) => {
                let events = self.events.read(name, wanted.after, EVENTS).await?;
                say(answer::Result::Events(EventList { events }))
            }
            Op::InvitationLeave(leave) => {
                let left = Left {
                    id: &id(&leave.id)?,
                    sealed: &leave.sealed,
                    until_s: leave.until_s,
                    uses: leave.uses,
                };
                self.invitations
                    .leave(caller.now, name, accounts, left)
                    .await?;
                done()
            }
            Op::InvitationAnswers(wanted) => {
                let id = id(&wanted.id)?;
                let replies = self.invitations.replies(name, accounts, &id, wanted.after);
                let replies = replies.await?;
                say(answer::Result::Replies(Replies { replies }))
            }
            Op::InvitationWithdraw(withdraw) => {
                self.invitations
                    .withdraw(name, accounts, &id(&withdraw.id)?)
                    .await?;
                done()
            }
            Op::Invitations(_) => {
                let invitations = self.invitations.list(name, accounts).await?;
                say(answer::Result::Invitations(InvitationList { invitations }))
            }
            // `carry_out` has taken all others.
            _ => Err(BUG),
        }
    }

    async fn register(
        &self,
        caller: &Caller<'_>,
        request: &Request,
        register: Register,
    ) -> Result<Said, Refusal> {
        self.pace(caller.now, |paces| {
            (&mut paces.registrations, caller.source)
        })?;
        let proof = request.proof.as_ref().ok_or(UNPROVEN)?;
        let session = self
            .nonces
            .verify(caller, &self.name, proof, &request.operation)?;
        let here = self.key();
        let Register {
            pin,
            identity,
            devices,
        } = register;
        let verified = move || chains::registration(identity, devices, &here);
        let new = self.verifying.run(verified).await??;
        if new.name != session.account || !new.keys.contains(&session.device) {
            return Err(proof::REFUSED);
        }
        let ticket = Ticket {
            admission: self.rules().admission,
            pin: &pin,
            source: caller.source,
        };
        self.accounts
            .register(caller.now, &self.pins, ticket, new)
            .await?;
        say(answer::Result::Registered(Registered {
            account: session.account.to_vec(),
            now_ms: caller.now.as_ms(),
        }))
    }
}

pub(super) fn say(result: answer::Result) -> Result<Said, Refusal> {
    Ok((result, None))
}

pub(super) fn done() -> Result<Said, Refusal> {
    say(answer::Result::Done(Done {}))
}

fn id(bytes: &[u8]) -> Result<Id, Refusal> {
    bytes.try_into().map_err(|_| BUG)
}

/// The key of a request that needs one.
fn claim(request: &Request) -> Result<Claim, Refusal> {
    let key = request.key.as_slice().try_into();
    key.map_err(|_| Refusal::new(Code::Malformed, "this operation needs a key"))
}

/// What a client hears of an entry that was not left.
fn not_left(error: LeaveError) -> Refusal {
    match error {
        LeaveError::Busy { retry } => Refusal::after(Code::Quota, "too many entries now", retry),
        LeaveError::Store(error) => fault(error),
        _ => BUG,
    }
}

/// The kind of an operation in metrics.
pub(super) const fn name(operation: &Op) -> &'static str {
    match operation {
        Op::Challenge(_) => "challenge",
        Op::Authenticate(_) => "authenticate",
        Op::Register(_) => "register",
        Op::DeviceChange(_) => "device_change",
        Op::Account(_) => "account",
        Op::Identity(_) => "identity",
        Op::IdentityChange(_) => "identity_change",
        Op::AccountDelete(_) => "account_delete",
        Op::Events(_) => "events",
        Op::Subscribe(_) => "subscribe",
        Op::InvitationLeave(_) => "invitation_leave",
        Op::InvitationTake(_) => "invitation_take",
        Op::InvitationAnswer(_) => "invitation_answer",
        Op::InvitationAnswers(_) => "invitation_answers",
        Op::InvitationWithdraw(_) => "invitation_withdraw",
        Op::Invitations(_) => "invitations",
        Op::BucketLeave(_) => "bucket_leave",
        Op::BucketFetch(_) => "bucket_fetch",
    }
}
