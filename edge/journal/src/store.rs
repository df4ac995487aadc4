use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use crate::{AppendError, Fault, SetError, Subject, Watch};

/// The number of an entry in its log: strictly increasing, never used twice, not dense, at least 1.
///
/// That holds also when the log was empty for long and the store forgot it meanwhile. At most
/// `i64::MAX`.
pub type Seq = u64;

/// The revision of a cell: a new one at each change, never used twice, not dense, at least 1; 0
/// stands for a cell that does not exist.
pub type Rev = u64;

/// 16 bytes, chosen at random by whoever asks, equal only in repetitions of one request. Dedupe
/// ids and claim ids are counted apart, and apart for each subject.
pub type Id = [u8; 16];

/// What every method of a [`Store`] returns.
///
/// Dropping it does not withdraw the request: it may still happen, or have happened.
pub type Answer<'a, T, E = Fault> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// One entry for the end of a log.
#[expect(clippy::exhaustive_structs, reason = "the arguments of one call")]
#[derive(Clone, Debug)]
pub struct Append {
    /// The log.
    pub subject: Subject,
    /// The content: any bytes, as many as [`Limits::payload`] allows; may be empty.
    pub payload: Bytes,
    /// Append only if the last number ever assigned is this one; 0: only if none was.
    ///
    /// A log that was ever appended to in this way is never forgotten.
    pub expect_last: Option<Seq>,
    /// Append only once: within [`Limits::window`], a repetition with the same id changes nothing
    /// and is answered with the first one's number, also when that entry is gone meanwhile.
    pub dedupe: Option<Id>,
    /// Remove the entry after this time; `None`: keep it.
    pub ttl: Option<Duration>,
    /// Append only if the log has fewer live entries than this.
    pub max_live: Option<u32>,
}

impl Append {
    /// `payload` for the end of `subject`, unconditionally and for good.
    #[must_use]
    pub fn new(subject: Subject, payload: impl Into<Bytes>) -> Self {
        Self {
            subject,
            payload: payload.into(),
            expect_last: None,
            dedupe: None,
            ttl: None,
            max_live: None,
        }
    }
}

/// What became of an [`Append`].
#[expect(
    clippy::exhaustive_enums,
    reason = "a third outcome would be a new trait"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Appended {
    /// The entry is stored, under this number.
    New(Seq),
    /// It was stored before, under this number.
    Duplicate(Seq),
}

impl Appended {
    /// The entry's number.
    #[must_use]
    pub const fn seq(self) -> Seq {
        match self {
            Self::New(seq) | Self::Duplicate(seq) => seq,
        }
    }
}

/// One entry of a log.
#[expect(clippy::exhaustive_structs, reason = "what was appended, and where")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Its number.
    pub seq: Seq,
    /// Its content.
    pub payload: Bytes,
}

/// A stretch of a log, and the log's counters at the same instant.
#[expect(clippy::exhaustive_structs, reason = "the answer of one call")]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Page {
    /// Live entries in the order of their numbers.
    pub entries: Vec<Entry>,
    /// The last number ever assigned; 0 if there is none or the log was forgotten.
    pub last: Seq,
    /// How many live entries the whole log has.
    pub live: u32,
}

/// A cell that exists.
#[expect(clippy::exhaustive_structs, reason = "the answer of one call")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cell {
    /// Its revision.
    pub rev: Rev,
    /// Its value.
    pub value: Bytes,
}

/// The bounds of a store.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The longest entry or cell, in bytes.
    pub payload: usize,
    /// How long dedupe and claim ids are remembered. They cost disk: about 80 bytes each.
    pub window: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload: 256 << 10,
            window: Duration::from_secs(3600),
        }
    }
}

/// Logs and cells that survive: what a server remembers.
///
/// A **log** is a list of entries that grows at its end and shrinks anywhere; a **cell** is one
/// value that is replaced only by who knows its revision. A log and a cell of the same name have
/// nothing to do with each other, except that a [`Watch`] on the name sees both.
///
/// - When a method returns `Ok`, what it changed is durable, and every later call on any handle
///   sees it.
/// - Calls on one subject happen one after the other. Calls on two subjects have no order, and
///   no call spans two; the [crate's page](crate) shows what to do instead.
/// - An entry or cell whose time is over is gone at that instant for every method, swept or not.
pub trait Store: Send + Sync + 'static {
    /// Appends one entry if all its conditions hold, checked in this order: size, `dedupe`,
    /// `expect_last`, `max_live`. A refused entry leaves no dedupe id behind.
    ///
    /// # Errors
    ///
    /// See [`AppendError`].
    fn append(&self, append: Append) -> Answer<'_, Appended, AppendError>;

    /// The first live entries behind number `after` (0: from the start): at most `limit`, and at
    /// most `max_bytes` of payload together, but at least one if there is one and `limit` is not
    /// 0. A log that does not exist is empty.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    fn read<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: u32,
        max_bytes: u32,
    ) -> Answer<'a, Page>;

    /// Removes the oldest live entry and returns it: no entry is ever handed to two claims.
    ///
    /// Repeated with the same `claim` within [`Limits::window`], it returns the same entry and
    /// removes nothing. `None`: the log is empty; nothing is remembered of such a claim.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    fn take<'a>(&'a self, subject: &'a Subject, claim: Id) -> Answer<'a, Option<Entry>>;

    /// Removes one entry. Of any number of calls for a live entry exactly one returns `true`.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    fn remove<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, bool>;

    /// Removes all entries up to number `seq`, included; returns how many live ones.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    fn remove_through<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, u64>;

    /// The cell of this name, if it exists.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    fn cell_get<'a>(&'a self, key: &'a Subject) -> Answer<'a, Option<Cell>>;

    /// Replaces the cell if its revision is `expect` (0: if it does not exist), and returns the
    /// new revision. `value` of `None` removes it and returns 0. After `ttl` it removes itself.
    ///
    /// # Errors
    ///
    /// See [`SetError`].
    fn cell_set<'a>(
        &'a self,
        key: &'a Subject,
        expect: Rev,
        value: Option<Bytes>,
        ttl: Option<Duration>,
    ) -> Answer<'a, Rev, SetError>;

    /// The first `limit` logs of `kind` behind `after` that have a live entry, in the order of
    /// their bytes. Each is live at the instant it is looked at.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    fn subjects(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>>;

    /// The first `limit` cells of `kind` behind `after`, in the order of their bytes.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    fn cells(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>>;

    /// A new watch, on nothing yet.
    fn watch(&self) -> Box<dyn Watch>;

    /// Frees the space of what is expired: entries, cells, dedupe and claim ids, and logs that
    /// are empty and of no consequence. Looks at about `budget` of them and returns how many it
    /// freed: 0 means that there was nothing left to do. Call it every some seconds.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    fn sweep(&self, budget: u32) -> Answer<'_, u32>;
}
