use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::net::SocketAddrV4;
use core::time::Duration;

use kernel::Time;

use super::Link;
use super::datagram::Tag;
use crate::{Id, T2, T3};

/// Where a peer is found: the link it was heard on, and its address and port there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    pub(super) link: Link,
    pub(super) address: SocketAddrV4,
}

/// Everyone heard of: which T1 came from which place, and what else came from there.
#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    t1_per_place: usize,
    places: BTreeMap<Place, Neighbour>,
    routes: BTreeMap<Id, Vec<Place>>,
    /// The T1 that came with a tag of ours, from wherever: anyone can repeat one with another tag.
    ours: BTreeSet<Id>,
}

impl Room {
    pub(super) const fn new(limit: usize, t1_per_place: usize) -> Self {
        Self {
            limit,
            t1_per_place,
            places: BTreeMap::new(),
            routes: BTreeMap::new(),
            ours: BTreeSet::new(),
        }
    }

    pub(super) fn at(&mut self, place: Place) -> Option<&mut Neighbour> {
        self.places.get_mut(&place)
    }

    /// Where the T1 `id` came from.
    pub(super) fn places_of(&self, id: &Id) -> Vec<Place> {
        self.routes.get(id).cloned().unwrap_or_default()
    }

    /// Notes that the T1 `id` came from `place`. `false`: there is no room to note it.
    pub(super) fn hear(&mut self, now: Time, place: Place, tag: Tag, id: Id) -> bool {
        let route = self.routes.get(&id).map_or(&[][..], Vec::as_slice);
        let new_route = !route.contains(&place);
        if new_route && route.len() >= ROUTES {
            return false;
        }
        if !self.places.contains_key(&place) && self.places.len() >= self.limit {
            return false;
        }
        let neighbour = self.places.entry(place).or_default();
        if new_route {
            if neighbour.ids.len() >= self.t1_per_place {
                return false;
            }
            neighbour.ids.push(id);
            self.routes.entry(id).or_default().push(place);
        }
        neighbour.newest = Some(id);
        neighbour.heard = now;
        self.note_tag(tag, id);
        true
    }

    /// Notes with what tag the T1 `id`, which must be a known one, came.
    pub(super) fn note_tag(&mut self, tag: Tag, id: Id) {
        if tag.is_ours() {
            self.ours.insert(id);
        }
    }

    /// Whether the T1 `id` ever came with a tag of ours: its sender bears a T3 that fails.
    pub(super) fn is_ours(&self, id: &Id) -> bool {
        self.ours.contains(id)
    }

    /// Forgets the T1 `id`, and the places that nothing else is known of.
    pub(super) fn forget(&mut self, id: &Id) {
        self.ours.remove(id);
        for place in self.routes.remove(id).unwrap_or_default() {
            let Some(neighbour) = self.places.get_mut(&place) else {
                continue;
            };
            neighbour.ids.retain(|known| known != id);
            if neighbour.ids.is_empty() {
                self.places.remove(&place);
            } else if neighbour.newest == Some(*id) {
                neighbour.newest = neighbour.ids.last().copied();
            }
        }
    }

    /// Forgets every T1 that `keep` denies.
    pub(super) fn retain(&mut self, keep: impl Fn(&Id) -> bool) {
        let gone: Vec<Id> = self.routes.keys().filter(|id| !keep(id)).copied().collect();
        for id in gone {
            self.forget(&id);
        }
        self.ours.retain(keep);
    }

    /// Forgets what was heard on `link`.
    pub(super) fn leave_link(&mut self, link: Link) {
        self.places.retain(|place, _| place.link != link);
        self.routes.retain(|_, places| {
            places.retain(|place| place.link != link);
            !places.is_empty()
        });
    }

    /// A new session has started: whoever sends a T2 from now on has heard its T1.
    pub(super) fn start_session(&mut self) {
        for neighbour in self.places.values_mut() {
            neighbour.sent_t2 = false;
        }
    }

    /// How many others announced themselves within `window`, each counted by its newest T1.
    pub(super) fn others(&self, now: Time, window: Duration) -> usize {
        let present = self
            .places
            .values()
            .filter(|n| now.since(n.heard) <= window);
        let newest: BTreeSet<Id> = present.filter_map(|n| n.newest).collect();
        newest.len()
    }
}

