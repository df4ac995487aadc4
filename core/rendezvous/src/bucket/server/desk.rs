use alloc::collections::VecDeque;
use core::time::Duration;

use kernel::{Kind, Time};

use crate::bucket::{Id, Slots};

/// The rules of a server; the defaults are those of the spec.
///
/// # Spec
///
/// `spec/11-buckets.md` section 5.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Config {
    /// How long a bucket takes entries.
    pub rotation: Duration,
    /// How long a bucket is there, from its creation.
    pub life: Duration,
    /// Buckets opened in one second; at least 1. Clients refuse numbers above 16.
    pub numbers: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rotation: Duration::from_secs(600),
            life: Duration::from_secs(48 * 3600),
            numbers: 17,
        }
    }
}

impl Config {
    /// Whether the bucket still takes entries, if it has room.
    ///
    /// # Spec
    ///
    /// `spec/11-buckets.md` section 3, 2 and 3.
    #[must_use]
    pub fn is_open(&self, id: Id, now: Time) -> bool {
        let opened = id.opened();
        now.since(opened) < self.rotation && opened.since(now) <= STEP_BACK
    }

    /// Whether the bucket can still be fetched.
    #[must_use]
    pub fn is_alive(&self, id: Id, now: Time) -> bool {
        now < id.opened().after(self.life)
    }

    /// How long a store keeps an entry of the bucket: a little longer than its life, so that no
    /// living bucket ever loses some of its entries.
    #[must_use]
    pub fn keep(&self, id: Id, now: Time) -> Duration {
        let end = id.opened().after(self.life).after(MARGIN);
        end.since(now)
    }
}

/// Which bucket the next entry goes into, as one process sees it.
///
/// Every entry [takes a place](Self::place). When there is none, the caller [asks](Self::open) which
/// buckets to open, [skips](Self::skip) those that the store still has, writes the newest id to the
/// store by compare-and-swap, and [says so](Self::opened); or, if another process was faster,
/// [learns](Self::learn) what that one wrote. Entries of other processes show only in the store: a bucket that takes no more there is
/// [full](Self::full).
///
/// # Spec
///
/// `spec/11-buckets.md` section 3.
#[derive(Debug)]
pub struct Desk {
    config: Config,
    newest: Option<Id>,
    /// Buckets with room, oldest first, and how much.
    open: VecDeque<(Id, usize)>,
}

/// Buckets to be opened at once; all have one second, and numbers in a row.
#[expect(clippy::exhaustive_structs, reason = "two ids")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Opening {
    /// The first of them.
    pub first: Id,
    /// The last of them: the newest bucket from now on.
    pub last: Id,
}

impl Desk {
    /// For a process that has just started. `newest` is what the store says, with the number of
    /// entries that this bucket has.
    #[must_use]
    pub fn new(config: Config, newest: Option<(Id, usize)>) -> Self {
        let mut desk = Self {
            config,
            newest: None,
            open: VecDeque::new(),
        };
        if let Some((id, used)) = newest {
            desk.learn(id, used);
        }
        desk
    }

    /// Takes a place for one entry; `None` if a bucket must be opened first.
    pub fn place(&mut self, now: Time) -> Option<Id> {
        while let Some((id, room)) = self.open.front_mut() {
            if *room > 0 && self.config.is_open(*id, now) {
                *room = room.saturating_sub(1);
                return Some(*id);
            }
            self.open.pop_front();
        }
        None
    }

    /// A place was not needed after all.
    pub fn give_back(&mut self, id: Id) {
        if let Some((_, room)) = self.open.iter_mut().find(|(open, _)| *open == id) {
            *room = room.saturating_add(1).min(Slots::COUNT);
        }
    }

    /// The store says that the bucket takes no more.
    pub fn full(&mut self, id: Id) {
        self.open.retain(|(open, _)| *open != id);
    }

    /// Which buckets to open so that `entries` of them have a place; at least one bucket. Where the
    /// clock was set back, at any time before, the store may still have some of them: see
    /// [`skip`](Self::skip).
    ///
    /// # Errors
    ///
    /// [`PlaceError`].
    pub fn open(&self, now: Time, entries: usize) -> Result<Opening, PlaceError> {
        let second = now.as_ms().div_euclid(1000);
        let first = match self.newest {
            Some(newest)
                if newest.seconds() >= second && newest.opened().since(now) <= STEP_BACK =>
            {
                let number = newest.number().checked_add(1);
                Id::new(newest.seconds(), number.ok_or(RETRY)?)
            }
            _ => Id::new(second, 0),
        };
        self.from(first, entries)
    }

    /// The same, but beginning after `used`, which the store still has.
    ///
    /// # Errors
    ///
    /// [`PlaceError`].
    pub fn skip(&self, used: Id, entries: usize) -> Result<Opening, PlaceError> {
        let number = used.number().checked_add(1).ok_or(RETRY)?;
        self.from(Id::new(used.seconds(), number), entries)
    }

    fn from(&self, first: Id, entries: usize) -> Result<Opening, PlaceError> {
        let last = self.config.numbers.max(1).saturating_sub(1);
        if first.number() > last {
            return Err(RETRY);
        }
        let more = entries.saturating_sub(1).div_euclid(Slots::COUNT);
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let last = first.number().saturating_add(more).min(last);
        Ok(Opening {
            first,
            last: Id::new(first.seconds(), last),
        })
    }

    /// The store has taken the newest id of `opening`: its buckets are this process's to fill.
    pub fn opened(&mut self, opening: Opening) {
        self.newest = Some(opening.last);
        let second = opening.first.seconds();
        for number in opening.first.number()..=opening.last.number() {
            self.open.push_back((Id::new(second, number), Slots::COUNT));
        }
    }

    /// The store names `id` as the newest bucket, with `used` entries.
    pub fn learn(&mut self, id: Id, used: usize) {
        self.newest = Some(id);
        self.full(id);
        let room = Slots::COUNT.saturating_sub(used);
        if room > 0 {
            self.open.push_back((id, room));
        }
    }

    /// The newest bucket that this process knows of.
    #[must_use]
    pub const fn newest(&self) -> Option<Id> {
        self.newest
    }
}

/// Why no bucket can be opened now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// As many were opened in this second as may be.
    #[error("too many buckets were opened in this second")]
    TooMany {
        /// When to try again.
        retry: Duration,
    },
}

impl PlaceError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::Exhausted
    }
}

const RETRY: PlaceError = PlaceError::TooMany {
    retry: Duration::from_secs(1),
};
/// How far a clock may step back without being believed.
const STEP_BACK: Duration = Duration::from_secs(60);
const MARGIN: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;
