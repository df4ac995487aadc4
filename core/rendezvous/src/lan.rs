//! Meeting on a local link: announcements by UDP multicast, answers by unicast.
//!
//! [`Lan`] is the machine; [`Input`] goes in, [`Output`] comes out, [`Config`] bounds it. It
//! speaks with the reference program and with itself, and tells no observer more than that
//! someone is here.
//!
//! Spec: `spec/10-rendezvous.md` sections 3 and 4.

mod budget;
mod config;
mod datagram;
mod event;
mod exchange;
mod notices;
mod queue;
mod room;
mod timers;
mod work;

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use kernel::{Kind, Time};
use primitives::Zeroizing;

pub use budget::Rate;
pub use config::Config;
pub use event::{Event, Input, Link, Output, Stats};

use crate::{Done, Id, Job, Limits, Match, Opening, Passkey, Seed, Session};
use budget::Budget;
use datagram::{Datagram, Tag};
use notices::Notices;
use queue::Queue;
use room::{Place, Room};
use timers::{Schedule, Timers};

/// The longest payload, in bytes: the reference program cuts datagrams at 1,024 bytes.
pub const MAX_PAYLOAD: usize = 829;

/// One person's meeting on the local links.
///
/// Deterministic: the same seed and the same inputs at the same times give the same outputs.
/// After every [`handle`](Self::handle) and [`finish`](Self::finish), call [`poll`](Self::poll)
/// until it says [`Output::Wait`].
#[derive(Debug)]
pub struct Lan {
    config: Config,
    passkey: Passkey,
    payload: Zeroizing<Vec<u8>>,
    seed: Seed,
    now: Time,
    phase: Phase,
    current: Option<Session>,
    previous: Option<Session>,
    /// When the next session is to be opened; `None` while one is.
    renew_at: Option<Time>,
    announcing: Option<Schedule>,
    room: Room,
    queue: Queue,
    budget: Budget,
    /// Peers of the current session whose work is handed out.
    working: BTreeSet<Id>,
    /// The same of the previous session: its T2 still go out when the work is done.
    working_before: BTreeSet<Id>,
    jobs: usize,
    timers: Timers,
    /// Matches that [`poll`](Self::poll) tells once everything else is handed out.
    found: Vec<Match>,
    told: VecDeque<Told>,
    notices: Notices,
    out: VecDeque<Output>,
    stats: Stats,
}

