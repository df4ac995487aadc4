//! What a [`Visit`] asks of the server, when, and what it makes of the answers.

use alloc::vec::Vec;
use core::time::Duration;

use kernel::Time;

use super::super::{Board, Entries, Phase};
use super::{Event, Failed, Output, Posting, Reply, Server, Stage, Trouble, Visit, count};
use crate::{Id, Session};

impl Visit {
    pub(super) fn on_posted(&mut self, result: Result<Reply<'_>, Trouble>) {
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
        let mut touched = Vec::new();
        for record in list.chunks_exact(self.board.record_len(phase)) {
            touched.extend(self.on_record(phase, record));
        }
        self.work_at_desks(touched);
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

    pub(super) fn on_news(&mut self, result: Result<(&[u8], u64), Trouble>) {
        self.reading = false;
        let (bytes, cursor) = match result {
            Ok(news) => news,
            Err(trouble) => return self.on_trouble(trouble),
        };
        self.relieved();
        let board = self.board.clone();
        let mut entries = Entries::new(&board, bytes);
        let mut touched = Vec::new();
        for entry in entries.by_ref() {
            touched.extend(self.on_record(entry.phase, entry.record));
        }
        if !entries.is_done() {
            self.fail(Failed::NotABoard);
            return;
        }
        self.work_at_desks(touched);
        self.cursor = cursor;
        self.read_at = self.now.after(self.pace());
        self.tell_room();
    }

    /// Once for each peer, for all that one answer of the server brought of it.
    fn work_at_desks(&mut self, touched: Vec<Id>) {
        for from in touched {
            // the first time leaves nothing for the next
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

    /// The least time between two requests of a kind: longer in a large room, where many may share
    /// an address and the server's limits.
    fn pace(&self) -> Duration {
        let tens = self.desk.others().div_euclid(10).saturating_add(1);
        let tens = u32::try_from(tens.min(LARGEST_ROOM)).unwrap_or(1);
        self.config.pace.saturating_mul(tens)
    }

    pub(super) fn post(&mut self) {
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

    pub(super) fn read(&mut self) {
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
    pub(super) fn deadline(&self) -> Option<Time> {
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

/// In tens of others; larger rooms are not asked less often.
const LARGEST_ROOM: usize = 10;
const POLL: Duration = Duration::from_millis(500);
