use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use kernel::Time;

use crate::board::Phase;
use crate::{Id, T2, T3};

/// What was read of each peer, and what of it is still to be processed. Bounded in all.
#[derive(Debug)]
pub(super) struct Desk {
    max: usize,
    /// Of these, T3 of one peer; the oldest goes first.
    max_t3s: usize,
    peers: BTreeMap<Id, Peer>,
    /// T1 seen; their number is the number of others.
    seen: BTreeSet<Id>,
    told: usize,
    t2s: usize,
    t3s: usize,
}

#[derive(Debug, Default)]
struct Peer {
    /// When the server took the T2 for this peer.
    t2_taken: Option<Time>,
    t2s: Records<T2>,
    t3s: Records<T3>,
}

/// Each record once, and those not processed yet in their order.
#[derive(Debug)]
struct Records<T> {
    known: BTreeSet<T>,
    kept: VecDeque<T>,
    /// How many of `kept`, from the back, are not processed.
    fresh: usize,
}

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self {
            known: BTreeSet::new(),
            kept: VecDeque::new(),
            fresh: 0,
        }
    }
}

impl<T: Copy + Ord> Records<T> {
    /// Whether there is one more now. Of more than `max` the oldest goes.
    fn put(&mut self, record: T, max: usize) -> bool {
        if !self.known.insert(record) {
            return false;
        }
        self.kept.push_back(record);
        self.fresh = self.fresh.saturating_add(1).min(max);
        if self.kept.len() <= max {
            return true;
        }
        if let Some(oldest) = self.kept.pop_front() {
            self.known.remove(&oldest);
        }
        false
    }

    fn next(&mut self) -> Option<T> {
        let at = self.kept.len().checked_sub(self.fresh)?;
        let next = self.kept.get(at).copied()?;
        self.fresh = self.fresh.saturating_sub(1);
        Some(next)
    }
}

impl Desk {
    pub(super) fn new(max: usize, max_t3s: usize) -> Self {
        Self {
            max,
            max_t3s,
            peers: BTreeMap::new(),
            seen: BTreeSet::new(),
            told: 0,
            t2s: 0,
            t3s: 0,
        }
    }

    /// A T1 of this peer was read.
    pub(super) fn saw(&mut self, id: Id) {
        if self.seen.len() < self.max {
            self.seen.insert(id);
        }
    }

    pub(super) fn others(&self) -> usize {
        self.seen.len()
    }

    pub(super) fn others_if_changed(&mut self) -> Option<usize> {
        let is_changed = self.told != self.seen.len();
        self.told = self.seen.len();
        is_changed.then_some(self.told)
    }

    /// Keeps a T2 or T3 of `from`; `false` if there is no room, or it is not 32 bytes.
    pub(super) fn put(&mut self, phase: Phase, from: Id, message: &[u8]) -> bool {
        let held = match phase {
            Phase::Two => &mut self.t2s,
            _ => &mut self.t3s,
        };
        if *held >= self.max {
            return false;
        }
        let peer = self.peers.entry(from).or_default();
        let is_more = match phase {
            Phase::Two => T2::from_bytes(message).map(|t2| peer.t2s.put(t2, self.max)),
            _ => T3::from_bytes(message).map(|t3| peer.t3s.put(t3, self.max_t3s)),
        };
        if is_more == Some(true) {
            *held = held.saturating_add(1);
        }
        is_more.is_some()
    }

    /// The server has taken the T2 for this peer.
    pub(super) fn t2_taken(&mut self, id: Id, now: Time) {
        self.peers
            .entry(id)
            .or_default()
            .t2_taken
            .get_or_insert(now);
    }

    /// When it did.
    pub(super) fn t2_taken_at(&self, id: &Id) -> Option<Time> {
        self.peers.get(id)?.t2_taken
    }

    pub(super) fn next_t2(&mut self, from: &Id) -> Option<T2> {
        self.peers.get_mut(from)?.t2s.next()
    }

    pub(super) fn next_t3(&mut self, from: &Id) -> Option<T3> {
        self.peers.get_mut(from)?.t3s.next()
    }

    /// All T3 kept of a peer that were processed.
    pub(super) fn old_t3s(&self, from: &Id) -> impl Iterator<Item = T3> {
        let peer = self.peers.get(from).into_iter();
        peer.flat_map(|peer| {
            let old = peer.t3s.kept.len().saturating_sub(peer.t3s.fresh);
            peer.t3s.kept.iter().take(old).copied()
        })
    }

    /// The peer's T1 is bad; nothing of it is of interest.
    pub(super) fn forget(&mut self, id: &Id) {
        if let Some(peer) = self.peers.remove(id) {
            self.t2s = self.t2s.saturating_sub(peer.t2s.known.len());
            self.t3s = self.t3s.saturating_sub(peer.t3s.known.len());
        }
        self.seen.remove(id);
    }
}
