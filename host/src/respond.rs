//! What a server does for its clients, whatever carries the request.
//!
//! Spec: `spec/40-server.md` sections 1 and 3 to 6.

mod chains;
mod changes;
mod gate;
mod identity;
mod operations;
mod presence;
mod proof;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use journal::{Clock, Store, Subject, SystemClock, Watch};
use kernel::Time;
use primitives::VerifyingKey;
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn;
use tokio::time::timeout;
use wire::v1::operation::Operation as Op;
use wire::v1::{Answer, Event, Operation, Request, StoredAccount, answer};
use wire::{Code, FRAME_MAX, Refusal, decode};

use crate::accounts::{Accounts, Admission, Name};
use crate::board::Source;
use crate::bucket::{self, Buckets, OpenError};
use crate::events::Events;
use crate::invitations::Invitations;
use crate::keep::{BUG, Keep, fault, kind, subject};
use crate::pace::{Pace, Rate};
use crate::pins::Pins;
use crate::random::secret;
use crate::server_key::ServerKey;
use crate::timed::Timed;

use gate::Gate;
use presence::Presence;

pub(crate) use presence::Roll;
pub(crate) use proof::{Place, Session};

/// Accounts, pins and invitations over a store, and the requests about them.
#[derive(Debug)]
pub struct Responder {
    name: String,
    server_key: ServerKey,
    keep: Keep,
    pins: Pins,
    accounts: Accounts,
    invitations: Invitations,
    events: Events,
    buckets: Buckets,
    rules: RwLock<Rules>,
    nonces: proof::Nonces,
    /// Where the present comes from.
    clock: Arc<dyn Clock>,
    /// Places for requests in hand.
    in_hand: Arc<Semaphore>,
    /// Where chains are verified.
    verifying: Gate,
    presence: Presence,
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

/// The same, kept by itself.
#[derive(Debug)]
struct KeptCaller {
    source: Source,
    exporter: Option<[u8; 32]>,
    nonce: Option<[u8; 32]>,
    session: Option<Session>,
    now: Time,
}

impl Caller<'_> {
    fn kept(self) -> KeptCaller {
        KeptCaller {
            source: self.source,
            exporter: self.place.exporter.copied(),
            nonce: self.place.nonce.copied(),
            session: self.session,
            now: self.now,
        }
    }
}

