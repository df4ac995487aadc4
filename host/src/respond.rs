//! What a server does for its clients, whatever carries the request.
//!
//! Spec: `spec/40-server.md` sections 1 and 3 to 6.

mod chains;
mod proof;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use journal::{Store, Subject, Watch};
use kernel::Time;
use rendezvous::bucket::{Entry, Hash};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use wire::v1::operation::Operation as Op;
use wire::v1::{
    Account, Answer, Bucket, BucketLeft, Challenged, Done, Event, Events as EventList,
    Invitations as InvitationList, Operation, Register, Registered, Replies, Request, Sealed,
    StoredAccount, answer,
};
use wire::{Code, FRAME_MAX, Refusal, decode};

use crate::accounts::{Accounts, Admission, Change, Name};
use crate::board::Source;
use crate::bucket::{self, Buckets, FetchError, LeaveError, OpenError};
use crate::events::Events;
use crate::invitations::{Claim, Id, Invitations, Left};
use crate::keep::{BUG, Keep, fault, kind, subject};
use crate::pace::{Pace, Rate};
use crate::pins::Pins;
use crate::random::random;

pub(crate) use proof::{Place, Session};

/// Accounts, pins and invitations over a store, and the requests about them.
#[derive(Debug)]
pub struct Responder {
    name: String,
    keep: Keep,
    pins: Pins,
    accounts: Accounts,
    invitations: Invitations,
    events: Events,
    buckets: Buckets,
    rules: RwLock<Rules>,
    nonces: proof::Nonces,
    /// Places for requests in hand.
    in_hand: Semaphore,
    paces: Mutex<Paces>,
    key: RandomState,
    /// Says `true` once the store must be opened again.
    failed: watch::Sender<bool>,
}

/// What can change while a server runs.
#[expect(
    clippy::exhaustive_structs,
    reason = "what a configuration says of accounts"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rules {
    /// Who may make an account.
    pub admission: Admission,
    /// How often one source may try to.
    pub registrations: Rate,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            admission: Admission::Pin,
            registrations: Rate {
                per_second: 1,
                burst: 10,
            },
        }
    }
}

#[derive(Debug)]
struct Paces {
    accounts: Pace,
    registrations: Pace,
}

/// Who asks, from where, when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) source: Source,
    /// What proofs of this connection are bound to.
    pub(crate) place: Place<'a>,
    /// The device that the connection was authenticated as.
    pub(crate) session: Option<Session>,
    pub(crate) now: Time,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    /// What the connection is to do besides.
    pub(crate) then: Option<Then>,
}

/// Something for a connection that stays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    /// It is this device's from now on.
    Become(Session),
    /// It wants events behind this number.
    Subscribe(u64),
}

impl Responder {
    /// Serves what is in `store`, as `name`: the host name that clients dial, without port.
    ///
    /// # Errors
    ///
    /// The name is not 1 to 253 bytes of lower-case ASCII, or the store could not be read.
    pub async fn open(store: Arc<dyn Store>, name: &str, rules: Rules) -> Result<Self, Refusal> {
        let is_good = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
        if !(1..=253).contains(&name.len()) || !name.bytes().all(is_good) {
            let text = "a server's name is a host name in lower case";
            return Err(Refusal::new(Code::Malformed, text));
        }
        let buckets = Buckets::open(Arc::clone(&store), bucket::Config::default(), random()?);
        let buckets = buckets.await.map_err(|error| match error {
            OpenError::Store(error) => fault(error),
            _ => BUG,
        })?;
        let keep = Keep::new(store);
        Ok(Self {
            name: name.to_owned(),
            pins: Pins::new(keep.clone()),
            accounts: Accounts::open(keep.clone()).await?,
            invitations: Invitations::new(keep.clone()),
            events: Events::new(keep.clone()),
            buckets,
            keep,
            rules: RwLock::new(rules),
            nonces: proof::Nonces::new(random()?),
            in_hand: Semaphore::new(IN_HAND),
            paces: Mutex::new(Paces {
                accounts: Pace::new(PER_ACCOUNT, SOURCES),
                registrations: Pace::new(rules.registrations, SOURCES),
            }),
            key: RandomState::new(),
            failed: watch::Sender::new(false),
        })
    }

