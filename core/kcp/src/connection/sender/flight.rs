//! One segment in flight: when it goes out again. Spec `21-datagrams` 4.2 and 4.3.

use alloc::vec::Vec;
use core::time::Duration;

use kernel::Time;

use super::super::rtt::LONGEST_TIMEOUT;
use crate::Pace;
use crate::number::is_before;

#[derive(Debug)]
pub(super) struct Flight {
    /// Empty once acknowledged.
    pub(super) data: Vec<u8>,
    pub(super) is_acked: bool,
    /// Transmissions.
    pub(super) sent: u32,
    pub(super) resend_at: Time,
    /// The last transmission.
    sent_at: Time,
    /// The same, as it is on the wire.
    time: u32,
    timeout: Duration,
    /// Acks of later segments; `None` once they made it go out again, until its time is over.
    skips: Option<u32>,
}

impl Flight {
    pub(super) const fn new(data: Vec<u8>) -> Self {
        Self {
            data,
            is_acked: false,
            sent: 0,
            resend_at: Time::ZERO,
            sent_at: Time::ZERO,
            time: 0,
            timeout: Duration::ZERO,
            skips: Some(0),
        }
    }

    /// The peer has it.
    pub(super) fn acknowledge(&mut self) {
        self.is_acked = true;
        self.data = Vec::new();
    }

    /// A later segment came, in a transmission of `time`. One that left before ours says nothing.
    pub(super) fn hear_later_ack(&mut self, time: u32) {
        if let Some(skips) = &mut self.skips
            && !is_before(time, self.time)
        {
            *skips = skips.saturating_add(1);
        }
    }

    /// When acks of later segments, at least so many, to which nothing was done yet, show that it is
    /// lost: once an overtaken datagram would have come.
    pub(super) fn missed_at(&self, times: u32, patience: Duration) -> Option<Time> {
        let is_skipped = !self.is_acked && self.skips.is_some_and(|skips| skips >= times);
        is_skipped.then(|| self.sent_at.after(patience))
    }

    /// Notes a transmission at `time` on the wire, if one is due, and says why.
    pub(super) fn launch(&mut self, rule: &Rule, time: u32) -> Option<Cause> {
        let cause = self.cause(rule)?;
        match cause {
            Cause::First => self.timeout = rule.timeout,
            Cause::Skipped => {
                self.skips = None;
                self.timeout = rule.timeout;
            }
            Cause::Timeout => {
                self.skips = Some(0);
                let more = match rule.pace {
                    Pace::Normal => rule.timeout,
                    Pace::Quick => rule.timeout.checked_div(2).unwrap_or_default(),
                };
                self.timeout = self.timeout.saturating_add(more).min(LONGEST_TIMEOUT);
            }
        }
        self.sent = self.sent.saturating_add(1);
        self.time = time;
        self.sent_at = rule.now;
        self.resend_at = rule.now.after(self.timeout);
        Some(cause)
    }

    fn cause(&self, rule: &Rule) -> Option<Cause> {
        let is_missed = |times| {
            let at = self.missed_at(times, rule.patience);
            at.is_some_and(|at| at <= rule.now)
        };
        let is_often = rule.fast_resend > 0 && is_missed(rule.fast_resend);
        let is_last_chance = !rule.has_new && is_missed(1);
        if self.is_acked {
            None
        } else if self.sent == 0 {
            Some(Cause::First)
        } else if is_often || is_last_chance {
            Some(Cause::Skipped)
        } else if self.resend_at <= rule.now {
            Some(Cause::Timeout)
        } else {
            None
        }
    }
}

/// When segments go out, in one flush.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) now: Time,
    pub(super) timeout: Duration,
    pub(super) pace: Pace,
    pub(super) fast_resend: u32,
    /// How long a segment may be overtaken before it counts as lost.
    pub(super) patience: Duration,
    /// Whether new segments go out too.
    pub(super) has_new: bool,
}

/// Why a segment goes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    First,
    /// Later ones came.
    Skipped,
    /// Its ack is late.
    Timeout,
}