impl Lan {
    /// Starts a meeting: the first output is the job that opens the first session.
    ///
    /// `payload` is what matches get: any bytes, at most [`MAX_PAYLOAD`]. `seed` must never be
    /// used a second time.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn new(
        config: Config,
        passkey: Passkey,
        payload: Vec<u8>,
        seed: Seed,
        now: Time,
    ) -> Result<Self, StartError> {
        if payload.len() > MAX_PAYLOAD {
            return Err(StartError::PayloadTooLong {
                bytes: payload.len(),
            });
        }
        let mut lan = Self {
            room: Room::new(config.places, config.t1_per_place),
            queue: Queue::new(config.waiting, config.waiting_per_source),
            budget: Budget::new(config.work, config.work_per_source, now),
            config,
            passkey,
            payload: Zeroizing::new(payload),
            seed,
            now,
            phase: Phase::Meeting,
            current: None,
            previous: None,
            renew_at: Some(now),
            announcing: None,
            working: BTreeSet::new(),
            working_before: BTreeSet::new(),
            jobs: 0,
            timers: Timers::default(),
            found: Vec::new(),
            told: VecDeque::new(),
            notices: Notices::default(),
            out: VecDeque::new(),
            stats: Stats::default(),
        };
        lan.advance();
        Ok(lan)
    }

    /// Takes one input. Hostile bytes change nothing but [`Stats`] and bounded queues.
    ///
    /// A `now` before an earlier one counts as that earlier one.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        self.now = self.now.max(now);
        if self.phase == Phase::Finished {
            return;
        }
        match input {
            Input::Datagram { link, from, bytes } => {
                let place = Place {
                    link,
                    address: from,
                };
                self.on_datagram(place, bytes);
            }
            Input::Done(Done::Opened(session)) => self.on_opened(*session),
            Input::Done(Done::Met(met)) => self.on_met(met),
            Input::LinkUp(_) => self.announce_afresh(),
            Input::LinkDown(link) => self.room.leave_link(link),
            Input::Tick => {}
        }
        self.advance();
    }

    /// The next thing the driver must do; [`Output::Wait`] when there is nothing left.
    pub fn poll(&mut self) -> Output {
        if self.out.is_empty() && !self.found.is_empty() {
            self.tell_found();
            self.advance();
        }
        let next = self.out.pop_front();
        next.unwrap_or_else(|| Output::Wait(self.deadline()))
    }

    /// Ends the meeting: no more announcements and no new work. If any T1 was worked on, or is being
    /// worked on, [`Event::Leaving`] is told, and its peers are answered for [`Config::linger`],
    /// matched or not; matches may still come. Then, or else at once, comes [`Event::Finished`].
    ///
    /// A driver that cannot wait that long may drop the machine at any time; then what was begun
    /// may stay unfinished on both sides.
    pub fn finish(&mut self, now: Time) {
        self.now = self.now.max(now);
        self.leave();
        self.advance();
    }

    /// What was counted so far.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    fn on_datagram(&mut self, place: Place, bytes: &[u8]) {
        count(&mut self.stats.received);
        let address = place.address.ip();
        let answerable = place.address.port() != 0
            && !(address.is_unspecified() || address.is_multicast() || address.is_broadcast());
        let fits = bytes.len() <= self.config.datagram;
        match Datagram::decode(bytes).filter(|_| answerable && fits) {
            Some(Datagram::T1(tag, t1)) => self.on_t1(place, tag, t1),
            Some(Datagram::T2(t2)) => self.on_t2(place, t2),
            Some(Datagram::T3(t3)) => self.on_t3(place, t3),
            None => count(&mut self.stats.malformed),
        }
    }

    fn on_opened(&mut self, mut session: Session) {
        if self.phase != Phase::Meeting || self.renew_at.is_some() {
            return;
        }
        count(&mut self.stats.sessions);
        if self.notices.revealed {
            session.withhold();
        }
        let id = session.id();
        self.previous = self.current.replace(session);
        self.renew_at = Some(self.now.after(self.config.interval));
        self.working_before = core::mem::take(&mut self.working);
        let sessions = [&self.current, &self.previous];
        let alive = |id: &Id| sessions.into_iter().flatten().any(|s| s.id() == *id);
        self.timers.retain_sessions(alive);
        let known = |id: &Id| sessions.into_iter().flatten().any(|s| s.knows(id));
        let awaited = |id: &Id| self.queue.contains(id) || self.working_before.contains(id);
        self.room.retain(|id| known(id) || awaited(id));
        self.room.start_session();
        self.announce_afresh();
        self.tell(Event::Announced { session: id });
    }

    /// Does what is due at `now`. Afterwards every deadline is later.
    fn advance(&mut self) {
        match self.phase {
            Phase::Meeting => {
                self.renew_if_due();
                self.announce_if_due();
                self.start_work();
            }
            Phase::Leaving(until) if self.now >= until => return self.close(),
            Phase::Leaving(_) => {}
            Phase::Finished => return,
        }
        self.run_timers();
        self.tell_notices();
    }

    fn renew_if_due(&mut self) {
        if self.renew_at.is_none_or(|at| at > self.now) {
            return;
        }
        self.renew_at = None;
        let opening = Opening::new(
            self.passkey.clone(),
            self.payload.to_vec(),
            self.seed.next_session(),
            self.config.wanted,
        )
        .with_limits(Limits {
            peers: self.config.peers,
            refused: self.config.refused,
        });
        self.out.push_back(Output::Work(Job::Open(opening)));
    }

    fn announce_afresh(&mut self) {
        if self.phase == Phase::Meeting && self.current.is_some() {
            self.announcing = Some(Schedule::new(self.now));
        }
    }

    fn announce_if_due(&mut self) {
        let (Some(schedule), Some(session)) = (&mut self.announcing, &self.current) else {
            return;
        };
        if schedule.is_due(self.now) {
            let bytes = datagram::t1(Tag::Ours, session.t1());
            self.out.push_back(Output::Multicast(bytes));
            count(&mut self.stats.sent);
            self.notices.room_changed = true;
        }
    }

    fn leave(&mut self) {
        if self.phase == Phase::Meeting {
            // Whether anybody was worked on is seen by all; whether anybody matched is not.
            let is_alone = self.sessions().all(|session| session.peers() == 0)
                && self.working.is_empty()
                && self.working_before.is_empty();
            self.announcing = None;
            self.queue.clear();
            if is_alone || self.config.linger.is_zero() {
                self.phase = Phase::Leaving(self.now);
                return;
            }
            self.phase = Phase::Leaving(self.now.after(self.config.linger));
            self.tell(Event::Leaving {
                lasts: self.config.linger,
            });
        }
    }

    /// The end: secrets go, nothing is said any more.
    fn close(&mut self) {
        self.tell_found();
        self.phase = Phase::Finished;
        self.current = None;
        self.previous = None;
        self.timers.clear();
        self.room = Room::new(0, 0);
        self.tell(Event::Finished);
    }

    fn deadline(&self) -> Option<Time> {
        let notice = self.notices.next_at();
        let timer = self.timers.next_at();
        match self.phase {
            Phase::Meeting => {
                let announce = self.announcing.as_ref().map(Schedule::next_at);
                let work = self
                    .may_work()
                    .then(|| self.queue.ready_at(self.now, &self.budget));
                let all = [self.renew_at, announce, work.flatten(), timer, notice];
                all.into_iter().flatten().min()
            }
            Phase::Leaving(until) => {
                let all = [Some(until), timer, notice];
                all.into_iter().flatten().min()
            }
            Phase::Finished => None,
        }
    }

    fn tell_notices(&mut self) {
        if self.notices.room_due(self.now) {
            let others = self.room.others(self.now, PRESENT);
            if core::mem::replace(&mut self.notices.others, others) != others {
                self.tell(Event::Room { others });
            }
        }
        if let Some(dropped) = self.notices.overload_due(self.now) {
            self.tell(Event::Overloaded { dropped });
        }
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Tell(event));
    }

    fn send(&mut self, place: Place, bytes: Vec<u8>) {
        count(&mut self.stats.sent);
        self.out.push_back(Output::Send {
            link: place.link,
            to: place.address,
            bytes,
        });
    }

    fn drop_one(&mut self) {
        count(&mut self.stats.dropped);
        count(&mut self.notices.dropped);
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Meeting,
    Leaving(Time),
    Finished,
}

/// A match that was told, so that the next session does not tell it again.
#[derive(Debug)]
struct Told {
    payload: [u8; 32],
    places: Vec<Place>,
}

/// Why a meeting cannot start.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Longer than [`MAX_PAYLOAD`].
    #[error(
        "message has {bytes} bytes, at most {MAX_PAYLOAD} fit on a LAN: \
         the reference program cuts datagrams at 1024 bytes"
    )]
    PayloadTooLong {
        /// Its length.
        bytes: usize,
    },
}

impl StartError {
    /// Always the user's to correct.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::PayloadTooLong { .. } => Kind::BadInput,
        }
    }
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// How long after its last announcement someone counts as present: a reference node announces
/// itself every 60 s.
const PRESENT: Duration = Duration::from_secs(75);

#[cfg(test)]
mod tests;
