use std::collections::HashMap;
use std::sync::Arc;

use rendezvous::board::Board;
use tokio::sync::watch;

use super::Share;
use super::hub::{Hub, lock};
use crate::board::Source;

/// Who waits for something new, and the bell of each board they wait at.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    total: usize,
    sources: HashMap<Source, usize>,
    bells: HashMap<Board, watch::Sender<()>>,
}

impl Waiting {
    /// Wakes everyone who waits at `board`.
    pub(super) fn ring(&self, board: &Board) {
        if let Some(bell) = self.bells.get(board) {
            bell.send_replace(());
        }
    }
}

/// One place among the waiting; given back on drop.
#[derive(Debug)]
pub(super) struct Place {
    hub: Arc<Hub>,
    source: Source,
    board: Board,
    bell: Option<watch::Receiver<()>>,
}

impl Place {
    /// Takes a place, if `share` has one left. What is posted from now on rings.
    pub(super) fn take(
        hub: &Arc<Hub>,
        board: &Board,
        source: Source,
        share: Share,
    ) -> Option<Self> {
        let mut waiting = lock(&hub.waiting);
        let mine = waiting.sources.get(&source).copied().unwrap_or(0);
        if waiting.total >= share.total || mine >= share.per_source {
            return None;
        }
        waiting.total = waiting.total.saturating_add(1);
        waiting.sources.insert(source, mine.saturating_add(1));
        let bell = waiting.bells.entry(board.clone());
        let bell = bell.or_insert_with(|| watch::Sender::new(())).subscribe();
        Some(Self {
            hub: Arc::clone(hub),
            source,
            board: board.clone(),
            bell: Some(bell),
        })
    }

    /// Until something is posted at this board.
    pub(super) async fn rung(&mut self) {
        match &mut self.bell {
            // The sender stays while a receiver does, so this is no error.
            Some(bell) => drop(bell.changed().await),
            None => std::future::pending().await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = lock(&self.hub.waiting);
        self.bell = None;
        if let Some(bell) = waiting.bells.get(&self.board)
            && bell.receiver_count() == 0
        {
            waiting.bells.remove(&self.board);
        }
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
        let take = |source| Place::take(&hub, &Board::Plain, Source::new(source), share);
        let first = [take(1).unwrap(), take(1).unwrap()];
        assert!(take(1).is_none(), "of one source");
        let second = take(2).unwrap();
        assert!(take(3).is_none(), "in all");
        drop(first);
        assert!(take(3).is_some());
        drop(second);
        let waiting = lock(&hub.waiting);
        assert_eq!(waiting.total, 0);
        assert!(waiting.sources.is_empty() && waiting.bells.is_empty());
    }
}
