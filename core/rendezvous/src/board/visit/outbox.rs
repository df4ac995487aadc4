use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

use kernel::Time;

use crate::Id;
use crate::board::Phase;

/// Answers on their way to the server. One counts as said only when the server has taken it.
#[derive(Debug)]
pub(super) struct Outbox {
    max: usize,
    waiting: VecDeque<Answer>,
    under_way: Vec<Answer>,
    /// For a server that lost its memory; the latest ones.
    said: VecDeque<Answer>,
}

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) phase: Phase,
    pub(super) to: Id,
    /// [`NEVER`]: not before the T2 to the same peer is taken.
    pub(super) due: Time,
    pub(super) record: Vec<u8>,
}

impl Outbox {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            waiting: VecDeque::new(),
            under_way: Vec::new(),
            said: VecDeque::new(),
        }
    }

    /// Adds an answer. Above the bound the oldest one goes unsaid.
    pub(super) fn push(&mut self, answer: Answer) {
        if self.waiting.len() >= self.max {
            self.waiting.pop_front();
        }
        self.waiting.push_back(answer);
    }

    /// Up to `max` records of `phase` that are due, back to back; they are under way from now on.
    pub(super) fn take(&mut self, phase: Phase, now: Time, max: usize) -> Vec<u8> {
        let mut body = Vec::new();
        let mut rest = VecDeque::with_capacity(self.waiting.len());
        for answer in self.waiting.drain(..) {
            if answer.phase == phase && answer.due <= now && self.under_way.len() < max {
                body.extend_from_slice(&answer.record);
                self.under_way.push(answer);
            } else {
                rest.push_back(answer);
            }
        }
        self.waiting = rest;
        body
    }

    /// The server has what was under way. The T3 to peers whose T2 was there are due at `t3_due`.
    /// Returns those peers.
    pub(super) fn taken(&mut self, t3_due: Time) -> BTreeSet<Id> {
        let t2s = self
            .under_way
            .iter()
            .filter(|answer| answer.phase == Phase::Two);
        let peers: BTreeSet<Id> = t2s.map(|answer| answer.to).collect();
        if !peers.is_empty() {
            for answer in &mut self.waiting {
                if answer.due == NEVER && peers.contains(&answer.to) {
                    answer.due = t3_due;
                }
            }
        }
        self.said.extend(self.under_way.drain(..));
        let above = self.said.len().saturating_sub(SAID);
        self.said.drain(..above);
        peers
    }

    /// The server does not.
    pub(super) fn not_taken(&mut self) {
        for answer in self.under_way.drain(..).rev() {
            self.waiting.push_front(answer);
        }
    }

    /// Everything again.
    pub(super) fn repeat(&mut self, now: Time) {
        for mut answer in self.said.drain(..) {
            answer.due = now;
            self.waiting.push_back(answer);
        }
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> impl Iterator<Item = Time> {
        let times = self.waiting.iter().map(|answer| answer.due);
        times.min().filter(|due| *due != NEVER).into_iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }
}

/// The time of an answer that waits for another one.
pub(super) const NEVER: Time = Time::from_ms(u64::MAX);
/// Answers kept to be posted again after an outage, the newest; spec 5.3.
const SAID: usize = 4_096;