/// What is known of one place. Anyone on the link can forge any of it.
#[derive(Debug, Default)]
pub(super) struct Neighbour {
    /// Its T1, oldest first.
    pub(super) ids: Vec<Id>,
    newest: Option<Id>,
    heard: Time,
    /// It has answered our current T1, so it has it.
    pub(super) sent_t2: bool,
    /// When a T3, whether or not it was any good, last came.
    pub(super) sent_t3: Option<Time>,
    /// When a repeated T1 was last answered.
    repaired: Option<Time>,
    t2s: VecDeque<Kept>,
    t3s: VecDeque<T3>,
    held: Held,
    t2_rate: Window,
    t3_rate: Window,
}

impl Neighbour {
    /// Whether a repeated T1 may be answered now; if so, counts as answered.
    pub(super) fn may_repair(&mut self, now: Time) -> bool {
        once_per(REPAIR, now, &mut self.repaired)
    }

    /// Keeps `t2` for T1 whose work is not done. `false`: it is not to be answered, being a repeat
    /// that was answered only just now, or one too many.
    pub(super) fn keep_t2(&mut self, now: Time, t2: T2, per_second: u32) -> bool {
        self.sent_t2 = true;
        if let Some(kept) = self.t2s.iter_mut().find(|kept| kept.t2 == t2) {
            return once_per(REPAIR, now, &mut kept.answered);
        }
        if !self.t2_rate.allows(now, per_second) {
            return false;
        }
        if self.t2s.len() >= T2S {
            self.t2s.pop_front();
        }
        self.t2s.push_back(Kept {
            t2,
            answered: Some(now),
        });
        true
    }

    /// Keeps `t3` for T2 that have not come. `false`: it is not to be tried now, being one of the
    /// kept ones or one too many.
    pub(super) fn keep_t3(&mut self, now: Time, t3: T3, per_second: u32) -> bool {
        self.sent_t3 = Some(now);
        if self.t3s.contains(&t3) || !self.t3_rate.allows(now, per_second) {
            return false;
        }
        if self.t3s.len() >= T3S {
            self.t3s.pop_front();
        }
        self.t3s.push_back(t3);
        true
    }

    pub(super) fn t2s(&self) -> Vec<T2> {
        self.t2s.iter().map(|kept| kept.t2).collect()
    }

    pub(super) fn t3s(&self) -> Vec<T3> {
        self.t3s.iter().copied().collect()
    }

    /// Keeps `t3`, a dummy, until its time. `false`: one was kept or sent before, or a real one.
    pub(super) fn hold_dummy(&mut self, t3: T3) -> bool {
        let first = matches!(self.held, Held::Nothing);
        if first {
            self.held = Held::Dummy(t3);
        }
        first
    }

    /// A T3 has been sent; a dummy is of no use any more.
    pub(super) const fn drop_dummy(&mut self) {
        self.held = Held::Over;
    }

    /// The dummy that was kept, if it is still to be sent.
    pub(super) const fn take_dummy(&mut self) -> Option<T3> {
        match core::mem::replace(&mut self.held, Held::Over) {
            Held::Dummy(t3) => Some(t3),
            Held::Nothing | Held::Over => None,
        }
    }
}

/// The dummy for a reference node, which ends its run at the first T3 of any kind.
#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Dummy(T3),
    Over,
}

#[derive(Debug)]
struct Kept {
    t2: T2,
    answered: Option<Time>,
}

/// Counts what comes within one second.
#[derive(Debug, Default)]
struct Window {
    start: Time,
    count: u32,
}

impl Window {
    fn allows(&mut self, now: Time, limit: u32) -> bool {
        if now.since(self.start) >= SECOND {
            *self = Self {
                start: now,
                count: 0,
            };
        }
        self.count = self.count.saturating_add(1);
        self.count <= limit
    }
}

fn once_per(period: Duration, now: Time, last: &mut Option<Time>) -> bool {
    if last.is_some_and(|last| now.since(last) < period) {
        return false;
    }
    *last = Some(now);
    true
}

/// Spec `10-rendezvous` section 4, "Repair".
const REPAIR: Duration = Duration::from_secs(1);
/// Places of one T1: a peer with several links to us. Spec 4, "A peer is found by its place".
const ROUTES: usize = 4;
/// T2 kept of one place: two sessions here and two there. Spec 4, "T2".
const T2S: usize = 4;
/// T3 kept of one place. Spec 4, "T2".
const T3S: usize = 8;
const SECOND: Duration = Duration::from_secs(1);
