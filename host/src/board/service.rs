use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use journal::{Append, AppendError, Fault, Seq, Store, Subject};
use kernel::Time;
use rendezvous::board::Board;
use tokio::sync::Notify;

use super::bell::Bells;
use super::index::{Index, Stats};
use super::limits::Limits;
use super::post::{Admission, Grant, Post, PostError, ReadError};
use super::record;

mod reading;

/// All boards of one server.
///
/// What is posted is in the store before it is acknowledged. Any number of processes may serve one
/// store; each follows the others. Times are on a clock whose origin is 1970; the store has one of
/// its own.
///
/// # Spec
///
/// `spec/10-rendezvous.md` sections 5.2, 5.4 and 5.5.
pub struct Boards {
    pub(super) store: Arc<dyn Store>,
    index: Mutex<Index>,
    pub(super) bells: Bells,
    /// Who reads a board's log waits for its turn, and finds most of it read then.
    turns: Box<[Turn]>,
    /// For a board that finds no other.
    turn: Turn,
    key: RandomState,
    /// How often [`tidy`](Self::tidy) was called.
    rounds: AtomicU32,
}

#[derive(Debug, Default)]
struct Turn {
    lock: tokio::sync::Mutex<()>,
    /// Rings when a post is in the log, or given up.
    settled: Notify,
}

/// What has to be read of a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Need {
    /// Everything that is acknowledged by now, by any process.
    Now,
    /// The post with this number.
    Post(Seq),
}

