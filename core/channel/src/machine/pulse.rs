use core::time::Duration;

use kernel::Time;

use super::{Config, End};

/// Whether the other side is still there.
///
/// # Spec
///
/// `spec/20-channel.md` 8.3.
pub(super) struct Pulse {
    every: Duration,
    within: Duration,
    most: u32,
    /// When the next question is due.
    next: Time,
    /// Until when an answer is in time.
    open: Option<Time>,
    strikes: u32,
}

impl Pulse {
    pub(super) fn new(now: Time, config: &Config) -> Self {
        Self {
            every: config.ping_every,
            within: config.ping_within,
            most: config.strikes,
            next: now.after(config.ping_every),
            open: None,
            strikes: 0,
        }
    }

    pub(super) fn due(&self) -> Time {
        self.open.unwrap_or(self.next)
    }

    /// Whether to ask now.
    pub(super) fn beat(&mut self, now: Time) -> Result<bool, End> {
        if self.open.is_some_and(|until| until <= now) {
            self.open = None;
            self.strikes = self.strikes.saturating_add(1);
            if self.strikes >= self.most {
                return Err(End::Silent);
            }
            self.next = now;
        }
        Ok(self.open.is_none() && self.next <= now)
    }

    pub(super) fn asked(&mut self, now: Time) {
        self.open = Some(now.after(self.within));
    }

    /// Something that they sealed came, which is an answer whatever it says.
    pub(super) fn heard(&mut self, now: Time) {
        self.strikes = 0;
        self.open = None;
        self.next = now.after(self.every);
    }
}
