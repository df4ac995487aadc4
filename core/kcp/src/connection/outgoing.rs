//! Segments, packed into datagrams, until they are polled.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::stats::count;
use crate::{Config, Segment, Stats};

#[derive(Debug)]
pub(super) struct Outgoing {
    datagrams: VecDeque<Vec<u8>>,
    /// The one that still gets segments.
    open: Vec<u8>,
    mtu: usize,
    limit: usize,
}

impl Outgoing {
    pub(super) const fn new(config: &Config) -> Self {
        Self {
            datagrams: VecDeque::new(),
            open: Vec::new(),
            mtu: config.mtu,
            limit: config.outgoing,
        }
    }

    pub(super) fn push(&mut self, segment: &Segment<'_>, stats: &mut Stats) {
        if self.open.len().saturating_add(segment.size()) > self.mtu {
            self.close(stats);
        }
        segment.encode(&mut self.open);
    }

    /// What was pushed is to be sent now. Above the limit it is dropped, as a network would.
    pub(super) fn close(&mut self, stats: &mut Stats) {
        let datagram = core::mem::take(&mut self.open);
        if datagram.is_empty() {
        } else if self.datagrams.len() < self.limit {
            self.datagrams.push_back(datagram);
        } else {
            count(&mut stats.dropped);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        self.datagrams.pop_front()
    }
}
