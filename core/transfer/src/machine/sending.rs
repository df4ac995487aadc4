//! Files of ours.

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::Bound;

use primitives::Sha256;
use wire::v1::file_frame::Kind;
use wire::v1::{FileChunk, FileComplete, FileList, FileOffer, FileWithdraw};

use super::parts::{FILES, Parts, READ, Span, WINDOW, count};
use crate::kept::{Known, State};
use crate::{By, Event, Id, Kept, OfferError, Output, Reason, Way};

/// All that are offered or on their way.
#[derive(Default)]
pub(super) struct Sending {
    files: BTreeMap<Id, Outgoing>,
    /// Of which one something was read last.
    last: Option<Id>,
}

struct Outgoing {
    known: Known,
    going: Option<Going>,
    /// Of the bytes that were read, each once.
    hash: Sha256,
    hashed: u64,
    reading: Option<Span>,
}

/// A file that the other side wants, on a connection.
#[derive(Clone, Copy)]
struct Going {
    sent: u64,
    /// What the other side said to have.
    written: u64,
    is_complete: bool,
}

impl Outgoing {
    fn new(known: Known) -> Self {
        Self {
            known,
            going: None,
            hash: Sha256::default(),
            hashed: 0,
            reading: None,
        }
    }

    const fn size(&self) -> u64 {
        self.known.file.size()
    }

    /// Whether bytes are left to be sent.
    fn has_more(&self) -> bool {
        self.going.is_some_and(|going| going.sent < self.size())
    }

    /// Bytes that are sent, or read so as to be sent, and not said to be written.
    fn under_way(&self) -> u64 {
        let sent = self
            .going
            .map(|going| going.sent.saturating_sub(going.written));
        let read = self.reading.map(|span| count(span.len));
        sent.unwrap_or_default()
            .saturating_add(read.unwrap_or_default())
    }

    /// What to read of it, where `share` bytes of it may be under way and `room` more of all.
    fn wants(&self, chunk: usize, share: u64, room: u64) -> Option<Span> {
        let going = self.going.filter(|_| self.reading.is_none())?;
        if self.hashed < going.sent {
            return Some(Span::up_to(self.hashed, going.sent, READ));
        }
        if !self.has_more() {
            return None;
        }
        let span = Span::up_to(going.sent, self.size(), chunk);
        let after = self.under_way().saturating_add(count(span.len));
        (after <= share && count(span.len) <= room).then_some(span)
    }

    fn offer(&self, id: Id) -> Kind {
        let file = &self.known.file;
        Kind::Offer(FileOffer {
            id: id.as_bytes().to_vec(),
            name: file.name().to_string(),
            size: file.size(),
            media_type: file.media_type().unwrap_or_default().to_string(),
        })
    }
}

impl Sending {
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn restore(&mut self, id: Id, known: Known) {
        self.files.insert(id, Outgoing::new(known));
    }

    pub(super) fn offer(
        &mut self,
        parts: &mut Parts,
        id: Id,
        known: Known,
    ) -> Result<(), OfferError> {
        if self.files.contains_key(&id) {
            return Err(OfferError::Known);
        }
        if self.files.len() >= FILES {
            return Err(OfferError::Full);
        }
        let state = State::Offered(known.clone());
        parts.outputs.push_back(Output::Save(Kept { id, state }));
        let outgoing = Outgoing::new(known);
        parts.send(outgoing.offer(id));
        self.files.insert(id, outgoing);
        Ok(())
    }

    /// Says what is offered still.
    pub(super) fn back(&self, parts: &mut Parts) {
        let ids = self.files.keys().map(|id| id.as_bytes().to_vec());
        parts.send(Kind::List(FileList { ids: ids.collect() }));
        for (id, one) in &self.files {
            parts.send(one.offer(*id));
        }
    }

    pub(super) fn lost(&mut self) {
        for one in self.files.values_mut() {
            one.going = None;
        }
    }

    pub(super) fn accepted(&mut self, parts: &mut Parts, id: Id, offset: u64) -> Option<()> {
        let one = self.files.get_mut(&id)?;
        if one.going.is_some() {
            return None;
        }
        if offset > one.size() {
            self.breach(parts, id);
            return Some(());
        }
        one.going = Some(Going {
            sent: offset,
            written: offset,
            is_complete: false,
        });
        parts.tell(Event::Accepted { id, offset });
        self.complete(parts, id)
    }

    pub(super) fn written(&mut self, parts: &mut Parts, id: Id, upto: u64) -> Option<()> {
        let one = self.files.get_mut(&id)?;
        let going = one.going.as_mut()?;
        if upto > going.sent {
            self.breach(parts, id);
            return Some(());
        }
        if upto <= going.written {
            return None;
        }
        going.written = upto;
        parts.tell(Event::Progress {
            way: Way::Out,
            id,
            done: upto,
            of: one.size(),
        });
        Some(())
    }

