use alloc::collections::{BTreeSet, VecDeque};

use crate::Id;

/// The ids of the last refused T1, at most `room` of them.
#[derive(Clone)]
pub(super) struct Refused {
    room: usize,
    known: BTreeSet<Id>,
    by_age: VecDeque<Id>,
}

impl Refused {
    pub(super) const fn new(room: usize) -> Self {
        Self {
            room,
            known: BTreeSet::new(),
            by_age: VecDeque::new(),
        }
    }

    pub(super) fn contains(&self, id: &Id) -> bool {
        self.known.contains(id)
    }

    pub(super) fn remember(&mut self, id: Id) {
        if self.room == 0 || !self.known.insert(id) {
            return;
        }
        self.by_age.push_back(id);
        if self.by_age.len() > self.room
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> Id {
        Id::of_t1(&[n])
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut refused = Refused::new(2);
        refused.remember(id(1));
        refused.remember(id(2));
        refused.remember(id(1));
        assert!(refused.contains(&id(1)) && refused.contains(&id(2)));
        refused.remember(id(3));
        assert!(!refused.contains(&id(1)));
        assert!(refused.contains(&id(2)) && refused.contains(&id(3)));
        assert_eq!((refused.known.len(), refused.by_age.len()), (2, 2));
    }

    #[test]
    fn no_room_remembers_nothing() {
        let mut refused = Refused::new(0);
        refused.remember(id(1));
        assert!(!refused.contains(&id(1)));
    }
}
