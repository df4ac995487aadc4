mod parts;
mod receiving;
mod sending;

use alloc::vec::Vec;
use core::fmt;

use wire::v1::file_frame::Kind;

use crate::kept::{Known, State};
use crate::{AcceptError, File, Id, Kept, OfferError, Output, Stats, Way, frame};
use parts::Parts;
use receiving::Receiving;
use sending::Sending;

/// All files between two people, both ways: one side of it.
///
/// The driver gives it what was kept, then what comes, and does what [`poll`](Self::poll) says until
/// that is [`Output::Wait`], after every call that changes it.
///
/// Whatever the other side sends, nothing here fails: frames are counted and ignored, or a transfer ends
/// ([`Stats`]). It holds at most 16 files each way, 64 ends, a piece of each file, and what was not
/// polled yet.
///
/// # Spec
///
/// `spec/23-files.md` 7.
#[derive(Default)]
pub struct Transfers {
    parts: Parts,
    sending: Sending,
    receiving: Receiving,
    /// Whose turn to be read it is.
    turn: Turn,
}

#[derive(Clone, Copy, Default)]
enum Turn {
    #[default]
    Sending,
    Receiving,
}

impl Transfers {
    /// Takes what was kept of a transfer, before anything else happens. `there` is how many bytes are in
    /// the partial file, durably, if it is one of [`Stage::Accepted`](crate::Stage); of any other it does
    /// not matter. What is there is read again, so as to hash it.
    pub fn restore(&mut self, kept: Kept, there: u64) {
        let id = kept.id;
        match kept.state {
            State::Offered(known) => self.sending.restore(id, known),
            State::Accepted(known) => self.receiving.restore(id, known, there),
            State::Whole(known) => self.receiving.restore_whole(&mut self.parts, id, known),
            State::Over(over) => self.receiving.restore_over(&mut self.parts, id, over),
        }
    }

    /// There is a connection, on which asides may have `most` bytes: 61,435, or 30,000 through a relay; at
    /// least 1,024, and less counts as that. An earlier one is lost.
    pub fn back(&mut self, most: usize) {
        self.lost();
        let chunk = most.max(ASIDE_LEAST).saturating_sub(HEADER);
        self.parts.chunk = Some(chunk.min(CHUNK_MOST));
        self.sending.back(&mut self.parts);
        self.receiving.back();
    }

    /// There is no connection any more. What was to be sent on it is dropped; transfers wait.
    pub fn lost(&mut self) {
        self.parts.chunk = None;
        let is_sent = |output: &Output| matches!(output, Output::Send(_));
        self.parts.outputs.retain(|output| !is_sent(output));
        self.sending.lost();
        self.receiving.lost();
    }

    /// Takes an aside of anyone's, of any length.
    pub fn handle(&mut self, aside: &[u8]) {
        let parts = &mut self.parts;
        let Some(kind) = frame::read(aside) else {
            parts.stats.malformed = parts.stats.malformed.saturating_add(1);
            return;
        };
        if parts.chunk.is_none() || self.frame(kind).is_none() {
            self.parts.misplaced();
        }
    }

    /// Offers a file under `id`: 32 fresh random bytes. `note`, of at most 4,096 bytes, is kept with it for
    /// the driver: where the file is, for instance. It is offered again on every connection until it is
    /// over.
    ///
    /// # Errors
    ///
    /// See [`OfferError`].
    pub fn offer(&mut self, id: Id, file: File, note: Vec<u8>) -> Result<(), OfferError> {
        let bytes = note.len();
        if bytes > Kept::NOTE {
            return Err(OfferError::Note { bytes });
        }
        let known = Known { file, note };
        self.sending.offer(&mut self.parts, id, known)
    }

    /// The file of [`Event::Offered`](crate::Event::Offered) is wanted. Its partial file must be there, empty. `note` as in
    /// [`offer`](Self::offer).
    ///
    /// # Errors
    ///
    /// See [`AcceptError`].
    pub fn accept(&mut self, id: Id, note: Vec<u8>) -> Result<(), AcceptError> {
        let bytes = note.len();
        if bytes > Kept::NOTE {
            return Err(AcceptError::Note { bytes });
        }
        let accepted = self.receiving.accept(&mut self.parts, id, note);
        accepted.ok_or(AcceptError::NotOffered)
    }

