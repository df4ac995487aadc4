use core::time::Duration;

use kernel::Time;

/// What the person is told in moderation.
#[derive(Debug, Default)]
pub(super) struct Notices {
    pub(super) others: usize,
    pub(super) room_changed: bool,
    room_at: Time,
    pub(super) dropped: u64,
    overload_at: Time,
    /// A real T3 has been sent.
    pub(super) revealed: bool,
}

impl Notices {
    pub(super) fn next_at(&self) -> Option<Time> {
        let room = self.room_changed.then_some(self.room_at);
        let overload = (self.dropped > 0).then_some(self.overload_at);
        [room, overload].into_iter().flatten().min()
    }

    pub(super) fn room_due(&mut self, now: Time) -> bool {
        let due = self.room_changed && self.room_at <= now;
        if due {
            self.room_changed = false;
            self.room_at = now.after(ROOM_NOTICE);
        }
        due
    }

    pub(super) fn overload_due(&mut self, now: Time) -> Option<u64> {
        if self.dropped == 0 || self.overload_at > now {
            return None;
        }
        self.overload_at = now.after(OVERLOAD_NOTICE);
        Some(core::mem::take(&mut self.dropped))
    }
}

const ROOM_NOTICE: Duration = Duration::from_millis(500);
const OVERLOAD_NOTICE: Duration = Duration::from_secs(10);