    pub(super) fn done(&mut self, parts: &mut Parts, id: Id) -> Option<()> {
        let one = self.files.get(&id)?;
        if one.going.is_some_and(|going| !going.is_complete) {
            self.breach(parts, id);
            return Some(());
        }
        parts.tell(Event::Done { way: Way::Out, id });
        self.forget(parts, id);
        Some(())
    }

    pub(super) fn declined(&mut self, parts: &mut Parts, id: Id, reason: u32) -> Option<()> {
        let one = self.files.get(&id)?;
        match (Reason::read(reason), one.going) {
            (Reason::Unwanted, None) => parts.tell(Event::Declined { id }),
            (reason, _) => parts.tell_failed(Way::Out, id, By::Them, reason),
        }
        self.forget(parts, id);
        Some(())
    }

    /// It is over because we want it so.
    pub(super) fn cancel(&mut self, parts: &mut Parts, id: Id) {
        if self.files.contains_key(&id) {
            self.forget(parts, id);
            withdraw(parts, id, Reason::Unwanted);
        }
    }

    pub(super) fn failed(&mut self, parts: &mut Parts, id: Id) {
        if self.files.contains_key(&id) {
            self.end(parts, id, Reason::Disk);
        }
    }

    pub(super) fn read(
        &mut self,
        parts: &mut Parts,
        id: Id,
        offset: u64,
        bytes: &[u8],
    ) -> Option<()> {
        let chunk = parts.chunk;
        let one = self.files.get_mut(&id)?;
        let span = one.reading.take_if(|span| span.offset == offset)?;
        let Some(bytes) = bytes.get(..span.len) else {
            self.end(parts, id, Reason::Changed);
            return Some(());
        };
        if let Some(known) = one.hashed.checked_sub(offset) {
            let known = usize::try_from(known).unwrap_or(usize::MAX);
            let new = bytes.get(known..).unwrap_or_default();
            one.hash.update(new);
            one.hashed = one.hashed.saturating_add(count(new.len()));
        }
        // What was asked for on another connection may be what is sent next on this one, or not.
        if let (Some(going), Some(chunk)) = (&mut one.going, chunk)
            && going.sent == offset
            && span.len <= chunk
        {
            going.sent = offset.saturating_add(count(span.len));
            parts.send(Kind::Chunk(FileChunk {
                id: id.as_bytes().to_vec(),
                offset,
                data: bytes.to_vec(),
            }));
        }
        self.complete(parts, id)
    }

    /// What to read next; one chunk of each file in turn.
    pub(super) fn next(&mut self, chunk: Option<usize>) -> Option<Output> {
        let chunk = chunk?;
        let files = self.files.values();
        let sending = files.filter(|one| one.has_more()).count();
        let share = WINDOW.checked_div(count(sending)).unwrap_or(WINDOW);
        let under_way = self.files.values().map(Outgoing::under_way);
        let room = WINDOW.saturating_sub(under_way.fold(0, u64::saturating_add));
        let last = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        let after = self.files.range((last, Bound::Unbounded));
        let (id, span) = after
            .chain(&self.files)
            .find_map(|(id, one)| Some((*id, one.wants(chunk, share, room)?)))?;
        self.last = Some(id);
        self.files.get_mut(&id)?.reading = Some(span);
        Some(span.ask(Way::Out, id))
    }

    /// Says that all was sent, once it was.
    fn complete(&mut self, parts: &mut Parts, id: Id) -> Option<()> {
        let one = self.files.get_mut(&id)?;
        let size = one.size();
        let going = one.going.as_mut()?;
        if going.sent == size && one.hashed == size && !going.is_complete {
            going.is_complete = true;
            parts.send(Kind::Complete(FileComplete {
                id: id.as_bytes().to_vec(),
                hash: one.hash.clone().finish().to_vec(),
            }));
        }
        Some(())
    }

    fn breach(&mut self, parts: &mut Parts, id: Id) {
        parts.breach();
        self.end(parts, id, Reason::Breach);
    }

    /// It is over because something went wrong here.
    fn end(&mut self, parts: &mut Parts, id: Id, reason: Reason) {
        withdraw(parts, id, reason);
        parts.tell_failed(Way::Out, id, By::Us, reason);
        self.forget(parts, id);
    }

    fn forget(&mut self, parts: &mut Parts, id: Id) {
        self.files.remove(&id);
        parts.outputs.push_back(Output::Forget(Way::Out, id));
    }
}

fn withdraw(parts: &mut Parts, id: Id, reason: Reason) {
    let id: Vec<u8> = id.as_bytes().to_vec();
    let reason = reason.number();
    parts.send(Kind::Withdraw(FileWithdraw { id, reason }));
}