    /// A file is not wanted, or not any more: ends a transfer of either side, or declines an offer. Does
    /// nothing if there is none, or all of it is here. No event follows.
    pub fn cancel(&mut self, way: Way, id: Id) {
        match way {
            Way::Out => self.sending.cancel(&mut self.parts, id),
            Way::In => self.receiving.cancel(&mut self.parts, id),
        }
    }

    /// What [`Output::Read`] asked for at `offset`. Fewer bytes than were asked for say that the file ends
    /// there. Does nothing if it was not asked for, or is not needed any more.
    pub fn read(&mut self, way: Way, id: Id, offset: u64, bytes: &[u8]) {
        // Not needed any more.
        let _ = match way {
            Way::Out => self.sending.read(&mut self.parts, id, offset, bytes),
            Way::In => self.receiving.read(&mut self.parts, id, offset, bytes),
        };
    }

    /// Of what [`Output::Write`] said for this transfer, all before the offset `upto` is durable. Does
    /// nothing if that is not news.
    pub fn written(&mut self, id: Id, upto: u64) {
        // Not needed any more.
        let _ = self.receiving.written(&mut self.parts, id, upto);
    }

    /// The file that is sent cannot be read, or the partial file cannot be written or read: the transfer
    /// ends.
    pub fn failed(&mut self, way: Way, id: Id) {
        match way {
            Way::Out => self.sending.failed(&mut self.parts, id),
            Way::In => self.receiving.failed(&mut self.parts, id),
        }
    }

    /// The file of an [`Event::Done`](crate::Event::Done) to us is where it belongs, durably. Until then that
    /// is told again after every restart; so one that cannot be put there now is tried again.
    pub fn placed(&mut self, id: Id) {
        self.receiving.placed(&mut self.parts, id);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Output {
        if let Some(next) = self.parts.outputs.pop_front() {
            return next;
        }
        let chunk = self.parts.chunk;
        let read = match self.turn {
            Turn::Sending => {
                self.turn = Turn::Receiving;
                let ours = self.sending.next(chunk);
                ours.or_else(|| self.receiving.next())
            }
            Turn::Receiving => {
                self.turn = Turn::Sending;
                let theirs = self.receiving.next();
                theirs.or_else(|| self.sending.next(chunk))
            }
        };
        read.unwrap_or(Output::Wait)
    }

    /// What was counted.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.parts.stats
    }

    /// `None`: it has no place here.
    fn frame(&mut self, kind: Kind) -> Option<()> {
        let (parts, ours, theirs) = (&mut self.parts, &mut self.sending, &mut self.receiving);
        match kind {
            Kind::List(list) => theirs.listed(parts, &list.ids),
            Kind::Offer(offer) => {
                let file = File::new(&offer.name, offer.size, &offer.media_type);
                theirs.offered(parts, Id::read(&offer.id)?, file)
            }
            Kind::Accept(accept) => ours.accepted(parts, Id::read(&accept.id)?, accept.offset),
            Kind::Chunk(chunk) => {
                theirs.chunk(parts, Id::read(&chunk.id)?, chunk.offset, chunk.data)
            }
            Kind::Written(written) => ours.written(parts, Id::read(&written.id)?, written.offset),
            Kind::Complete(complete) => {
                let hash = complete.hash[..].try_into().ok()?;
                theirs.completed(parts, Id::read(&complete.id)?, hash)
            }
            Kind::Done(done) => ours.done(parts, Id::read(&done.id)?),
            Kind::Withdraw(frame) => theirs.withdrawn(parts, Id::read(&frame.id)?, frame.reason),
            Kind::Decline(frame) => ours.declined(parts, Id::read(&frame.id)?, frame.reason),
        }
    }
}

impl fmt::Debug for Transfers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfers")
            .field("sending", &self.sending.len())
            .field("receiving", &self.receiving.len())
            .finish_non_exhaustive()
    }
}

/// Bytes of an aside that are not of the file, at most.
const HEADER: usize = 64;
/// Bytes of a chunk, at most.
const CHUNK_MOST: usize = 61_371;
const ASIDE_LEAST: usize = 1024;
