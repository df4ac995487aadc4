use std::collections::HashMap;
use std::sync::Arc;

use rendezvous::board::Board;

use super::Share;
use super::hub::{Hub, lock};
use crate::board::{Bell, Source};

/// Who waits for something new.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    total: usize,
    sources: HashMap<Source, usize>,
}

/// A place among the waiting; given back on drop.
#[derive(Debug)]
struct Place {
    hub: Arc<Hub>,
    source: Source,
}

/// One that waits at a board.
#[derive(Debug)]
pub(super) struct Waiter {
    bell: Bell,
    _place: Place,
}

impl Waiter {
    /// Takes a place, if `share` has one left. What is posted from now on rings.
    pub(super) async fn begin(
        hub: &Arc<Hub>,
        board: &Board,
        source: Source,
        share: Share,
    ) -> Option<Self> {
        let place = Place::take(hub, source, share)?;
        let bell = hub.boards.bell(board).await;
        Some(Self {
            bell,
            _place: place,
        })
    }

    /// Until something is posted at this board.
    pub(super) async fn rung(&mut self) {
        self.bell.rung().await;
    }
}

impl Place {
    fn take(hub: &Arc<Hub>, source: Source, share: Share) -> Option<Self> {
        let mut waiting = lock(&hub.waiting);
        let mine = waiting.sources.get(&source).copied().unwrap_or(0);
        if waiting.total >= share.total || mine >= share.per_source {
            return None;
        }
        waiting.total = waiting.total.saturating_add(1);
        waiting.sources.insert(source, mine.saturating_add(1));
        Some(Self {
            hub: Arc::clone(hub),
            source,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = lock(&self.hub.waiting);
        waiting.total = waiting.total.saturating_sub(1);
        if let Some(count) = waiting.sources.get_mut(&self.source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.sources.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    #[test]
    fn places_are_bounded_in_all_and_per_source_and_given_back() {
        let hub = Arc::new(Hub::new(Settings::default(), None));
        let share = Share {
            total: 3,
            per_source: 2,
        };
        let take = |source| Place::take(&hub, Source::new(source), share);
        let first = [take(1).unwrap(), take(1).unwrap()];
        assert!(take(1).is_none(), "of one source");
        let second = take(2).unwrap();
        assert!(take(3).is_none(), "in all");
        drop(first);
        assert!(take(3).is_some());
        drop(second);
        let waiting = lock(&hub.waiting);
        assert_eq!(waiting.total, 0);
        assert!(waiting.sources.is_empty());
    }
}