impl Boards {
    /// The boards of `store`; nothing of them is read yet. Of the newest posts 8 MiB are kept in memory
    /// too.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, limits: Limits) -> Self {
        Self::with_tails(store, limits, TAILS)
    }

    /// The same; the newest posts may take `tails` bytes of memory: 0 for a store that is in memory
    /// itself.
    #[must_use]
    pub fn with_tails(store: Arc<dyn Store>, limits: Limits, tails: usize) -> Self {
        Self {
            store,
            index: Mutex::new(Index::new(limits, tails)),
            bells: Bells::default(),
            turns: (0..TURNS).map(|_| Turn::default()).collect(),
            turn: Turn::default(),
            key: RandomState::new(),
            rounds: AtomicU32::new(0),
        }
    }

    /// How long the entries of the store must be allowed to be, for posts of `body` bytes.
    #[must_use]
    pub const fn payload(body: usize) -> usize {
        body.saturating_add(record::HEADER)
    }

    /// Replaces the bounds. Records above a smaller bound stay until they expire; a longer life is for new
    /// ones.
    pub fn set_limits(&self, limits: Limits) {
        self.index().set_limits(limits);
    }

    /// Stores the records of a post that are new; returns how many. All or none. They are durable
    /// then, and so are those that are not new.
    ///
    /// What was begun is finished also when the future is dropped.
    ///
    /// # Errors
    ///
    /// See [`PostError`].
    pub async fn post(self: &Arc<Self>, now: Time, post: &Post<'_>) -> Result<usize, PostError> {
        if !post.board.is_whole(post.phase, post.body) {
            return Err(PostError::Malformed);
        }
        if post.body.is_empty() {
            return Ok(0);
        }
        let log = record::log(post.board);
        if !self.index().has(&log) {
            self.catch_up(now, &log, Need::Now).await?;
        }
        let Some(grant) = self.admit(now, &log, post).await? else {
            return Ok(0);
        };
        let records = grant.records;
        let boards = Arc::clone(self);
        let kept = tokio::spawn(async move { boards.keep(now, &log, grant).await });
        // It cannot be told how far a task came that ended in another way.
        kept.await.map_err(|_| Fault::Unknown)??;
        Ok(records)
    }

    /// Room for a post; `None` if there is nothing new in it.
    async fn admit(
        &self,
        now: Time,
        log: &Subject,
        post: &Post<'_>,
    ) -> Result<Option<Grant>, PostError> {
        let turn = self.turn(log);
        loop {
            let mut settled = pin!(turn.settled.notified());
            settled.as_mut().enable();
            let admission = self.index().admit(now, log, post)?;
            match admission {
                Admission::Known => return Ok(None),
                Admission::Granted(grant) => return Ok(Some(grant)),
                Admission::UnderWay => settled.await,
            }
        }
    }

    /// Appends a granted post, and follows the log up to it.
    async fn keep(&self, now: Time, log: &Subject, grant: Grant) -> Result<(), PostError> {
        let append = Append {
            ttl: Some(grant.lifetime),
            ..Append::new(log.clone(), grant.payload)
        };
        let appended = self.store.append(append).await;
        let kept = match appended {
            Ok(appended) => {
                let read = self.catch_up(now, log, Need::Post(appended.seq())).await;
                // It is in the log, but nobody can be sure to see it.
                read.map_err(|_| Fault::Unknown.into())
            }
            Err(AppendError::Store(fault)) => Err(fault.into()),
            // Nothing else was asked of it than to be short enough.
            Err(_) => Err(PostError::TooLarge),
        };
        self.index().release(log, grant.name);
        self.turn(log).settled.notify_waiters();
        kept
    }

    /// Reads what any process acknowledged before this call: what follows sees it.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub async fn look(&self, now: Time, board: &Board) -> Result<(), ReadError> {
        let log = record::log(board);
        Ok(self.catch_up(now, &log, Need::Now).await?)
    }

    /// Reads a board's log to its end, unless somebody did meanwhile; rings if it has grown.
    pub(super) async fn catch_up(&self, now: Time, log: &Subject, need: Need) -> Result<(), Fault> {
        let asked = self.index().place(log);
        let _turn = self.turn(log).lock.lock().await;
        let place = self.index().place(log);
        let is_read = match need {
            Need::Now => place.done > asked.begun,
            Need::Post(seq) => place.seq >= seq,
        };
        if is_read {
            return Ok(());
        }
        let begun = self.index().begin_reading(log);
        let mut after = begun.seq;
        loop {
            let page = self.store.read(log, after, POSTS, BYTES).await?;
            let last = page.entries.last().map_or(page.last, |last| last.seq);
            let is_end = last >= page.last;
            if self.index().follow(now, log, page) {
                self.bells.ring(log);
            }
            if is_end {
                break;
            }
            after = last;
        }
        self.index().end_reading(log, begun);
        Ok(())
    }

    /// Reads what is there: all boards, or those that are not known.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub async fn learn(&self, now: Time, which: Which) -> Result<(), ReadError> {
        self.index().expire(now);
        let mut after = None;
        loop {
            let logs = self.store.subjects(record::KIND, after, LOGS).await?;
            for log in &logs {
                if which == Which::All || !self.index().has(log) {
                    self.catch_up(now, log, Need::Now).await?;
                }
            }
            match logs.last() {
                Some(last) => after = Some(last.clone()),
                None => return Ok(()),
            }
        }
    }

    /// Drops what is over, and learns what other processes have; for a timer of some seconds.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub async fn tidy(&self, now: Time) -> Result<(), ReadError> {
        let round = self.rounds.fetch_add(1, Ordering::Relaxed);
        let which = match round.checked_rem(ROUNDS) {
            Some(0) => Which::All,
            _ => Which::Unknown,
        };
        self.learn(now, which).await
    }

    /// Frees the space of what is over in the store; for whoever has the store for the boards alone.
    pub async fn sweep(&self) {
        if let Err(error) = self.store.sweep(SWEEP).await {
            tracing::warn!(%error, "the store of the boards could not be swept");
        }
    }

    /// Drops from memory what has lived its time. Every call does it first.
    pub fn expire(&self, now: Time) {
        self.index().expire(now);
    }

    /// What is held, as far as this process knows.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.index().stats()
    }

    /// Every change is complete before anything that could panic.
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, log: &Subject) -> &Turn {
        let count = u64::try_from(self.turns.len()).unwrap_or(1).max(1);
        let place = self.key.hash_one(log).checked_rem(count).unwrap_or(0);
        let place = usize::try_from(place).unwrap_or(0);
        self.turns.get(place).unwrap_or(&self.turn)
    }
}

impl fmt::Debug for Boards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Boards")
    }
}

/// Which boards to read.
#[expect(clippy::exhaustive_enums, reason = "these are all there are")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Which {
    /// All of them.
    All,
    /// Those of which nothing is known here.
    Unknown,
}

/// What all tails may take of memory, in bytes. Spec 5.4.
const TAILS: usize = 8 << 20;
/// Boards that are read at a time.
const TURNS: usize = 256;
/// Posts of a page of a log, and their bytes: one post, if it is longer.
const POSTS: u32 = 1024;
const BYTES: u32 = 256 << 10;
/// Boards of a page of the list.
const LOGS: u32 = 1024;
/// As much as there can be.
const SWEEP: u32 = 1 << 20;
/// All boards are read again once in so many rounds: of 5 s each, a minute.
const ROUNDS: u32 = 12;

#[cfg(test)]
mod tests;
