//! One server: what was left there, and whether its answers pass.

use alloc::boxed::Box;

use kernel::Time;

use super::{Config, Host, Line, Output, Refusal, Slots};
use crate::bucket::{Circuit, Entry, Id};

/// What has come of one server so far.
#[derive(Debug)]
pub(super) struct Attempt {
    server: Host,
    entry: Option<Box<Entry>>,
    id: Option<Id>,
    latest: Option<Slots>,
    /// Slots that can no more change: the own one, and those that did.
    settled: u64,
    /// Slots that changed.
    came: u64,
}

/// What a look at the bucket gave, when nothing was wrong.
#[derive(Debug)]
pub(super) enum Seen {
    /// The line can be shown.
    Enough(Line),
    /// Others must come first.
    TooFew {
        came: u32,
        /// When the bucket must have closed.
        closes: Time,
    },
}

impl Attempt {
    pub(super) const fn new(server: Host) -> Self {
        Self {
            server,
            entry: None,
            id: None,
            latest: None,
            settled: 0,
            came: 0,
        }
    }

    pub(super) const fn server(&self) -> &Host {
        &self.server
    }

    pub(super) fn sealed(&mut self, entry: Entry) {
        self.entry = Some(Box::new(entry));
    }

    /// The next request, over `circuit`.
    pub(super) fn request(&self, circuit: Circuit) -> Option<Output> {
        let at = self.server.clone();
        Some(match (self.id, self.entry.clone()) {
            (Some(id), _) => Output::Fetch {
                at,
                hash: id.hash(),
                circuit,
            },
            (None, Some(entry)) => Output::Leave { at, entry, circuit },
            (None, None) => return None,
        })
    }

    /// Checks the answer to `leave`.
    pub(super) fn left(&mut self, config: &Config, now: Time, bytes: &[u8]) -> Result<(), Refusal> {
        let id = Id::from_bytes(bytes).ok_or(Refusal::IdMalformed)?;
        let opened = id.opened();
        let oldest = config.rotation.saturating_add(config.tolerance);
        if now.since(opened) > oldest || opened.since(now) > config.tolerance {
            return Err(Refusal::IdTime);
        }
        if id.number() > config.number {
            let got = id.number();
            return Err(Refusal::IdNumber { got });
        }
        self.id = Some(id);
        Ok(())
    }

    /// Checks what a stranger gets to see of the bucket.
    pub(super) fn saw(
        &mut self,
        config: &Config,
        now: Time,
        slots: Slots,
    ) -> Result<Seen, Refusal> {
        // The machine asks for no fetch before both are there.
        let (Some(entry), Some(id)) = (&self.entry, self.id) else {
            return Err(Refusal::EntryMissing);
        };
        let own = slots.of(entry);
        if own == 0 {
            return Err(Refusal::EntryMissing);
        }
        if let Some(before) = &self.latest {
            let changed = slots.changed(before);
            if changed & self.settled != 0 {
                return Err(Refusal::SlotRewritten);
            }
            self.came |= changed;
        }
        self.settled |= own | self.came;
        self.latest = Some(slots);
        let came = self.came.count_ones();
        let closes = id.opened().after(config.rotation).after(config.tolerance);
        match came >= config.cohort {
            true => Ok(Seen::Enough(Line::new(self.server.clone(), id.hash()))),
            false if now >= closes => Err(Refusal::CohortShort { came }),
            false => Ok(Seen::TooFew { came, closes }),
        }
    }
}
