mod congestion;
mod outgoing;
mod receiver;
mod rtt;
mod sender;

use alloc::vec::Vec;

use kernel::Time;

use crate::stats::count;
use crate::{Command, Config, Conv, Segment, Stats};
use outgoing::Outgoing;
use receiver::{Ack, Receiver, Taken};
use sender::{Heard, Sender};

/// One end of a stream of bytes in each direction.
///
/// Deterministic: the same calls at the same times give the same outputs. After each
/// [`handle`](Self::handle), [`write`](Self::write), [`read`](Self::read) and
/// [`flush`](Self::flush), call [`poll`](Self::poll) until it says [`Output::Wait`].
///
/// There is no end of stream: to leave, wait until [`unacknowledged`](Self::unacknowledged) is 0 or
/// patience ends, and drop the value; the peer is told by the layer above, or not at all.
///
/// # Spec
///
/// `spec/21-datagrams.md` sections 3 to 6.
#[derive(Debug)]
pub struct Connection {
    config: Config,
    conv: Conv,
    start: Time,
    now: Time,
    receiver: Receiver,
    sender: Sender,
    /// Whether the peer is to be told our window.
    must_tell: bool,
    /// When acks go out that wait.
    tick_at: Time,
    out: Outgoing,
    stats: Stats,
}

impl Connection {
    /// The end of a new stream; the same for who dials, with a random `conv`, and for who listens,
    /// with that of the first datagram.
    ///
    /// Nothing is sent before something is written or received.
    #[must_use]
    pub fn new(config: Config, conv: Conv, now: Time) -> Self {
        Self::starting_at(config, conv, now, 0)
    }

    fn starting_at(config: Config, conv: Conv, now: Time, number: u32) -> Self {
        let config = config.bounded();
        Self {
            config,
            conv,
            start: now,
            now,
            receiver: Receiver::new(config.receive_window, number),
            sender: Sender::new(&config, number),
            must_tell: false,
            tick_at: now,
            out: Outgoing::new(&config),
            stats: Stats::default(),
        }
    }

