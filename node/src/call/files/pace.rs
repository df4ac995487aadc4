use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{FileEvent, FileId};

/// The progress of files: told not too often, and the last of it always.
#[derive(Debug, Default)]
pub(super) struct Pace(BTreeMap<FileId, Paced>);

#[derive(Debug)]
struct Paced {
    /// Before then nothing is told.
    next: Instant,
    /// What came too soon.
    late: Option<FileEvent>,
}

impl Pace {
    /// What is to be told now of what came; else it is told later, if nothing newer comes. What is last is
    /// told at once.
    pub(super) fn came(
        &mut self,
        now: Instant,
        id: FileId,
        what: FileEvent,
        is_last: bool,
    ) -> Option<FileEvent> {
        let first = Paced {
            next: now,
            late: None,
        };
        let paced = self.0.entry(id).or_insert(first);
        if !is_last && now < paced.next {
            paced.late = Some(what);
            return None;
        }
        paced.told(now);
        Some(what)
    }

    /// When something is due that came too soon.
    pub(super) fn due(&self) -> Option<Instant> {
        let late = self.0.values().filter(|paced| paced.late.is_some());
        late.map(|paced| paced.next).min()
    }

    /// What is due by now.
    pub(super) fn late(&mut self, now: Instant) -> Vec<(FileId, FileEvent)> {
        let mut due = Vec::new();
        for (id, paced) in &mut self.0 {
            if let Some(what) = paced.late.take_if(|_| paced.next <= now) {
                paced.told(now);
                due.push((*id, what));
            }
        }
        due
    }

    /// There will be no more of it.
    pub(super) fn forget(&mut self, id: FileId) {
        self.0.remove(&id);
    }
}

impl Paced {
    fn told(&mut self, now: Instant) {
        self.next = now.checked_add(OFTEN).unwrap_or(now);
        self.late = None;
    }
}

/// Between two progresses of a file.
const OFTEN: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use transfer::{Id, Way};

    use super::*;

    const ONE: FileId = FileId::new(Way::In, Id::new([1; 32]));

    fn progress(done: u64) -> FileEvent {
        FileEvent::Progress { done, of: 9 }
    }

    #[test]
    fn the_newest_that_came_too_soon_is_told_later() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        assert_eq!(pace.came(start, ONE, progress(1), false), Some(progress(1)));
        assert_eq!(pace.due(), None);
        for done in [2, 3] {
            assert_eq!(pace.came(start, ONE, progress(done), false), None);
        }
        assert_eq!(
            (pace.due(), pace.late(start)),
            (Some(start + OFTEN), Vec::new())
        );
        assert_eq!(pace.late(start + OFTEN), [(ONE, progress(3))]);
        assert_eq!(pace.due(), None);
        // which counts as told
        assert_eq!(pace.came(start + OFTEN, ONE, progress(4), false), None);
        let after = start + 2 * OFTEN;
        assert_eq!(pace.came(after, ONE, progress(5), false), Some(progress(5)));
        assert_eq!(pace.due(), None, "the newer one took its place");
    }

    #[test]
    fn nothing_follows_the_last() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for (done, is_last) in [(1, false), (8, false), (9, true)] {
            pace.came(start, ONE, progress(done), is_last);
        }
        assert_eq!(pace.due(), None);
        pace.came(start, ONE, progress(8), false);
        pace.forget(ONE);
        assert_eq!(pace.due(), None);
    }
}
