use alloc::collections::BTreeMap;
use core::time::Duration;

use kernel::Time;

use super::room::Place;
use crate::Id;

/// What is to be done later.
#[derive(Debug)]
pub(super) enum Task {
    /// Send the dummy that is held for this place.
    Dummy(Place),
    /// Send the T2 of `session` for `peer` again, if no T3 came since it was first sent.
    Retry {
        session: Id,
        peer: Id,
        sent: Time,
        step: usize,
    },
}

/// Tasks in the order of their time; equal times in the order they were set.
#[derive(Debug, Default)]
pub(super) struct Timers {
    tasks: BTreeMap<(Time, u64), Task>,
    count: u64,
}

impl Timers {
    pub(super) fn set(&mut self, at: Time, task: Task) {
        self.count = self.count.wrapping_add(1);
        self.tasks.insert((at, self.count), task);
    }

    pub(super) fn next_at(&self) -> Option<Time> {
        self.tasks.keys().next().map(|(at, _)| *at)
    }

    /// One task whose time has come.
    pub(super) fn due(&mut self, now: Time) -> Option<Task> {
        let first = self.tasks.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// Drops what belongs to sessions that `alive` denies.
    pub(super) fn retain_sessions(&mut self, alive: impl Fn(&Id) -> bool) {
        self.tasks.retain(|_, task| match task {
            Task::Retry { session, .. } => alive(session),
            Task::Dummy(_) => true,
        });
    }

    pub(super) fn clear(&mut self) {
        self.tasks.clear();
    }
}

/// When a session announces itself next.
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 4: at its start, after 1, 2, 4 and 8 s, and every 15 s.
#[derive(Debug)]
pub(super) struct Schedule {
    start: Time,
    next: Time,
}

impl Schedule {
    pub(super) const fn new(start: Time) -> Self {
        Self { start, next: start }
    }

    pub(super) const fn next_at(&self) -> Time {
        self.next
    }

    /// Whether it is time to announce; if so, moves on to the next time after `now`.
    pub(super) fn is_due(&mut self, now: Time) -> bool {
        if now < self.next {
            return false;
        }
        let passed = now.since(self.start);
        let early = EARLY.into_iter().find(|&offset| offset > passed);
        self.next = early.map_or_else(
            || {
                let rounds = passed.as_secs().checked_div(EVERY.as_secs()).unwrap_or(0);
                let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
                self.start
                    .after(EVERY.saturating_mul(rounds.saturating_add(1)))
            },
            |offset| self.start.after(offset),
        );
        true
    }
}

/// How long after a T2 was first sent it is sent again, as long as no T3 answers.
pub(super) const RETRIES: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_millis(1500),
    Duration::from_millis(3500),
];
/// And then, to our own kind.
pub(super) const RETRY_EVERY: Duration = Duration::from_millis(2500);

const EARLY: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];
const EVERY: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn announcements_follow_the_spec() {
        let mut schedule = Schedule::new(Time::from_ms(500));
        let mut times = Vec::new();
        while times.len() < 9 {
            let now = schedule.next_at();
            assert!(schedule.is_due(now));
            assert!(!schedule.is_due(now));
            times.push(now.as_ms() - 500);
        }
        assert_eq!(
            times,
            [0, 1000, 2000, 4000, 8000, 15_000, 30_000, 45_000, 60_000]
        );
    }

    #[test]
    fn missed_announcements_are_not_made_up_for() {
        let mut schedule = Schedule::new(Time::ZERO);
        assert!(schedule.is_due(Time::from_ms(31_000)));
        assert_eq!(schedule.next_at(), Time::from_ms(45_000));
    }

    #[test]
    fn tasks_come_in_their_order() {
        let mut timers = Timers::default();
        let retry = |step| Task::Retry {
            session: Id::of_t1(b"s"),
            peer: Id::of_t1(b"p"),
            sent: Time::ZERO,
            step,
        };
        for (at, step) in [(20, 2), (10, 0), (20, 3), (10, 1)] {
            timers.set(Time::from_ms(at), retry(step));
        }
        assert_eq!(timers.next_at(), Some(Time::from_ms(10)));
        assert!(timers.due(Time::from_ms(9)).is_none());
        for expected in 0..4 {
            let task = timers.due(Time::from_ms(20));
            assert!(matches!(task, Some(Task::Retry { step, .. }) if step == expected));
        }
        assert!(timers.due(Time::from_ms(20)).is_none());
    }
}
