use alloc::collections::VecDeque;
use core::cmp::min;

use wire::v1::file_frame::Kind;

use crate::{By, Event, Id, Output, Reason, Stats, Way, frame};

/// What both directions work with.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) outputs: VecDeque<Output>,
    /// Bytes of a chunk on the connection, if there is one.
    pub(super) chunk: Option<usize>,
    pub(super) stats: Stats,
}

impl Parts {
    /// Sends a frame, if anything can be sent.
    pub(super) fn send(&mut self, kind: Kind) {
        if self.chunk.is_some() {
            self.outputs.push_back(Output::Send(frame::bytes(kind)));
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Tell(event));
    }

    pub(super) fn tell_failed(&mut self, way: Way, id: Id, by: By, reason: Reason) {
        self.tell(Event::Failed {
            way,
            id,
            by,
            reason,
        });
    }

    pub(super) const fn misplaced(&mut self) {
        self.stats.misplaced = self.stats.misplaced.saturating_add(1);
    }

    pub(super) const fn breach(&mut self) {
        self.stats.breaches = self.stats.breaches.saturating_add(1);
    }
}

/// A piece of a file that was asked for.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) len: usize,
}

impl Span {
    /// At most `most` bytes from `offset` to `end`.
    pub(super) fn up_to(offset: u64, end: u64, most: usize) -> Self {
        let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = min(left, most);
        Self { offset, len }
    }

    pub(super) const fn ask(self, way: Way, id: Id) -> Output {
        Output::Read {
            way,
            id,
            offset: self.offset,
            len: self.len,
        }
    }
}

/// `len` as files count.
pub(super) fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// Files each way.
pub(super) const FILES: usize = 16;
/// Bytes that are sent and not said to be written, of all files one way.
pub(super) const WINDOW: u64 = 1 << 20;
/// Bytes to read at a time, only to hash them.
pub(super) const READ: usize = 1 << 16;
