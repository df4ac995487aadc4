mod config;
mod desk;
mod event;
mod outbox;
mod patience;
mod queue;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use kernel::{Kind, Time};

pub use config::Config;
pub use event::{Event, Failed, Input, Output, Reply, Stats, Trouble};

use super::{Board, Entries, MessageError, Phase, pack};
use crate::{Done, Id, Job, Limits, Opening, Passkey, Seed, Session, Wanted};
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
            desk: Desk::new(config.records),
            queue: Queue::new(config.waiting, config.work, now),
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
        let next = self.out.pop_front();
        next.unwrap_or_else(|| Output::Wait(self.deadline()))
    }

    /// Ends the visit: nothing new is looked at, but answers that are due are still posted, for
    /// [`Config::linger`] at most. Then comes [`Event::Finished`].
    pub fn finish(&mut self, now: Time) {
        self.now = self.now.max(now);
        if self.stage == Stage::Visiting {
            self.stage = Stage::Leaving(self.now.after(self.config.linger));
            self.queue.clear();
        }
        self.advance();
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

    /// When a T2 may be posted. A reference peer that reads a T2 before the T1 it belongs to never
    /// answers it, so on a plain board it gets time to read the T1 first.
    fn t2_due(&self) -> Time {
        match (&self.board, self.announced) {
            (Board::Plain, Some(announced)) => {
                let others = u32::try_from(self.desk.others()).unwrap_or(u32::MAX);
                let hold = self.config.hold.saturating_mul(others.saturating_add(2));
                announced
                    .after(hold.min(self.config.hold_max))
                    .max(self.now)
            }
            _ => self.now,
        }
    }

    /// Answers everything kept of a peer that can be answered now.
    fn work_at_desk(&mut self, from: Id) {
        let Some(session) = &mut self.session else {
            return;
        };
        // A reference peer that reads a T3 before the T2 never opens it.
        let due = match (&self.board, self.desk.t2_taken_at(&from)) {
            (Board::Named(_), _) => self.now,
            (Board::Plain, Some(taken)) => taken.after(self.config.hold).max(self.now),
            (Board::Plain, None) => NEVER,
        };
        let mut matches = Vec::new();
        let mut answers = Vec::new();
        while let Some(t2) = self.desk.next_t2(&from) {
            let answer = session.take_t2(&from, t2);
            count(&mut self.stats.t2);
            matches.extend(answer.matched);
            answers.push(answer.t3);
            // Only a T2 for us can make an old T3 open; when we withhold, `real` says nothing.
            if answer.real || self.config.wanted == Wanted::First {
                matches.extend(
                    self.desk
                        .t3s(&from)
                        .find_map(|t3| session.take_t3(&from, t3)),
                );
            }
        }
        while let Some(t3) = self.desk.next_t3(&from) {
            count(&mut self.stats.t3);
            matches.extend(session.take_t3(&from, t3));
        }
        for t3 in answers {
            self.outbox.push(Answer {
                phase: Phase::Three,
                to: from,
                due,
                record: self.record(&from, t3.as_bytes()),
            });
        }
        for found in matches {
            self.desk.matched(&from);
            count(&mut self.stats.matches);
            let event = match super::unpack(&self.board, &found.payload) {
                Ok(message) => Event::Match {
                    message: message.to_vec(),
                },
                Err(_) => Event::Garbled,
            };
            self.tell(event);
        }
    }

    /// A T2 or T3 record of ours for `to`.
    fn record(&self, to: &Id, message: &[u8; 32]) -> Vec<u8> {
        let mut record = Vec::with_capacity(96);
        if let Some(session) = &self.session {
            record.extend_from_slice(session.id().as_bytes());
        }
        if let Board::Named(_) = self.board {
            record.extend_from_slice(to.as_bytes());
        }
        record.extend_from_slice(message);
        record
    }

    fn on_posted(&mut self, result: Result<Reply<'_>, Trouble>) {
        let Some(posting) = self.posting.take() else {
            return;
        };
        let reply = match result {
            Ok(reply) => reply,
            Err(trouble) => {
                self.outbox.not_taken();
                self.on_trouble(trouble);
                return;
            }
        };
        self.relieved();
        self.post_at = self.now.after(self.pace());
        count(&mut self.stats.posts);
        for peer in self.outbox.taken(self.now.after(self.config.hold)) {
            self.desk.t2_taken(peer, self.now);
        }
        if posting == Posting::T1 {
            self.t1_at = self.now.after(self.config.repeat);
            if self.announced.is_none() {
                self.announced = Some(self.now);
                self.tell(Event::Announced);
            }
        }
        match (reply, self.server, &self.board) {
            (Reply::Taken, Server::Reference, _) | (Reply::List(_), _, Board::Named(_)) => {
                self.fail(Failed::NotABoard);
            }
            (Reply::Taken, _, _) => self.server = Server::Ours,
            (Reply::List(list), _, Board::Plain) => {
                self.server = Server::Reference;
                self.on_list(posting, list);
            }
        }
    }

    /// All records of one kind, from a server that knows no cursors.
    fn on_list(&mut self, posting: Posting, list: &[u8]) {
        let phase = match posting {
            Posting::T1 => Phase::One,
            Posting::Answers(phase) => phase,
        };
        if !self.board.is_whole(phase, list) {
            self.fail(Failed::NotABoard);
            return;
        }
        for record in list.chunks_exact(self.board.record_len(phase)) {
            self.on_record(phase, record);
        }
        self.round = match phase {
            Phase::One => Phase::Two,
            Phase::Two => Phase::Three,
            Phase::Three => {
                let jitter = Duration::from_millis(self.seed.draw(2_000));
                self.t1_at = self.now.after(POLL.saturating_add(jitter));
                Phase::One
            }
        };
        self.tell_room();
    }

    fn on_news(&mut self, result: Result<(&[u8], u64), Trouble>) {
        self.reading = false;
        let (bytes, cursor) = match result {
            Ok(news) => news,
            Err(trouble) => return self.on_trouble(trouble),
        };
        self.relieved();
        let board = self.board.clone();
        let mut entries = Entries::new(&board, bytes);
        for entry in entries.by_ref() {
            self.on_record(entry.phase, entry.record);
        }
        if !entries.is_done() {
            self.fail(Failed::NotABoard);
            return;
        }
        self.cursor = cursor;
        self.read_at = self.now.after(self.pace());
        self.tell_room();
    }

    /// The least time between two requests of a kind: longer in a large room, where many may share
    /// an address and the server's limits.
    fn pace(&self) -> Duration {
        let tens = self.desk.others().div_euclid(10).saturating_add(1);
        let tens = u32::try_from(tens.min(LARGEST_ROOM)).unwrap_or(1);
        self.config.pace.saturating_mul(tens)
    }

    fn on_record(&mut self, phase: Phase, record: &[u8]) {
        let Some(session) = &self.session else {
            return;
        };
        count(&mut self.stats.records);
        if phase == Phase::One {
            if let Ok(meeting) = session.meeting(record) {
                self.desk.saw(meeting.peer());
                if !self.queue.push(meeting) {
                    count(&mut self.stats.dropped);
                }
            }
            return;
        }
        let own = session.id();
        let (from, rest) = record.split_at_checked(32).unwrap_or_default();
        let (to, message) = match self.board {
            Board::Plain => (None, Some(rest)),
            Board::Named(_) => (rest.get(..32), rest.get(32..)),
        };
        let (Some(from), Some(message)) = (Id::from_bytes(from), message) else {
            return;
        };
        if from == own || to.is_some_and(|to| to != own.as_bytes()) {
            return;
        }
        if !self.desk.put(phase, from, message) {
            count(&mut self.stats.dropped);
        }
        if session.knows(&from) {
            self.work_at_desk(from);
        }
    }

    fn on_trouble(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::NotFound => return self.fail(Failed::NotABoard),
            Trouble::TooLarge if self.batch > 1 => {
                self.batch = self.batch.div_euclid(2);
                return;
            }
            Trouble::TooLarge => return self.fail(Failed::Refused),
            Trouble::Refused => return self.fail(Failed::Refused),
            Trouble::Busy { .. } | Trouble::Away => {}
        }
        let jitter = Duration::from_millis(self.seed.draw(1_000));
        if let Some(event) = self.patience.tried(self.now, trouble, jitter) {
            self.tell(event);
        }
    }

    /// A request was answered.
    fn relieved(&mut self) {
        if self.patience.relieved() {
            // It may be a new server with an empty memory.
            self.t1_at = self.now;
            self.outbox.repeat(self.now);
            self.tell(Event::Back);
        }
    }

    fn fail(&mut self, why: Failed) {
        self.stage = Stage::Over;
        self.out.clear();
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
            while let Some(meeting) = self.queue.start(self.now, self.config.parallel) {
                self.out.push_back(Output::Work(Job::Meet(meeting)));
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
                self.tell(Event::Finished);
            }
        }
    }

    fn post(&mut self) {
        let Some(session) = &self.session else {
            return;
        };
        if self.posting.is_some() {
            return;
        }
        let is_reference = self.server == Server::Reference;
        let in_turn = !is_reference || self.round == Phase::One;
        if self.t1_at <= self.now && in_turn {
            self.posting = Some(Posting::T1);
            let body = session.t1().to_vec();
            let phase = Phase::One;
            self.out.push_back(Output::Post { phase, body });
            return;
        }
        if self.announced.is_none() || (!is_reference && self.post_at > self.now) {
            return;
        }
        // A reference server is read by posting, so also with nothing to say.
        let phases = match (is_reference, self.round) {
            (true, Phase::One) => return,
            (true, Phase::Two) => [Some(Phase::Two), None],
            (true, Phase::Three) => [Some(Phase::Three), None],
            (false, _) => [Some(Phase::Two), Some(Phase::Three)],
        };
        for phase in phases.into_iter().flatten() {
            let body = self.outbox.take(phase, self.now, self.batch);
            if is_reference || !body.is_empty() {
                self.posting = Some(Posting::Answers(phase));
                self.out.push_back(Output::Post { phase, body });
                return;
            }
        }
    }

    fn read(&mut self) {
        let is_due = self.server == Server::Ours && !self.reading && self.read_at <= self.now;
        if !is_due || self.stage != Stage::Visiting {
            return;
        }
        self.reading = true;
        let to = match self.board {
            Board::Plain => None,
            Board::Named(_) => self.session.as_ref().map(Session::id),
        };
        self.out.push_back(Output::Read {
            after: self.cursor,
            wait: self.config.wait,
            to,
        });
    }

    /// When to come back.
    fn deadline(&self) -> Option<Time> {
        if self.stage == Stage::Over {
            return None;
        }
        let mut times = Vec::new();
        if let Stage::Leaving(until) = self.stage {
            times.push(until);
        }
        let is_visiting = self.stage == Stage::Visiting;
        if is_visiting {
            times.extend(self.queue.ready_at(self.now, self.config.parallel));
        }
        let mut requests = Vec::new();
        if self.posting.is_none() && self.session.is_some() {
            let is_in_round = self.server == Server::Reference && self.round != Phase::One;
            requests.push(if is_in_round { self.now } else { self.t1_at });
            let due = self.outbox.due().filter(|_| self.server == Server::Ours);
            requests.extend(due.map(|due| due.max(self.post_at)));
        }
        if !self.reading && self.server == Server::Ours && is_visiting {
            requests.push(self.read_at);
        }
        let soonest = requests.into_iter().min();
        times.extend(soonest.map(|time| time.max(self.patience.until())));
        times.into_iter().min()
    }
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// In tens of others; larger rooms are not asked less often.
const LARGEST_ROOM: usize = 10;
/// Records in one post: about 16 KiB, which a server reads without asking for a place.
const BATCH: usize = 160;
const POLL: Duration = Duration::from_millis(500);

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
