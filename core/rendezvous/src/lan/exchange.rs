//! What a [`Lan`] does with T2 and T3: the cheap half, at once.

use alloc::vec::Vec;
use core::time::Duration;

use primitives::hash;

use super::datagram;
use super::room::Place;
use super::timers::Task;
use super::{Event, Lan, Told, count};
use crate::{Id, Match, Session, T2, T3, Wanted};

impl Lan {
    /// Each T1 of the place gives one T3, so their number and time say nothing about a match.
    pub(super) fn on_t2(&mut self, place: Place, t2: T2) {
        let Some(neighbour) = self.room.at(place) else {
            return count(&mut self.stats.strangers);
        };
        if !neighbour.keep_t2(self.now, t2, self.config.t2_per_second) {
            return count(&mut self.stats.repeats);
        }
        count(&mut self.stats.t2);
        for (ours, peer) in self.pairs(place) {
            self.answer(place, ours, peer, t2);
        }
    }

    pub(super) fn answer(&mut self, place: Place, ours: Id, peer: Id, t2: T2) {
        let Some(session) = self.session(&ours) else {
            return;
        };
        let answer = session.take_t2(&peer, t2);
        self.send_t3(place, &peer, answer.t3, answer.real);
        if answer.real {
            self.on_revealed(&ours);
        }
        self.found.extend(answer.matched);
        let kept = self.room.at(place).map(|neighbour| neighbour.t3s());
        for t3 in kept.unwrap_or_default() {
            self.try_t3(&ours, &peer, t3);
        }
    }

    /// A dummy for a reference node is held back, for it ends that node's run.
    ///
    /// What counts is the T1, not the place: else a stranger that repeats a T1 of ours with a
    /// reference tag would see from the delay whether we match its sender.
    fn send_t3(&mut self, place: Place, peer: &Id, t3: T3, real: bool) {
        let is_ours = self.room.is_ours(peer);
        let Some(neighbour) = self.room.at(place) else {
            return;
        };
        if is_ours {
            self.send(place, datagram::t3(&t3));
        } else if real {
            neighbour.drop_dummy();
            self.send(place, datagram::t3(&t3));
        } else if neighbour.hold_dummy(t3) {
            let jitter = Duration::from_millis(self.seed.draw(JITTER_MS));
            let at = self.now.after(HOLD).after(jitter);
            self.timers.set(at, Task::Dummy(place));
        }
    }

    /// When only the first is wanted, a second session reveals nothing to a second peer.
    fn on_revealed(&mut self, ours: &Id) {
        if self.config.wanted != Wanted::First {
            return;
        }
        self.notices.revealed = true;
        for session in [&mut self.current, &mut self.previous]
            .into_iter()
            .flatten()
        {
            if session.id() != *ours {
                session.withhold();
            }
        }
    }

    pub(super) fn on_t3(&mut self, place: Place, t3: T3) {
        let Some(neighbour) = self.room.at(place) else {
            return count(&mut self.stats.strangers);
        };
        if !neighbour.keep_t3(self.now, t3, self.config.t3_per_second) {
            return count(&mut self.stats.repeats);
        }
        count(&mut self.stats.t3);
        for (ours, peer) in self.pairs(place) {
            self.try_t3(&ours, &peer, t3);
        }
    }

    fn try_t3(&mut self, ours: &Id, peer: &Id, t3: T3) {
        let found = self
            .session(ours)
            .and_then(|session| session.take_t3(peer, t3));
        self.found.extend(found);
    }

    /// Tells the matches. It is work that only a match brings, so the driver first gets what is to
    /// be sent.
    pub(super) fn tell_found(&mut self) {
        for found in core::mem::take(&mut self.found) {
            self.on_match(found);
        }
    }

    fn on_match(&mut self, found: Match) {
        let payload = hash(&[&found.payload]);
        let places = self.room.places_of(&found.from);
        let same = |told: &&mut Told| {
            told.payload == payload && told.places.iter().any(|place| places.contains(place))
        };
        if let Some(told) = self.told.iter_mut().find(same) {
            told.places = places;
            return;
        }
        if self.told.len() >= self.config.peers {
            self.told.pop_front();
        }
        self.told.push_back(Told { payload, places });
        count(&mut self.stats.matches);
        self.tell(Event::Match {
            payload: found.payload,
        });
        if self.config.wanted == Wanted::First {
            self.leave();
        }
    }

    pub(super) fn run_timers(&mut self) {
        while let Some(task) = self.timers.due(self.now) {
            match task {
                Task::Dummy(place) => self.send_dummy(place),
                Task::Retry {
                    session,
                    peer,
                    sent,
                    step,
                } => self.retry(session, peer, sent, step),
            }
        }
    }

    /// Not while a T1 from there waits for its work: the T2 may turn out to be for that one.
    fn send_dummy(&mut self, place: Place) {
        let Some(neighbour) = self.room.at(place) else {
            return;
        };
        let ids = neighbour.ids.clone();
        let in_work = |id: &Id| self.working.contains(id) || self.working_before.contains(id);
        let waits = |id: &Id| self.queue.contains(id) || in_work(id);
        if ids.iter().any(waits) {
            self.timers.set(self.now.after(AGAIN), Task::Dummy(place));
        } else if let Some(t3) = self.room.at(place).and_then(|n| n.take_dummy()) {
            self.send(place, datagram::t3(&t3));
        }
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = &Session> {
        [&self.current, &self.previous].into_iter().flatten()
    }

    pub(super) fn session(&mut self, id: &Id) -> Option<&mut Session> {
        let both = [&mut self.current, &mut self.previous].into_iter();
        both.flatten().find(|session| session.id() == *id)
    }

    /// The sessions of ours and the worked-on T1 that a message from `place` can belong to.
    fn pairs(&mut self, place: Place) -> Vec<(Id, Id)> {
        let ids = self
            .room
            .at(place)
            .map(|n| n.ids.clone())
            .unwrap_or_default();
        let known = |session: &Session| {
            let known = ids.iter().filter(|id| session.knows(id));
            known.map(|id| (session.id(), *id)).collect::<Vec<_>>()
        };
        self.sessions().flat_map(known).collect()
    }
}

/// Spec `10-rendezvous` section 4, "Dummy T3".
const HOLD: Duration = Duration::from_secs(3);
const JITTER_MS: u64 = 2000;
/// How long a dummy that is due waits for work that is not done.
const AGAIN: Duration = Duration::from_secs(1);
