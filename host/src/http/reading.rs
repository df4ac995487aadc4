use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::Share;
use super::hub::lock;
use crate::board::Source;

/// Bytes of bodies and frames that have begun and not come whole: bounded in all and per source.
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 5.4.
#[derive(Debug, Default)]
pub(super) struct Reading {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    sources: HashMap<Source, usize>,
}

/// Room for one body or frame; given back on drop.
#[derive(Debug)]
pub(super) struct Room {
    reading: Arc<Reading>,
    source: Source,
    bytes: usize,
}

impl Reading {
    /// Room for `bytes`, as many as were announced, or may come; `share` is in bytes. A short one needs
    /// none: `Some(None)`.
    pub(super) fn take(
        self: &Arc<Self>,
        source: Source,
        bytes: usize,
        share: Share,
    ) -> Option<Option<Room>> {
        if bytes <= SHORT {
            return Some(None);
        }
        let mut held = lock(&self.held);
        let mine = held.sources.get(&source).copied().unwrap_or(0);
        let (total, mine) = (held.total.saturating_add(bytes), mine.saturating_add(bytes));
        if total > share.total || mine > share.per_source {
            return None;
        }
        held.total = total;
        held.sources.insert(source, mine);
        Some(Some(Room {
            reading: Arc::clone(self),
            source,
            bytes,
        }))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut held = lock(&self.reading.held);
        held.total = held.total.saturating_sub(self.bytes);
        if let Some(mine) = held.sources.get_mut(&self.source) {
            *mine = mine.saturating_sub(self.bytes);
            if *mine == 0 {
                held.sources.remove(&self.source);
            }
        }
    }
}

/// The bounds where the longest body or frame has `longest` bytes: 32 of those, 4 of one source.
pub(super) const fn share(longest: usize) -> Share {
    Share {
        total: longest.saturating_mul(32),
        per_source: longest.saturating_mul(4),
    }
}

/// A body or frame that needs no room, in bytes: connections are bounded.
const SHORT: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_in_all_and_per_source_and_given_back() {
        let reading = Arc::<Reading>::default();
        let share = Share {
            total: 30_000,
            per_source: 20_000,
        };
        let take = |source, bytes| reading.take(Source::new(source), bytes, share);
        let first = [take(1, 10_000).unwrap(), take(1, 10_000).unwrap()];
        assert!(take(1, SHORT + 1).is_none(), "of one source");
        assert!(take(1, SHORT).is_some_and(|room| room.is_none()), "short");
        let second = take(2, 10_000).unwrap();
        assert!(take(3, SHORT + 1).is_none(), "in all");
        drop(first);
        assert!(take(3, 20_001).is_none());
        assert!(take(3, 20_000).is_some());
        drop(second);
        let held = lock(&reading.held);
        assert_eq!(held.total, 0);
        assert!(held.sources.is_empty());
    }

    #[test]
    fn the_longest_fits_four_times_of_one_source() {
        let bound = share(1 << 20);
        assert_eq!((bound.per_source, bound.total), (4 << 20, 32 << 20));
    }
}