impl KeptCaller {
    const fn lent(&self) -> Caller<'_> {
        Caller {
            source: self.source,
            place: Place {
                exporter: self.exporter.as_ref(),
                nonce: self.nonce.as_ref(),
            },
            session: self.session,
            now: self.now,
        }
    }
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
        Self::open_with(store, name, rules, bucket::Config::default()).await
    }

    /// The same with other rules and bounds of buckets than those of the spec, for example to measure
    /// what lies beneath them.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_with(
        store: Arc<dyn Store>,
        name: &str,
        rules: Rules,
        buckets: bucket::Config,
    ) -> Result<Self, Refusal> {
        let is_good = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
        if !(1..=253).contains(&name.len()) || !name.bytes().all(is_good) {
            let text = "a server's name is a host name in lower case";
            return Err(Refusal::new(Code::Malformed, text));
        }
        let store: Arc<dyn Store> = Arc::new(Timed::new(store));
        let buckets = Buckets::open(Arc::clone(&store), buckets, secret()?);
        let buckets = buckets.await.map_err(|error| match error {
            OpenError::Store(error) => fault(error),
            _ => BUG,
        })?;
        let keep = Keep::new(store);
        Ok(Self {
            name: name.to_owned(),
            server_key: ServerKey::open(&keep).await?,
            pins: Pins::new(keep.clone()),
            accounts: Accounts::open(keep.clone()).await?,
            invitations: Invitations::new(keep.clone()),
            events: Events::new(keep.clone()),
            buckets,
            keep,
            rules: RwLock::new(rules),
            nonces: proof::Nonces::new(secret()?),
            clock: Arc::new(SystemClock),
            in_hand: Arc::new(Semaphore::new(IN_HAND)),
            verifying: Gate::new(VERIFYING, VERIFY_QUEUE),
            presence: Presence::default(),
            paces: Mutex::new(Paces {
                accounts: Pace::new(PER_ACCOUNT, SOURCES),
                registrations: Pace::new(rules.registrations, SOURCES),
            }),
            key: RandomState::new(),
            failed: watch::Sender::new(false),
        })
    }

    /// The same by another clock than the machine's: give it the store's.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The present, by a clock that may be set: what has a date is compared with this.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
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

    /// The server's public key: what a home here has. Spec 40, section 2.5.
    #[must_use]
    pub fn key(&self) -> VerifyingKey {
        self.server_key.public()
    }

    /// The store, for the boards.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.keep.share()
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
    pub(crate) async fn tidy(&self) {
        let now = self.now();
        self.presence.tidy();
        self.pins.tidy(now);
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

    /// Carries out one request. What the caller gives up after its time is finished all the same.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        caller: &Caller<'_>,
        request: Request,
    ) -> Answered {
        let start = Instant::now();
        let id = request.id;
        let operation = decode(&request.operation, FRAME_MAX);
        let operation = operation.map(|Operation { operation }| operation);
        let kind = match &operation {
            Ok(Some(operation)) => operations::name(operation),
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
            answer: Answer { id, result },
            then,
        }
    }

    /// In a task of its own: an operation that is stopped half-way would leave counts that are
    /// wrong, and its place would be given to another while the store is still at it.
    async fn in_time(
        self: &Arc<Self>,
        caller: &Caller<'_>,
        request: Request,
        operation: Op,
    ) -> Result<Said, Refusal> {
        let busy = Refusal::after(Code::Busy, "too many requests in hand", SOON);
        let place = Arc::clone(&self.in_hand).try_acquire_owned();
        let place = place.map_err(|_| busy)?;
        let within = match request.within_ms {
            0 => LONGEST,
            ms => Duration::from_millis(ms.into()).min(LONGEST),
        };
        let (responder, kept) = (Arc::clone(self), caller.kept());
        let work = spawn(async move {
            let _place = place;
            let caller = kept.lent();
            responder.carry_out(&caller, &request, operation).await
        });
        match timeout(within, work).await {
            Ok(done) => done.unwrap_or(Err(BUG)),
            Err(_) => Err(Refusal::new(
                Code::Deadline,
                "no time left; it may have happened",
            )),
        }
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

    /// Where connections of an account ask whether their device is still one of it.
    pub(crate) fn roll(&self, name: &Name) -> Arc<Roll> {
        self.presence.roll(name)
    }

    /// The same as [`live`](Self::live), for many connections that ask at once.
    pub(crate) async fn is_present(&self, roll: &Roll, device: &[u8; 32]) -> Result<bool, Refusal> {
        roll.is_present(&self.accounts, device).await
    }

    /// A watch on an account's record, which is returned too, and where its events are, to be added.
    pub(crate) fn watch(&self, name: &Name) -> Result<(Box<dyn Watch>, [Subject; 2]), Refusal> {
        let mut watch = self.keep.store().watch();
        let record = subject(kind::ACCOUNT, name)?;
        watch.add(record.clone());
        Ok((watch, [record, Events::place(name)?]))
    }
}

/// What is said, and what a connection does besides.
type Said = (answer::Result, Option<Then>);

/// What a client hears who asks too often.
pub(crate) fn too_fast(retry: Duration) -> Refusal {
    metrics::counter!("entrenous_rejected_total", "limit" => "requests").increment(1);
    Refusal::after(Code::Rate, "too many requests", retry)
}

const UNPROVEN: Refusal = Refusal::new(Code::Unproven, "this operation needs a proof");

const IN_HAND: usize = 1024;
/// Chains that are verified at a time: each takes a thread for up to tens of milliseconds.
const VERIFYING: usize = 2;
/// Those and the ones that wait.
const VERIFY_QUEUE: usize = 64;
const EVENTS: u32 = 256;
const SOURCES: usize = 65_536;
const SWEEP: u32 = 10_000;
const LONGEST: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(1);
const PER_ACCOUNT: Rate = Rate {
    per_second: 50,
    burst: 200,
};

#[cfg(test)]
mod tests;
