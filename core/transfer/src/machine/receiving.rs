//! Files of theirs.

mod partial;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;

use wire::v1::file_frame::Kind;
use wire::v1::{FileAccept, FileDecline, FileDone, FileWritten};

use super::parts::{FILES, Parts, Span, WINDOW, count};
use crate::kept::{Known, Over, State};
use crate::{By, Event, File, Id, Kept, Output, Reason, Way};
use partial::Partial;

/// All that are offered to us or on their way, and those that are over.
#[derive(Default)]
pub(super) struct Receiving {
    files: BTreeMap<Id, Incoming>,
    over: BTreeMap<Id, Over>,
    /// How many were over so far.
    ended: u64,
    /// Offers that were withdrawn on this connection before anybody decided.
    fickle: u32,
    /// Whether they said on this connection what they go on with.
    is_listed: bool,
}

struct Incoming {
    known: Known,
    /// Whether it was offered on this connection.
    is_offered: bool,
    stage: Stage,
}

enum Stage {
    Offered,
    Accepted(Partial),
    Whole,
}

impl Incoming {
    const fn partial(&mut self) -> Option<&mut Partial> {
        match &mut self.stage {
            Stage::Accepted(partial) => Some(partial),
            Stage::Offered | Stage::Whole => None,
        }
    }
}

impl Receiving {
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn restore(&mut self, id: Id, known: Known, there: u64) {
        let partial = Partial::there(there.min(known.file.size()));
        self.insert(id, known, Stage::Accepted(partial), false);
    }

    pub(super) fn restore_whole(&mut self, parts: &mut Parts, id: Id, known: Known) {
        self.insert(id, known, Stage::Whole, false);
        parts.tell(Event::Done { way: Way::In, id });
    }

    pub(super) fn restore_over(&mut self, parts: &mut Parts, id: Id, over: Over) {
        self.ended = self.ended.max(over.number.saturating_add(1));
        self.over.insert(id, over);
        self.thin(parts);
    }

    fn insert(&mut self, id: Id, known: Known, stage: Stage, is_offered: bool) {
        let incoming = Incoming {
            known,
            is_offered,
            stage,
        };
        self.files.insert(id, incoming);
    }

    pub(super) const fn back(&mut self) {
        self.fickle = 0;
        self.is_listed = false;
    }

    pub(super) fn lost(&mut self) {
        for one in self.files.values_mut() {
            one.is_offered = false;
            if let Some(partial) = one.partial() {
                partial.lost();
            }
        }
    }

    /// What is not in their list is over.
    pub(super) fn listed(&mut self, parts: &mut Parts, ids: &[Vec<u8>]) -> Option<()> {
        if mem::replace(&mut self.is_listed, true) {
            return None;
        }
        let is_gone = |(id, one): (&Id, &Incoming)| {
            let is_listed = ids.iter().any(|listed| listed == id.as_bytes());
            let is_theirs = !matches!(one.stage, Stage::Whole);
            (is_theirs && !is_listed).then_some(*id)
        };
        let gone: Vec<Id> = self.files.iter().filter_map(is_gone).collect();
        for id in gone {
            self.gone(parts, id, Reason::Unwanted);
        }
        Some(())
    }

    pub(super) fn offered(&mut self, parts: &mut Parts, id: Id, file: File) -> Option<()> {
        if let Some(over) = self.over.get(&id) {
            match over.reason {
                Some(reason) => decline(parts, id, reason),
                None => done(parts, id),
            }
            return Some(());
        }
        let Some(one) = self.files.get_mut(&id) else {
            self.first_offer(parts, id, file);
            return Some(());
        };
        if mem::replace(&mut one.is_offered, true) {
            return None;
        }
        if matches!(one.stage, Stage::Whole) {
            done(parts, id);
        } else if one.known.file != file {
            self.breach(parts, id);
        } else {
            // One that a person still thinks about waits on.
            let _ = self.open(parts, id);
        }
        Some(())
    }

    fn first_offer(&mut self, parts: &mut Parts, id: Id, file: File) {
        if self.files.len() >= FILES || self.fickle >= FICKLE {
            parts.stats.excess = parts.stats.excess.saturating_add(1);
            return decline(parts, id, Reason::TooMany);
        }
        parts.tell(Event::Offered {
            id,
            file: file.clone(),
        });
        let note = Vec::new();
        self.insert(id, Known { file, note }, Stage::Offered, true);
    }

