//! What a [`Lan`] does with T1: the expensive half, within its budget.

use kernel::Time;

use super::datagram::{self, Tag};
use super::queue::Waiting;
use super::room::Place;
use super::timers::{RETRIES, RETRY_EVERY, Task};
use super::{Lan, Output, Phase, count};
use crate::{Id, Job, Met, Session, T1_MIN};

impl Lan {
    pub(super) fn on_t1(&mut self, place: Place, tag: Tag, t1: &[u8]) {
        let id = Id::of_t1(t1);
        if self.sessions().any(|session| session.id() == id) {
            return count(&mut self.stats.own);
        }
        if self.is_needed(&id) {
            self.room.note_tag(tag, id);
        }
        if self.is_known(&id) {
            self.on_known_t1(place, tag, id);
        } else if self.phase == Phase::Meeting {
            self.on_new_t1(place, tag, id, t1);
        }
    }

    fn on_new_t1(&mut self, place: Place, tag: Tag, id: Id, t1: &[u8]) {
        let refused = match &self.current {
            Some(session) => session.encounter(t1).is_err(),
            None => t1.len() < T1_MIN,
        };
        if refused {
            return count(&mut self.stats.refused);
        }
        let peers = self.current.as_ref().map_or(0, Session::peers);
        let taken = [self.queue.len(), self.working.len()];
        let taken = taken.into_iter().fold(peers, usize::saturating_add);
        if taken >= self.config.peers || !self.room.hear(self.now, place, tag, id) {
            return self.drop_one();
        }
        let waiting = Waiting {
            id,
            source: *place.address.ip(),
            t1: t1.into(),
        };
        let out = self.queue.push(waiting);
        if let Some(out) = &out {
            self.drop_one();
            self.forget_unless_met(&out.id);
        }
        if out.is_some_and(|out| out.id == id) {
            return;
        }
        self.notices.room_changed = true;
        if let Some(neighbour) = self.room.at(place) {
            neighbour.may_repair(self.now);
        }
        self.send_own_t1(place, tag);
    }

    /// A repeat is answered again, for our answers may have been lost.
    fn on_known_t1(&mut self, place: Place, tag: Tag, id: Id) {
        count(&mut self.stats.repeats);
        if !self.room.hear(self.now, place, tag, id) {
            return;
        }
        self.notices.room_changed = true;
        let Some(neighbour) = self.room.at(place) else {
            return;
        };
        if !neighbour.may_repair(self.now) {
            return;
        }
        if !neighbour.sent_t2 {
            self.send_own_t1(place, tag);
        }
        let t2 = self
            .current
            .as_ref()
            .and_then(|session| session.t2_for(&id));
        if let Some(t2) = t2 {
            self.send(place, datagram::t2(&t2));
        }
    }

    fn send_own_t1(&mut self, place: Place, tag: Tag) {
        if let (Some(answer), Some(session)) = (tag.answer(), &self.current) {
            let bytes = datagram::t1(answer, session.t1());
            self.send(place, bytes);
        }
    }

    pub(super) fn may_work(&self) -> bool {
        self.jobs < self.config.parallel.max(1) && self.current.is_some()
    }

    pub(super) fn start_work(&mut self) {
        while self.may_work() {
            let Some(next) = self.queue.next(self.now, &mut self.budget) else {
                return;
            };
            match self
                .current
                .as_ref()
                .map(|session| session.encounter(&next.t1))
            {
                Some(Ok(encounter)) => {
                    count(&mut self.stats.worked);
                    self.jobs = self.jobs.saturating_add(1);
                    self.working.insert(next.id);
                    self.out.push_back(Output::Work(Job::Meet(encounter)));
                }
                Some(Err(_)) | None => {
                    count(&mut self.stats.refused);
                    self.forget_unless_met(&next.id);
                }
            }
        }
    }

    pub(super) fn on_met(&mut self, met: Met) {
        self.jobs = self.jobs.saturating_sub(1);
        let (ours, peer) = (met.session(), met.peer());
        if self
            .current
            .as_ref()
            .is_some_and(|session| session.id() == ours)
        {
            self.working.remove(&peer);
        } else if self
            .previous
            .as_ref()
            .is_some_and(|session| session.id() == ours)
        {
            self.working_before.remove(&peer);
        }
        let Some(session) = self.session(&ours) else {
            return;
        };
        let Ok((_, t2)) = session.admit(met) else {
            count(&mut self.stats.refused);
            self.notices.room_changed = true;
            return self.forget_unless_met(&peer);
        };
        let places = self.room.places_of(&peer);
        for place in &places {
            self.send(*place, datagram::t2(&t2));
        }
        self.retry_later(ours, peer, self.now, 0);
        for place in places {
            let kept = self.room.at(place).map(|neighbour| neighbour.t2s());
            for t2 in kept.unwrap_or_default() {
                self.answer(place, ours, peer, t2);
            }
        }
    }

    fn retry_later(&mut self, session: Id, peer: Id, sent: Time, step: usize) {
        let delay = RETRIES.get(step).map(|delay| sent.after(*delay));
        let at = delay.unwrap_or_else(|| self.now.after(RETRY_EVERY));
        let task = Task::Retry {
            session,
            peer,
            sent,
            step,
        };
        self.timers.set(at, task);
    }

    /// Sends a T2 again that no T3 has answered: for a while, and to our own kind as long as the
    /// session is the current one.
    pub(super) fn retry(&mut self, ours: Id, peer: Id, sent: Time, step: usize) {
        let is_current = self
            .current
            .as_ref()
            .is_some_and(|session| session.id() == ours);
        let goes_on = step < RETRIES.len() || (is_current && self.room.is_ours(&peer));
        let places = self.room.places_of(&peer);
        for place in &places {
            let sent_t3 = self.room.at(*place).and_then(|neighbour| neighbour.sent_t3);
            if sent_t3.is_some_and(|at| at >= sent) {
                return;
            }
        }
        let t2 = self
            .session(&ours)
            .and_then(|session| session.t2_for(&peer));
        let (Some(t2), true) = (t2, goes_on) else {
            return;
        };
        for place in places {
            self.send(place, datagram::t2(&t2));
        }
        self.retry_later(ours, peer, sent, step.saturating_add(1));
    }

    /// The T1 was dropped or refused; earlier sessions may still need to know where it came from.
    fn forget_unless_met(&mut self, id: &Id) {
        if !self.is_needed(id) {
            self.room.forget(id);
        }
    }

    /// Known to any session, or on the way to be.
    fn is_needed(&self, id: &Id) -> bool {
        self.is_known(id)
            || self.working_before.contains(id)
            || self.sessions().any(|session| session.knows(id))
    }

    /// Known to the current session, or on the way to be.
    fn is_known(&self, id: &Id) -> bool {
        self.current
            .as_ref()
            .is_some_and(|session| session.knows(id))
            || self.queue.contains(id)
            || self.working.contains(id)
    }
}
