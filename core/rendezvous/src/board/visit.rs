mod config;
mod desk;
mod event;
mod outbox;
mod patience;
mod peers;
mod queue;
mod requests;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use kernel::{Kind, Time};

pub use config::Config;
pub use event::{Event, Failed, Input, Output, Reply, Stats, Trouble};

use super::{Board, MessageError, Phase, pack};
use crate::{Done, Id, Job, Limits, Match, Opening, Passkey, Seed, Session};
use desk::Desk;
use outbox::{Answer, NEVER, Outbox};
use patience::Patience;
use queue::Queue;

/// One person's meeting at one board.
///
/// At most one [`Output::Post`] and one [`Output::Read`] are under way at a time; both may be at
/// once. Deterministic: the same seed and the same inputs at the same times give the same outputs.
/// After every [`handle`](Self::handle) and [`finish`](Self::finish), call [`poll`](Self::poll)
/// until it says [`Output::Wait`].
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 5.3.
#[derive(Debug)]
pub struct Visit {
    config: Config,
    board: Board,
    seed: Seed,
    now: Time,
    stage: Stage,
    session: Option<Session>,
    server: Server,
    posting: Option<Posting>,
    /// What the next round of a reference server posts, and so reads.
    round: Phase,
    /// When the own T1 is due (again).
    t1_at: Time,
    announced: Option<Time>,
    /// When answers may be posted again; those that come until then go together.
    post_at: Time,
    reading: bool,
    read_at: Time,
    cursor: u64,
    /// Most records in one post.
    batch: usize,
    patience: Patience,
    outbox: Outbox,
    desk: Desk,
    queue: Queue,
    /// Matches that [`poll`](Self::poll) tells once everything else is handed out.
    found: Vec<Match>,
    out: VecDeque<Output>,
    stats: Stats,
}

/// How far the visit has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Visiting,
    /// Only what is still to be said is said, until this time at most.
    Leaving(Time),
    Over,
}

/// What kind of server it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Server {
    Unknown,
    Ours,
    Reference,
}

/// The post that is under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Posting {
    T1,
    Answers(Phase),
}

