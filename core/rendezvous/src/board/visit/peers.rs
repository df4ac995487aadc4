//! What a [`Visit`] answers its peers.

use alloc::vec::Vec;

use kernel::Time;

use super::super::{Board, Phase, unpack};
use super::{Answer, Event, NEVER, Visit, count};
use crate::Id;

impl Visit {
    /// When a T2 may be posted. A reference peer that reads a T2 before the T1 it belongs to never
    /// answers it, so on a plain board it gets time to read the T1 first.
    pub(super) fn t2_due(&self) -> Time {
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

    /// Answers everything kept of a peer that can be answered now. The number of T2 and T3 that
    /// are tried follows from the records alone, so the next post says nothing about a match.
    pub(super) fn work_at_desk(&mut self, from: Id) {
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
        }
        if !answers.is_empty() {
            for t3 in self.desk.old_t3s(&from) {
                matches.extend(session.take_t3(&from, t3));
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
            count(&mut self.stats.matches);
            self.found.push(found);
        }
    }

    /// Tells the matches. It is work that only a match brings, so the driver first gets what is to
    /// be posted.
    pub(super) fn tell_found(&mut self) {
        for found in core::mem::take(&mut self.found) {
            let event = match unpack(&self.board, &found.payload) {
                Ok(message) => Event::Match {
                    message: message.to_vec(),
                },
                Err(_) => Event::Garbled,
            };
            self.tell(event);
        }
    }

    /// A T2 or T3 record of ours for `to`.
    pub(super) fn record(&self, to: &Id, message: &[u8; 32]) -> Vec<u8> {
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
}
