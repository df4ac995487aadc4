use core::time::Duration;

use kernel::Time;

use super::{Event, Trouble};

/// How long to leave a server alone that does not answer, or asks for it.
#[derive(Debug)]
pub(super) struct Patience {
    until: Time,
    /// Failures in a row.
    fails: u32,
    is_away: bool,
}

impl Patience {
    pub(super) fn new(now: Time) -> Self {
        Self {
            until: now,
            fails: 0,
            is_away: false,
        }
    }

    /// One more failure. Tells of it once per request round: while the pause of another request
    /// lasts, this one adds nothing.
    pub(super) fn tried(&mut self, now: Time, trouble: Trouble, jitter: Duration) -> Option<Event> {
        if now < self.until {
            return None;
        }
        let doubled = FIRST.saturating_mul(1 << self.fails.min(5));
        let (retry, is_away) = match trouble {
            Trouble::Busy { retry: Some(retry) } => (retry.clamp(FIRST, LONGEST_ASKED), false),
            Trouble::Busy { retry: None } => (doubled.min(LONGEST), false),
            _ => (doubled.min(LONGEST), true),
        };
        self.fails = self.fails.saturating_add(1);
        self.is_away |= is_away;
        self.until = now.after(retry.saturating_add(jitter));
        Some(match is_away {
            true => Event::Away { retry },
            false => Event::Busy { retry },
        })
    }

    /// A success. Whether the server was away before.
    pub(super) fn relieved(&mut self) -> bool {
        self.fails = 0;
        core::mem::take(&mut self.is_away)
    }

    pub(super) fn until(&self) -> Time {
        self.until
    }

    pub(super) fn is_over(&self, now: Time) -> bool {
        self.until <= now
    }
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// A server may ask for this much, no more.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(event: Option<Event>) -> u64 {
        match event {
            Some(Event::Away { retry } | Event::Busy { retry }) => retry.as_secs(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pauses_grow_to_a_bound_and_start_again_after_a_success() {
        let mut patience = Patience::new(Time::ZERO);
        let mut now = Time::ZERO;
        let mut pauses = alloc::vec::Vec::new();
        for _ in 0..8 {
            pauses.push(retry(patience.tried(now, Trouble::Away, Duration::ZERO)));
            assert!(patience.tried(now, Trouble::Away, Duration::ZERO).is_none());
            now = patience.until();
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert!(patience.relieved());
        assert!(!patience.relieved());
        assert_eq!(retry(patience.tried(now, Trouble::Away, Duration::ZERO)), 1);
    }

    #[test]
    fn a_server_is_left_alone_as_long_as_it_asks_within_reason() {
        for (asked, pause) in [(0, 1), (7, 7), (300, 300), (100_000, 300)] {
            let mut patience = Patience::new(Time::ZERO);
            let retry_after = Some(Duration::from_secs(asked));
            let busy = Trouble::Busy { retry: retry_after };
            assert_eq!(
                retry(patience.tried(Time::ZERO, busy, Duration::ZERO)),
                pause
            );
            assert!(!patience.relieved(), "a busy server keeps its memory");
        }
    }
}