impl Visit {
    /// Starts a visit: the first output is the job that opens the session. `message` is what
    /// matches get. `passkey` must be derived with the board's [salt](Board::salt). `seed` must
    /// never be used a second time.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn new(
        config: Config,
        place: (Board, Passkey),
        message: &[u8],
        mut seed: Seed,
        now: Time,
    ) -> Result<Self, StartError> {
        let (board, passkey) = place;
        if *passkey.salt() != board.salt() {
            return Err(StartError::OtherBoard);
        }
        let payload = pack(&board, message, config.fit)?;
        let limits = Limits {
            peers: config.peers,
            refused: config.refused,
        };
        let t3s = match board {
            Board::Plain => T3S_PLAIN,
            Board::Named(_) => T3S_NAMED,
        };
        let opening = Opening::new(passkey, payload, seed.next_session(), config.wanted);
        let job = Job::Open(opening.with_limits(limits));
        Ok(Self {
            board,
            seed,
            now,
            stage: Stage::Visiting,
            session: None,
            server: Server::Unknown,
            posting: None,
            round: Phase::One,
            t1_at: now,
            announced: None,
            post_at: now,
            reading: false,
            read_at: now,
            cursor: 0,
            batch: BATCH,
            patience: Patience::new(now),
            outbox: Outbox::new(config.records),
            desk: Desk::new(config.records, t3s),
            queue: Queue::new(config.waiting, config.work, now),
            found: Vec::new(),
            out: VecDeque::from([Output::Work(job)]),
            stats: Stats::default(),
            config,
        })
    }

    /// Takes one input. What a server or a peer sends changes nothing but bounded memory.
    ///
    /// A `now` before an earlier one counts as that earlier one.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        self.now = self.now.max(now);
        if self.stage == Stage::Over {
            return;
        }
        match input {
            Input::Done(Done::Opened(session)) => {
                self.session = Some(*session);
            }
            Input::Done(Done::Met(met)) => self.on_met(met),
            Input::Posted(result) => self.on_posted(result),
            Input::News(result) => self.on_news(result),
            Input::Tick => {}
        }
        self.advance();
    }

    /// The next thing the driver must do; [`Output::Wait`] when there is nothing left.
    pub fn poll(&mut self) -> Output {
        if self.out.is_empty() {
            self.tell_found();
        }
        let next = self.out.pop_front();
        next.unwrap_or_else(|| Output::Wait(self.deadline()))
    }

    /// Ends the visit: nothing new is looked at, but answers that are due are still posted, for
    /// [`Config::linger`] at most; if there are any, [`Event::Leaving`] is told. Then comes
    /// [`Event::Finished`].
    pub fn finish(&mut self, now: Time) {
        self.now = self.now.max(now);
        let begins = self.stage == Stage::Visiting;
        if begins {
            self.stage = Stage::Leaving(self.now.after(self.config.linger));
            self.queue.clear();
        }
        self.advance();
        if begins && self.stage != Stage::Over {
            self.tell(Event::Leaving {
                lasts: self.config.linger,
            });
        }
    }

    /// What was counted so far.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    fn on_met(&mut self, met: crate::Met) {
        self.queue.done(met.peer());
        let Some(session) = &mut self.session else {
            return;
        };
        let from = met.peer();
        let Ok((id, t2)) = session.admit(met) else {
            self.desk.forget(&from);
            count(&mut self.stats.refused);
            return;
        };
        count(&mut self.stats.worked);
        self.outbox.push(Answer {
            phase: Phase::Two,
            to: id,
            due: self.t2_due(),
            record: self.record(&id, t2.as_bytes()),
        });
        self.work_at_desk(id);
    }

    /// Keeps one record of an answer; returns the peer that [`work_at_desk`](Self::work_at_desk)
    /// is due for once the whole answer is read.
    fn on_record(&mut self, phase: Phase, record: &[u8]) -> Option<Id> {
        let session = self.session.as_ref()?;
        count(&mut self.stats.records);
        if phase == Phase::One {
            if let Ok(encounter) = session.encounter(record) {
                self.desk.saw(encounter.peer());
                if !self.queue.push(encounter) {
                    count(&mut self.stats.dropped);
                }
            }
            return None;
        }
        let own = session.id();
        let (from, rest) = record.split_at_checked(32).unwrap_or_default();
        let (to, message) = match self.board {
            Board::Plain => (None, Some(rest)),
            Board::Named(_) => (rest.get(..32), rest.get(32..)),
        };
        let (from, message) = (Id::from_bytes(from)?, message?);
        if from == own || to.is_some_and(|to| to != own.as_bytes()) {
            return None;
        }
        if !self.desk.put(phase, from, message) {
            count(&mut self.stats.dropped);
        }
        session.knows(&from).then_some(from)
    }

    fn fail(&mut self, why: Failed) {
        self.stage = Stage::Over;
        self.out.clear();
        self.found.clear();
        self.tell(Event::Failed(why));
    }

    fn tell_room(&mut self) {
        if let Some(others) = self.desk.others_if_changed() {
            self.tell(Event::Room { others });
        }
        if let Some(dropped) = self.queue.dropped_since() {
            self.tell(Event::Overloaded { dropped });
        }
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Tell(event));
    }

    /// Does what can be done now.
    fn advance(&mut self) {
        if self.stage == Stage::Visiting {
            while let Some(encounter) = self.queue.start(self.now, self.config.parallel) {
                self.out.push_back(Output::Work(Job::Meet(encounter)));
            }
        }
        if self.stage != Stage::Over && self.patience.is_over(self.now) {
            self.post();
            self.read();
        }
        if let Stage::Leaving(until) = self.stage {
            let is_said = self.posting.is_none() && self.outbox.is_empty();
            if is_said || self.announced.is_none() || until <= self.now {
                self.stage = Stage::Over;
                self.tell_found();
                self.tell(Event::Finished);
            }
        }
    }
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// Records in one post, spec 5.3: about 16 KiB, which a server reads without asking for a place.
const BATCH: usize = 160;

/// T3 of one peer that are kept; spec 5.3. On a plain board those for others are among them, about the
/// square of the people there.
const T3S_PLAIN: usize = 4096;
const T3S_NAMED: usize = 8;

/// Why a visit cannot start.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The message does not fit the board.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The passkey was derived for another board.
    #[error("passkey has the salt of another board")]
    OtherBoard,
}

impl StartError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Message(error) => error.kind(),
            Self::OtherBoard => Kind::Bug,
        }
    }
}

#[cfg(test)]
mod tests;
