//! A server and its visitors in one thread, on a clock of their own. The work is real, but the
//! same job is run once for all tests.

extern crate std;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::Mutex;

use super::super::*;
use crate::JobKey;
use crate::board::Entry;

/// Whose server it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ours,
    Reference,
}

pub(super) struct World {
    kind: Kind,
    /// The cursor before the first record; grows over every life of the server.
    base: u64,
    pub(super) now: Time,
    pub(super) records: Vec<(Phase, Vec<u8>)>,
    pub(super) nodes: Vec<Node>,
    pub(super) config: Config,
    pub(super) is_away: bool,
    /// So many posts more get no answer.
    pub(super) fail_posts: usize,
}

pub(super) struct Node {
    pub(super) visit: Visit,
    pub(super) events: Vec<Event>,
    /// When, what, and how many records.
    pub(super) posts: Vec<(Time, Phase, usize)>,
    pub(super) has_read: bool,
    board: Board,
    t1: Option<Vec<u8>>,
    wake: Option<Time>,
    waiting: Option<Waiting>,
}

/// A read that the server has not answered yet.
struct Waiting {
    after: u64,
    until: Time,
    to: Option<Id>,
}

impl World {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            base: 0,
            now: Time::ZERO,
            records: Vec::new(),
            nodes: Vec::new(),
            config: Config::default(),
            is_away: false,
            fail_posts: 0,
        }
    }

    pub(super) fn join(&mut self, board: &Board, word: &str, message: &[u8]) {
        let number = u8::try_from(self.nodes.len()).unwrap();
        let seed = Seed::new([number.saturating_add(1); 32]);
        let place = (board.clone(), passkey(board, word));
        let visit = Visit::new(self.config.clone(), place, message, seed, self.now).unwrap();
        self.nodes.push(Node {
            visit,
            events: Vec::new(),
            posts: Vec::new(),
            has_read: false,
            board: board.clone(),
            t1: None,
            wake: None,
            waiting: None,
        });
        self.drain(usize::from(number));
    }

    /// The server ends and starts again.
    pub(super) fn lose_memory(&mut self) {
        self.base = self.base.saturating_add(1_000);
        self.records.clear();
    }

    pub(super) fn finish(&mut self, node: usize) {
        self.nodes[node].visit.finish(self.now);
        self.drain(node);
    }

    /// Lets everything happen up to this time, in order.
    pub(super) fn run_until(&mut self, end: Time) {
        loop {
            self.answer_reads();
            let times = self.nodes.iter().flat_map(|node| {
                let read = node.waiting.as_ref().map(|waiting| waiting.until);
                node.wake.into_iter().chain(read)
            });
            let Some(next) = times.min().filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            for node in 0..self.nodes.len() {
                if self.nodes[node].wake.is_some_and(|wake| wake <= self.now) {
                    self.nodes[node].visit.handle(self.now, Input::Tick);
                    self.drain(node);
                }
            }
        }
    }

    pub(super) fn messages(&self, node: usize) -> Vec<Vec<u8>> {
        let events = self.nodes[node].events.iter();
        let found = events.filter_map(|event| match event {
            Event::Match { message } => Some(message.clone()),
            _ => None,
        });
        let mut found: Vec<_> = found.collect();
        found.sort();
        found
    }

    pub(super) fn told(&self, node: usize, event: &Event) -> bool {
        self.nodes[node].events.contains(event)
    }

    pub(super) fn id(&self, node: usize) -> [u8; 32] {
        *Id::of_t1(self.nodes[node].t1.as_ref().unwrap()).as_bytes()
    }

    /// Does what a visit wants until it waits.
    fn drain(&mut self, node: usize) {
        loop {
            let output = self.nodes[node].visit.poll();
            match output {
                Output::Work(job) => {
                    let done = run(job);
                    self.nodes[node].visit.handle(self.now, Input::Done(done));
                }
                Output::Tell(event) => self.nodes[node].events.push(event),
                Output::Post { phase, body } => self.post(node, phase, &body),
                Output::Read { after, wait, to } => {
                    self.nodes[node].has_read = true;
                    let until = self.now.after(wait);
                    self.nodes[node].waiting = Some(Waiting { after, until, to });
                }
                Output::Wait(until) => {
                    // A time that has come is met a moment later, so that time goes on.
                    let soon = self.now.after(Duration::from_millis(1));
                    self.nodes[node].wake = until.map(|until| until.max(soon));
                    return;
                }
            }
        }
    }

    fn post(&mut self, node: usize, phase: Phase, body: &[u8]) {
        let length = self.nodes[node].board.record_len(phase);
        assert!(self.nodes[node].board.is_whole(phase, body));
        if phase == Phase::One {
            self.nodes[node].t1 = Some(body.to_vec());
        }
        if self.is_away || self.fail_posts > 0 {
            self.fail_posts = self.fail_posts.saturating_sub(1);
            let away = Input::Posted(Err(Trouble::Away));
            self.nodes[node].visit.handle(self.now, away);
            return;
        }
        let count = body.chunks(length).count();
        self.nodes[node].posts.push((self.now, phase, count));
        for record in body.chunks_exact(length) {
            let record = (phase, record.to_vec());
            if !self.records.contains(&record) {
                self.records.push(record);
            }
        }
        let list: Vec<u8> = self
            .records
            .iter()
            .filter(|(kind, _)| *kind == phase)
            .flat_map(|(_, record)| record.clone())
            .collect();
        let reply = match self.kind {
            Kind::Ours => Reply::Taken,
            Kind::Reference => Reply::List(&list),
        };
        self.nodes[node]
            .visit
            .handle(self.now, Input::Posted(Ok(reply)));
    }

    fn answer_reads(&mut self) {
        for node in 0..self.nodes.len() {
            let Some(waiting) = &self.nodes[node].waiting else {
                continue;
            };
            if self.is_away {
                self.nodes[node].waiting = None;
                let away = Input::News(Err(Trouble::Away));
                self.nodes[node].visit.handle(self.now, away);
                self.drain(node);
                continue;
            }
            let board = &self.nodes[node].board;
            let mut bytes = Vec::new();
            // A server that lost its records starts over, as a cursor ahead of it says.
            let known = u64::try_from(self.records.len()).unwrap();
            let after = if waiting.after > known {
                0
            } else {
                waiting.after
            };
            for (phase, record) in &self.records[usize::try_from(after).unwrap()..] {
                let entry = Entry {
                    phase: *phase,
                    record,
                };
                if waiting
                    .to
                    .is_none_or(|to| entry.is_for(board, to.as_bytes()))
                {
                    bytes.push(phase.byte());
                    bytes.extend(record);
                }
            }
            if !bytes.is_empty() || waiting.until <= self.now {
                self.nodes[node].waiting = None;
                let news = Input::News(Ok((&bytes, self.base.saturating_add(known))));
                self.nodes[node].visit.handle(self.now, news);
                self.drain(node);
            }
        }
    }
}

pub(super) fn named() -> Board {
    Board::Named("garden".parse().unwrap())
}

pub(super) fn passkey(board: &Board, word: &str) -> Passkey {
    static KEYS: Mutex<BTreeMap<(Board, String), Passkey>> = Mutex::new(BTreeMap::new());
    let mut keys = KEYS.lock().unwrap();
    let made = || Passkey::derive(word.as_bytes(), board.salt()).unwrap();
    keys.entry((board.clone(), word.into()))
        .or_insert_with(made)
        .clone()
}

pub(super) fn run(job: Job) -> Done {
    static DONE: Mutex<BTreeMap<JobKey, Done>> = Mutex::new(BTreeMap::new());
    let key = job.key();
    if let Some(done) = DONE.lock().unwrap().get(&key) {
        return done.clone();
    }
    let done = job.run();
    DONE.lock().unwrap().insert(key, done.clone());
    done
}