    pub(super) fn accept(&mut self, parts: &mut Parts, id: Id, note: Vec<u8>) -> Option<()> {
        let one = self.files.get_mut(&id)?;
        if !matches!(one.stage, Stage::Offered) {
            return None;
        }
        one.stage = Stage::Accepted(Partial::there(0));
        one.known.note = note;
        let state = State::Accepted(one.known.clone());
        parts.outputs.push_back(Output::Save(Kept { id, state }));
        // Not before it is offered on a connection.
        let _ = self.open(parts, id);
        Some(())
    }

    /// Says from where it goes on, as soon as that is known.
    fn open(&mut self, parts: &mut Parts, id: Id) -> Option<()> {
        let one = self.files.get_mut(&id)?;
        let is_offered = one.is_offered;
        let offset = one.partial()?.open().filter(|_| is_offered)?;
        one.partial()?.opened();
        let id = id.as_bytes().to_vec();
        parts.send(Kind::Accept(FileAccept { id, offset }));
        Some(())
    }

    pub(super) fn chunk(
        &mut self,
        parts: &mut Parts,
        id: Id,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Option<()> {
        let partials = self.files.values_mut().filter_map(Incoming::partial);
        let under_way = partials.map(|partial| partial.under_way());
        let under_way = under_way.fold(count(bytes.len()), u64::saturating_add);
        let one = self.files.get_mut(&id)?;
        let size = one.known.file.size();
        let Stage::Accepted(partial) = &mut one.stage else {
            // Whole: what was sent before the other side knew.
            return self.unasked(parts, id);
        };
        if under_way > WINDOW || !partial.take(offset, &bytes, size) {
            self.breach(parts, id);
            return Some(());
        }
        parts.outputs.push_back(Output::Write { id, offset, bytes });
        Some(())
    }

    /// Something about the bytes of a file that was not accepted.
    fn unasked(&mut self, parts: &mut Parts, id: Id) -> Option<()> {
        let one = self.files.get(&id)?;
        matches!(one.stage, Stage::Offered).then(|| self.breach(parts, id))
    }

    pub(super) fn written(&mut self, parts: &mut Parts, id: Id, upto: u64) -> Option<()> {
        let one = self.files.get_mut(&id)?;
        let of = one.known.file.size();
        let partial = one.partial()?;
        if !partial.written(upto) {
            return None;
        }
        if let Some(offset) = partial.say() {
            let id = id.as_bytes().to_vec();
            parts.send(Kind::Written(FileWritten { id, offset }));
        }
        parts.tell(Event::Progress {
            way: Way::In,
            id,
            done: upto,
            of,
        });
        // After a connection was lost.
        let _ = self.open(parts, id);
        self.whole(parts, id)
    }

    pub(super) fn completed(&mut self, parts: &mut Parts, id: Id, hash: [u8; 32]) -> Option<()> {
        let one = self.files.get_mut(&id)?;
        let size = one.known.file.size();
        let Stage::Accepted(partial) = &mut one.stage else {
            return self.unasked(parts, id);
        };
        if !partial.complete(hash, size) {
            self.breach(parts, id);
            return Some(());
        }
        // Once all is written.
        let _ = self.whole(parts, id);
        Some(())
    }

    /// The end, once all is there.
    fn whole(&mut self, parts: &mut Parts, id: Id) -> Option<()> {
        let one = self.files.get_mut(&id)?;
        if !one.partial()?.is_right()? {
            self.end(parts, id, Reason::Changed);
            return Some(());
        }
        one.stage = Stage::Whole;
        let state = State::Whole(one.known.clone());
        parts.outputs.push_back(Output::Save(Kept { id, state }));
        done(parts, id);
        parts.tell(Event::Done { way: Way::In, id });
        Some(())
    }

    pub(super) fn withdrawn(&mut self, parts: &mut Parts, id: Id, reason: u32) -> Option<()> {
        let one = self.files.get(&id)?;
        match one.stage {
            Stage::Whole => return None,
            Stage::Offered => self.fickle = self.fickle.saturating_add(1),
            Stage::Accepted(_) => {}
        }
        self.gone(parts, id, Reason::read(reason));
        Some(())
    }

    /// The other side has ended it.
    fn gone(&mut self, parts: &mut Parts, id: Id, reason: Reason) {
        parts.tell_failed(Way::In, id, By::Them, reason);
        let dropped = self.files.remove(&id);
        if dropped.is_some_and(|one| matches!(one.stage, Stage::Accepted(_))) {
            parts.outputs.push_back(Output::Forget(Way::In, id));
        }
    }

    /// It is over because we want it so.
    pub(super) fn cancel(&mut self, parts: &mut Parts, id: Id) {
        let found = self.files.get(&id);
        if found.is_some_and(|one| !matches!(one.stage, Stage::Whole)) {
            self.remember(parts, id, Some(Reason::Unwanted));
            decline(parts, id, Reason::Unwanted);
        }
    }

    pub(super) fn failed(&mut self, parts: &mut Parts, id: Id) {
        if self
            .files
            .get_mut(&id)
            .and_then(Incoming::partial)
            .is_some()
        {
            self.end(parts, id, Reason::Disk);
        }
    }

    pub(super) fn placed(&mut self, parts: &mut Parts, id: Id) {
        let found = self.files.get(&id);
        if found.is_some_and(|one| matches!(one.stage, Stage::Whole)) {
            self.remember(parts, id, None);
        }
    }

    pub(super) fn read(
        &mut self,
        parts: &mut Parts,
        id: Id,
        offset: u64,
        bytes: &[u8],
    ) -> Option<()> {
        let partial = self.files.get_mut(&id)?.partial()?;
        match partial.read(offset, bytes)? {
            true => self.open(parts, id),
            false => {
                self.end(parts, id, Reason::Disk);
                Some(())
            }
        }
    }

    /// What to read next, so as to hash it.
    pub(super) fn next(&mut self) -> Option<Output> {
        let wants = |(id, one): (&Id, &mut Incoming)| Some((*id, one.partial()?.wants()?));
        let (id, span): (Id, Span) = self.files.iter_mut().find_map(wants)?;
        Some(span.ask(Way::In, id))
    }

    fn breach(&mut self, parts: &mut Parts, id: Id) {
        parts.breach();
        self.end(parts, id, Reason::Breach);
    }

    /// It is over because something went wrong.
    fn end(&mut self, parts: &mut Parts, id: Id, reason: Reason) {
        decline(parts, id, reason);
        parts.tell_failed(Way::In, id, By::Us, reason);
        let was_wanted = self
            .files
            .get_mut(&id)
            .and_then(Incoming::partial)
            .is_some();
        match was_wanted {
            true => self.remember(parts, id, Some(reason)),
            // Nothing was kept of it.
            false => drop(self.files.remove(&id)),
        }
    }

    /// Keeps that it is over, and how.
    fn remember(&mut self, parts: &mut Parts, id: Id, reason: Option<Reason>) {
        self.files.remove(&id);
        let number = self.ended;
        self.ended = number.saturating_add(1);
        let over = Over { reason, number };
        self.over.insert(id, over);
        let state = State::Over(over);
        parts.outputs.push_back(Output::Save(Kept { id, state }));
        self.thin(parts);
    }

    fn thin(&mut self, parts: &mut Parts) {
        while self.over.len() > OVER {
            let oldest = self.over.iter().min_by_key(|(_, over)| over.number);
            let Some(id) = oldest.map(|(id, _)| *id) else {
                return;
            };
            self.over.remove(&id);
            parts.outputs.push_back(Output::Forget(Way::In, id));
        }
    }
}

fn decline(parts: &mut Parts, id: Id, reason: Reason) {
    let id = id.as_bytes().to_vec();
    let reason = reason.number();
    parts.send(Kind::Decline(FileDecline { id, reason }));
}

fn done(parts: &mut Parts, id: Id) {
    let id = id.as_bytes().to_vec();
    parts.send(Kind::Done(FileDone { id }));
}

/// Ends that are remembered.
const OVER: usize = 64;
/// Offers of one connection that may be withdrawn before a decision.
const FICKLE: u32 = 64;
