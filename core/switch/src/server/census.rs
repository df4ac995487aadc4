use alloc::collections::BTreeMap;

use crate::Source;

/// How many connections there are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Load {
    /// That have no place yet.
    pub opening: usize,
    /// That wait for a partner.
    pub waiting: usize,
    /// That have one: two for each pair.
    pub paired: usize,
}

/// As which of them one is counted.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Standing {
    Opening,
    Waiting,
    Paired,
}

/// How many there are, of all and of each source.
#[derive(Default)]
pub(super) struct Census {
    pub(super) all: Load,
    by: BTreeMap<Source, Load>,
}

impl Load {
    pub(super) const fn total(self) -> usize {
        let placed = self.waiting.saturating_add(self.paired);
        self.opening.saturating_add(placed)
    }

    const fn field(&mut self, standing: Standing) -> &mut usize {
        match standing {
            Standing::Opening => &mut self.opening,
            Standing::Waiting => &mut self.waiting,
            Standing::Paired => &mut self.paired,
        }
    }
}

impl Census {
    pub(super) fn of(&self, source: Source) -> Load {
        self.by.get(&source).copied().unwrap_or_default()
    }

    pub(super) fn enter(&mut self, source: Source, standing: Standing) {
        let theirs = self.by.entry(source).or_default();
        for load in [&mut self.all, theirs] {
            let number = load.field(standing);
            *number = number.saturating_add(1);
        }
    }

    pub(super) fn leave(&mut self, source: Source, standing: Standing) {
        let Some(theirs) = self.by.get_mut(&source) else {
            return;
        };
        for load in [&mut self.all, &mut *theirs] {
            let number = load.field(standing);
            *number = number.saturating_sub(1);
        }
        if theirs.total() == 0 {
            self.by.remove(&source);
        }
    }
}