    /// The registration pins, for the owner.
    #[must_use]
    pub const fn pins(&self) -> &Pins {
        &self.pins
    }

    /// The accounts, for the owner.
    #[must_use]
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The server's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rules now.
    #[must_use]
    pub fn rules(&self) -> Rules {
        *self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the rules.
    pub fn set_rules(&self, rules: Rules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces.registrations.set_rate(rules.registrations);
    }

    /// Until the store has stopped after a fault: the process must be started again.
    pub async fn failed(&self) {
        // The sender is in `self`, so this is no error.
        drop(self.failed.subscribe().wait_for(|failed| *failed).await);
    }

    /// Whether the store has stopped.
    pub(crate) fn is_failed(&self) -> bool {
        *self.failed.borrow()
    }

    /// Frees the space of what is over; for a timer.
    pub(crate) async fn tidy(&self, now: Time) {
        {
            let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
            paces.accounts.tidy(now);
            paces.registrations.tidy(now);
        }
        if let Err(error) = self.keep.store().sweep(SWEEP).await {
            tracing::warn!(%error, "the store could not be swept");
            if error.is_fatal() {
                self.failed.send_replace(true);
            }
        }
        let count = u32::try_from(self.accounts.count()).unwrap_or(u32::MAX);
        metrics::gauge!("entrenous_accounts").set(count.div_ceil(10).saturating_mul(10));
    }

    /// Carries out one request.
    pub(crate) async fn answer(&self, caller: &Caller<'_>, request: &Request) -> Answered {
        let start = Instant::now();
        let operation = decode(&request.operation, FRAME_MAX);
        let operation = operation.map(|Operation { operation }| operation);
        let kind = match &operation {
            Ok(Some(operation)) => name(operation),
            _ => "other",
        };
        let result = match operation {
            Ok(Some(operation)) => self.in_time(caller, request, operation).await,
            Ok(None) => Err(Refusal::new(
                Code::Unsupported,
                "no operation that is known here",
            )),
            Err(error) => Err(error.into()),
        };
        let outcome = match &result {
            Ok(_) => "ok",
            Err(refusal) => refusal.code.map_or("bug", Code::name),
        };
        metrics::counter!("entrenous_requests_total", "kind" => kind, "outcome" => outcome)
            .increment(1);
        metrics::histogram!("entrenous_request_seconds", "kind" => kind).record(start.elapsed());
        let (result, then) = match result {
            Ok((result, then)) => (result, then),
            Err(refusal) => (answer::Result::Error(refusal.to_message()), None),
        };
        let result = Some(result);
        Answered {
            answer: Answer {
                id: request.id,
                result,
            },
            then,
        }
    }

    async fn in_time(
        &self,
        caller: &Caller<'_>,
        request: &Request,
        operation: Op,
    ) -> Result<Said, Refusal> {
        let busy = Refusal::after(Code::Busy, "too many requests in hand", SOON);
        let _place = self.in_hand.try_acquire().map_err(|_| busy)?;
        let within = match request.within_ms {
            0 => LONGEST,
            ms => Duration::from_millis(ms.into()).min(LONGEST),
        };
        let done = timeout(within, self.carry_out(caller, request, operation)).await;
        done.map_err(|_| Refusal::new(Code::Deadline, "no time left; it may have happened"))?
    }

    async fn carry_out(
        &self,
        caller: &Caller<'_>,
        request: &Request,
        operation: Op,
    ) -> Result<Said, Refusal> {
        match operation {
            Op::Challenge(_) => {
                let nonce = self.nonces.issue(caller.now, random()?).to_vec();
                let valid_ms = proof::VALID_MS;
                say(answer::Result::Challenged(Challenged { nonce, valid_ms }))
            }
            Op::Register(register) => self.register(caller, request, register).await,
            Op::InvitationTake(take) => {
                let (id, claim) = (id(&take.id)?, claim(request)?);
                let sealed = self.invitations.take(caller.now, &id, &claim).await?;
                say(answer::Result::Sealed(Sealed { sealed }))
            }
            Op::InvitationAnswer(reply) => {
                let id = id(&reply.id)?;
                let owner = self
                    .invitations
                    .answer(caller.now, &id, &claim(request)?, &reply.sealed)
                    .await?;
                self.events.answered(&owner, &id).await?;
                done()
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
            Op::DeviceChange(change) => {
                let mut length = 0;
                let next = |account: &StoredAccount| {
                    let (change, statements) = chains::append(account, &change.statement)?;
                    length = statements;
                    Ok(change)
                };
                if accounts.change_devices(name, next).await? {
                    self.events.moved(name, length).await?;
                }
                done()
            }
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
        let new = chains::registration(register.identity, register.devices)?;
        if new.name != session.account || !new.keys.contains(&session.device) {
            return Err(proof::REFUSED);
        }
        let admission = (self.rules().admission, register.pin.as_str());
        self.accounts
            .register(caller.now, &self.pins, admission, new)
            .await?;
        say(answer::Result::Registered(Registered {
            account: session.account.to_vec(),
            now_ms: caller.now.as_ms(),
        }))
    }

    /// Whose request it is: by its proof, or else by the connection's.
    async fn who(
        &self,
        caller: &Caller<'_>,
        request: &Request,
    ) -> Result<(Session, StoredAccount), Refusal> {
        let session = match &request.proof {
            Some(proof) => self
                .nonces
                .verify(caller, &self.name, proof, &request.operation)?,
            None => caller.session.ok_or(UNPROVEN)?,
        };
        let account = self.live(&session).await?.ok_or(proof::REFUSED)?;
        let source = Source(self.key.hash_one(session.account));
        self.pace(caller.now, |paces| (&mut paces.accounts, source))?;
        Ok((session, account))
    }

    /// The account of a device, if the device is a live one of it.
    pub(crate) async fn live(&self, session: &Session) -> Result<Option<StoredAccount>, Refusal> {
        let account = self.accounts.get(&session.account).await?;
        Ok(account.filter(|account| account.keys.iter().any(|key| *key == session.device)))
    }

    fn pace(
        &self,
        now: Time,
        which: impl FnOnce(&mut Paces) -> (&mut Pace, Source),
    ) -> Result<(), Refusal> {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let (pace, source) = which(&mut paces);
        pace.take(now, source).map_err(too_fast)
    }

    /// Events of an account behind `after`.
    pub(crate) async fn events(
        &self,
        name: &Name,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>, Refusal> {
        self.events.read(name, after, limit).await
    }

    /// A watch on an account's record, and where its events are, to be added.
    pub(crate) fn watch(&self, name: &Name) -> Result<(Box<dyn Watch>, Subject), Refusal> {
        let mut watch = self.keep.store().watch();
        watch.add(subject(kind::ACCOUNT, name)?);
        Ok((watch, Events::place(name)?))
    }
}

/// What is said, and what a connection does besides.
type Said = (answer::Result, Option<Then>);

fn say(result: answer::Result) -> Result<Said, Refusal> {
    Ok((result, None))
}

fn done() -> Result<Said, Refusal> {
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

/// What a client hears who asks too often.
pub(crate) fn too_fast(retry: Duration) -> Refusal {
    metrics::counter!("entrenous_rejected_total", "limit" => "requests").increment(1);
    Refusal::after(Code::Rate, "too many requests", retry)
}

/// The kind of an operation in metrics.
const fn name(operation: &Op) -> &'static str {
    match operation {
        Op::Challenge(_) => "challenge",
        Op::Authenticate(_) => "authenticate",
        Op::Register(_) => "register",
        Op::DeviceChange(_) => "device_change",
        Op::Account(_) => "account",
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

const UNPROVEN: Refusal = Refusal::new(Code::Unproven, "this operation needs a proof");

const IN_HAND: usize = 1024;
const EVENTS: u32 = 256;
const SOURCES: usize = 65_536;
const SWEEP: u32 = 10_000;
const LONGEST: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(1);
const PER_ACCOUNT: Rate = Rate {
    per_second: 50,
    burst: 200,
};
