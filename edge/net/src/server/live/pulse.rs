use std::time::Duration;

use tokio::time::Instant;
use wire::v1::Ping;

/// When something was last heard, and when a sign of life is asked for.
///
/// # Spec
///
/// `spec/40-server.md` section 2.4.
#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) silence: Duration,
    heard: Instant,
    asked: Instant,
    pings: u64,
}

impl Pulse {
    /// Heard just now; gone after `silence`.
    pub(super) fn new(silence: Duration) -> Self {
        let now = Instant::now();
        Self {
            silence,
            heard: now,
            asked: now,
            pings: 0,
        }
    }

    /// Something came.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// Asks for a sign of life.
    pub(super) fn ping(&mut self) -> Ping {
        self.asked = Instant::now();
        self.pings = self.pings.wrapping_add(1);
        Ping { number: self.pings }
    }

    /// When to ask for a sign of life.
    pub(super) fn due(&self) -> Instant {
        let half = self.silence.checked_div(2).unwrap_or_default();
        let last = self.heard.max(self.asked);
        last.checked_add(half).unwrap_or(last)
    }

    /// When to believe that none will come.
    pub(super) fn over(&self) -> Instant {
        self.heard.checked_add(self.silence).unwrap_or(self.heard)
    }
}