    /// Takes one input. Hostile bytes change nothing but [`Stats`] and bounded queues.
    ///
    /// A `now` before an earlier one counts as that earlier one, here and in every other call.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        self.now = self.now.max(now);
        match input {
            Input::Datagram(bytes) => self.on_datagram(bytes),
            Input::Tick => {}
        }
        self.settle();
    }

    /// Queues bytes to be sent, and sends what may go out; returns how many were taken: the first
    /// ones, as many as there is [`room`](Self::room) for.
    pub fn write(&mut self, now: Time, bytes: &[u8]) -> usize {
        self.now = self.now.max(now);
        let count = self.sender.write(bytes, &self.config);
        self.flush_all();
        self.settle();
        count
    }

    /// Moves received bytes into the start of `into`, in order; returns how many, 0 if there are
    /// none now. What the sender of the bytes wrote at once may come in parts, or with other bytes.
    ///
    /// Reading makes room for what comes next.
    pub fn read(&mut self, now: Time, into: &mut [u8]) -> usize {
        self.now = self.now.max(now);
        let was_full = self.receiver.room() == 0;
        let count = self.receiver.read(into);
        if was_full && self.receiver.room() > 0 {
            self.must_tell = true;
        }
        self.settle();
        count
    }

    /// Sends at once what may go out, acks included. Good before the connection is dropped.
    pub fn flush(&mut self, now: Time) {
        self.now = self.now.max(now);
        self.flush_all();
        self.settle();
    }

    /// The next thing the driver must do; [`Output::Wait`] when there is nothing left.
    pub fn poll(&mut self) -> Output {
        let Some(datagram) = self.out.pop() else {
            return Output::Wait(self.deadline());
        };
        count(&mut self.stats.sent);
        Output::Send(datagram)
    }

    /// The number of the connection.
    #[must_use]
    pub const fn conv(&self) -> Conv {
        self.conv
    }

    /// Bytes that [`read`](Self::read) would give now.
    #[must_use]
    pub fn readable(&self) -> usize {
        self.receiver.readable()
    }

    /// Bytes that [`write`](Self::write) would take now, at most [`Config::send_queue`]. It grows when
    /// the peer acknowledges.
    #[must_use]
    pub fn room(&self) -> usize {
        self.sender.room(&self.config)
    }

    /// Bytes written that the peer did not acknowledge: what is lost if it is dropped now.
    #[must_use]
    pub fn unacknowledged(&self) -> usize {
        self.sender.unacknowledged()
    }

    /// Whether a segment was sent [`Config::dead_after`] times without an ack: nobody seems to be
    /// there. The connection tries on, and is not dead any more once an ack comes; whether to give it
    /// up is the caller's decision.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.sender.most_sent() >= self.config.dead_after
    }

    /// What was counted so far.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    fn on_datagram(&mut self, bytes: &[u8]) {
        count(&mut self.stats.received);
        if bytes.len() > self.config.datagram {
            count(&mut self.stats.long);
            return;
        }
        if bytes.is_empty() {
            count(&mut self.stats.short);
        }
        let mut heard = Heard::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            match Segment::decode(rest) {
                Ok((segment, after)) if segment.conv == self.conv => {
                    self.on_segment(&segment, &mut heard);
                    rest = after;
                }
                Ok(_) => {
                    count(&mut self.stats.other_convs);
                    break;
                }
                Err(error) => {
                    self.stats.count_undecodable(error);
                    break;
                }
            }
        }
        let clock = self.clock();
        let is_urgent = self.sender.conclude(&heard, self.now, clock, &self.config);
        if is_urgent {
            self.flush_all();
        } else if self.receiver.acks() >= self.config.acks() {
            self.flush_acks();
            self.out.close(&mut self.stats);
        }
    }

    fn on_segment(&mut self, segment: &Segment<'_>, heard: &mut Heard) {
        if !self.sender.may_be_true(segment) {
            return count(&mut self.stats.unsent);
        }
        self.sender.hear(segment, heard);
        let Segment { number, time, .. } = *segment;
        match segment.command {
            Command::Push => match self.receiver.take(Ack { number, time }, segment.data) {
                Taken::New => {}
                Taken::Repeat => count(&mut self.stats.repeats),
                Taken::BeyondWindow => count(&mut self.stats.beyond_window),
            },
            Command::Ask => self.must_tell = true,
            Command::Ack | Command::Tell => {}
        }
    }

    /// Does what is due. Afterwards every deadline is later.
    fn settle(&mut self) {
        if self.deadline().is_some_and(|at| at <= self.now) {
            self.flush_all();
        }
    }

    fn flush_all(&mut self) {
        self.flush_acks();
        let head = self.head(Command::Push);
        let (sender, stats) = (&mut self.sender, &mut self.stats);
        sender.transmit(self.now, head, &self.config, &mut self.out, stats);
        self.out.close(&mut self.stats);
    }

    fn flush_acks(&mut self) {
        self.tick_at = self.now.after(self.config.interval);
        let head = self.head(Command::Ack);
        for Ack { number, time } in self.receiver.take_acks() {
            let ack = Segment {
                number,
                time,
                ..head
            };
            self.out.push(&ack, &mut self.stats);
        }
        if self.sender.take_probe(self.now) {
            let ask = self.head(Command::Ask);
            self.out.push(&ask, &mut self.stats);
        }
        if core::mem::take(&mut self.must_tell) {
            let tell = self.head(Command::Tell);
            self.out.push(&tell, &mut self.stats);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let waits = self.receiver.acks() > 0 || self.must_tell;
        let tick = waits.then_some(self.tick_at);
        let missed = self.sender.missed_at(1, &self.config);
        let missed = missed.map(|at| at.max(self.tick_at));
        let all = [tick, missed, self.sender.deadline()];
        all.into_iter().flatten().min()
    }

    /// A segment without data, as it is now.
    fn head(&self, command: Command) -> Segment<'static> {
        let time = match command {
            Command::Push => self.clock(),
            Command::Ack | Command::Ask | Command::Tell => 0,
        };
        Segment {
            conv: self.conv,
            command,
            fragment: 0,
            window: self.receiver.room(),
            time,
            number: 0,
            next: self.receiver.next(),
            data: &[],
        }
    }

    /// The time on the wire: milliseconds since the start, modulo 2^32.
    fn clock(&self) -> u32 {
        let ms = self.now.as_ms().saturating_sub(self.start.as_ms());
        let [a, b, c, d, ..] = ms.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

/// Something that happened outside a [`Connection`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// An untrusted datagram of any length, from the peer's address.
    Datagram(&'a [u8]),
    /// Only time has passed.
    Tick,
}

/// Something the driver must do, in this order.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that skips one is broken; let it not compile"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub enum Output {
    /// Send this datagram, at most [`Config::mtu`] bytes, to the peer.
    Send(Vec<u8>),
    /// Nothing to do before this time; `None`: before the next input.
    Wait(Option<Time>),
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test")]
mod tests;
