//! What came: in order and waiting to be read, out of order, and not yet acknowledged. Spec
//! `21-datagrams` 5.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use crate::number::is_before;

#[derive(Debug)]
pub(super) struct Receiver {
    /// The first number that has not come.
    next: u32,
    /// Segments.
    window: u16,
    /// In order, none of them empty; at most `window`.
    ready: VecDeque<Vec<u8>>,
    /// Bytes of the first one that were read.
    read: usize,
    /// By number, from `next` on; at most `window`. The order of the map is not used: numbers start
    /// again.
    early: BTreeMap<u32, Vec<u8>>,
    /// Number and time of pushes to acknowledge.
    acks: Vec<Ack>,
}

impl Receiver {
    pub(super) const fn new(window: u16, next: u32) -> Self {
        Self {
            next,
            window,
            ready: VecDeque::new(),
            read: 0,
            early: BTreeMap::new(),
            acks: Vec::new(),
        }
    }

    pub(super) const fn next(&self) -> u32 {
        self.next
    }

    /// Segments there is room for.
    pub(super) fn room(&self) -> u16 {
        let ready = u16::try_from(self.ready.len()).unwrap_or(u16::MAX);
        self.window.saturating_sub(ready)
    }

    /// Bytes that can be read.
    pub(super) fn readable(&self) -> usize {
        let bytes: usize = self.ready.iter().map(Vec::len).sum();
        bytes.saturating_sub(self.read)
    }

    /// Takes a push.
    pub(super) fn take(&mut self, ack: Ack, data: &[u8]) -> Taken {
        let end = self.next.wrapping_add(u32::from(self.window));
        if !is_before(ack.number, end) {
            return Taken::BeyondWindow;
        }
        self.acks.push(ack);
        if is_before(ack.number, self.next) || self.early.contains_key(&ack.number) {
            return Taken::Repeat;
        }
        self.early.insert(ack.number, data.to_vec());
        self.sort_in();
        Taken::New
    }

    /// Moves bytes out, in order; returns how many.
    pub(super) fn read(&mut self, into: &mut [u8]) -> usize {
        let mut count = 0_usize;
        while let Some(first) = self.ready.front() {
            let unread = first.get(self.read..).unwrap_or_default();
            let room = into.get_mut(count..).unwrap_or_default();
            let taken = unread.len().min(room.len());
            for (to, from) in room.iter_mut().zip(unread) {
                *to = *from;
            }
            count = count.saturating_add(taken);
            if taken < unread.len() {
                self.read = self.read.saturating_add(taken);
                break;
            }
            self.ready.pop_front();
            self.read = 0;
            self.sort_in();
        }
        count
    }

    /// Acks that wait.
    pub(super) const fn acks(&self) -> usize {
        self.acks.len()
    }

    /// Acks to send. The last one brings its sender a round trip time; of the others, those are left
    /// out that [`next`](Self::next) tells already.
    pub(super) fn take_acks(&mut self) -> Vec<Ack> {
        let mut acks = core::mem::take(&mut self.acks);
        let last = acks.pop();
        acks.retain(|ack| !is_before(ack.number, self.next));
        acks.extend(last);
        acks
    }

    fn sort_in(&mut self) {
        while self.room() > 0 {
            let Some(data) = self.early.remove(&self.next) else {
                return;
            };
            self.next = self.next.wrapping_add(1);
            if !data.is_empty() {
                self.ready.push_back(data);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ack {
    pub(super) number: u32,
    pub(super) time: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Taken {
    New,
    Repeat,
    BeyondWindow,
}

#[cfg(test)]
mod tests;
