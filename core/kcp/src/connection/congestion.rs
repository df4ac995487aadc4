//! How many segments may be in flight: spec `21-datagrams` 4.4.

use crate::number::is_before;
use crate::{Config, Congestion};

#[derive(Debug)]
pub(super) struct Window {
    law: Congestion,
    /// Segments.
    size: u32,
    /// Segments: below it the window grows fast.
    threshold: u32,
    /// What counts toward the next segment: bytes in `Classic`, segments in `Prompt`.
    credit: u32,
    /// `Prompt`: a loss before this number is of a round trip that was already paid for.
    paid: Option<u32>,
    /// Bytes of a segment.
    segment: u32,
    /// Segments.
    send_window: u32,
    fast_resend: u32,
}

impl Window {
    pub(super) fn new(config: &Config) -> Self {
        let segment = u32::try_from(config.segment()).unwrap_or(u32::MAX);
        let send_window = u32::from(config.send_window);
        let (size, threshold, credit) = match config.congestion {
            Congestion::Classic => (1, 2, segment),
            Congestion::Prompt => (10, send_window, 0),
        };
        Self {
            law: config.congestion,
            size,
            threshold,
            credit,
            paid: None,
            segment,
            send_window,
            fast_resend: config.fast_resend,
        }
    }

    /// Segments.
    pub(super) const fn size(&self) -> u32 {
        self.size
    }

    /// A datagram acknowledged `count` of the first `in_flight` segments; the peer has room for
    /// `remote`.
    pub(super) fn grow(&mut self, count: u32, in_flight: u32, remote: u32) {
        match self.law {
            Congestion::Classic if self.size < remote => self.grow_classic(),
            Congestion::Classic => {}
            // A window that is not used says nothing about the path.
            Congestion::Prompt if in_flight >= self.size => self.grow_prompt(count),
            Congestion::Prompt => {}
        }
    }

    fn grow_classic(&mut self) {
        let segment = self.segment;
        if self.size < self.threshold {
            self.size = self.size.saturating_add(1);
            self.credit = self.credit.saturating_add(segment);
            return;
        }
        let credit = self.credit.max(segment);
        let share = segment.saturating_mul(segment).checked_div(credit);
        self.credit = credit
            .saturating_add(share.unwrap_or(0))
            .saturating_add(segment / 16);
        let next = self.size.saturating_add(1);
        if next.saturating_mul(segment) <= self.credit {
            self.size = next;
        }
    }

    fn grow_prompt(&mut self, count: u32) {
        if self.size < self.threshold {
            self.size = self.size.saturating_add(count).min(self.threshold);
            return;
        }
        self.credit = self.credit.saturating_add(count);
        if self.credit >= self.size {
            self.credit = self.credit.saturating_sub(self.size);
            self.size = self.size.saturating_add(1).min(self.send_window);
        }
    }

    /// Segments were lost in one flush, the first of them `number`; `next` is the first number that
    /// was not sent yet, `in_flight` of those before it are not acknowledged.
    pub(super) fn shrink(&mut self, loss: Loss, number: u32, next: u32, in_flight: u32) {
        if self.law == Congestion::Prompt {
            if self.paid.is_some_and(|paid| is_before(number, paid)) {
                return;
            }
            self.paid = Some(next);
            self.threshold = (in_flight / 2).max(SMALLEST);
            self.size = self.threshold;
            self.credit = 0;
            return;
        }
        match loss {
            Loss::Skipped => {
                self.threshold = (in_flight / 2).max(SMALLEST);
                self.size = self.threshold.saturating_add(self.fast_resend);
            }
            Loss::Timeout { window } => {
                self.threshold = (window / 2).max(SMALLEST);
                self.size = 1;
            }
        }
        self.credit = self.size.saturating_mul(self.segment);
    }
}

/// How a loss was noticed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Loss {
    /// By acks of later segments.
    Skipped,
    /// By the time, when so many segments might have been in flight.
    Timeout { window: u32 },
}

/// The smallest threshold, in segments.
const SMALLEST: u32 = 2;

#[cfg(test)]
mod tests;
