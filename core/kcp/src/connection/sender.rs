//! What was written: waiting, and in flight. Spec `21-datagrams` 4.

mod flight;

use alloc::collections::VecDeque;
use core::time::Duration;

use kernel::Time;

use super::congestion::{Loss, Window};
use super::outgoing::Outgoing;
use super::rtt::Rtt;
use crate::number::{distance, is_before};
use crate::stats::count;
use crate::{Command, Config, Congestion, Segment, Stats};
use flight::{Cause, Flight, Rule};

#[derive(Debug)]
pub(super) struct Sender {
    /// Bytes written, not yet in a segment.
    queue: VecDeque<u8>,
    /// In the order of their numbers, without a gap; those that were acknowledged out of order stay
    /// until all before them are.
    flights: VecDeque<Flight>,
    /// The number of the next segment.
    next: u32,
    /// Segments that the peer says it has room for.
    remote: u16,
    window: Window,
    rtt: Rtt,
    probe: Option<Probe>,
}

impl Sender {
    pub(super) fn new(config: &Config, next: u32) -> Self {
        Self {
            queue: VecDeque::new(),
            flights: VecDeque::new(),
            next,
            remote: INITIAL_REMOTE,
            window: Window::new(config),
            rtt: Rtt::new(config),
            probe: None,
        }
    }

    /// Bytes that can be written now.
    pub(super) fn room(&self, config: &Config) -> usize {
        config.send_queue.saturating_sub(self.queue.len())
    }

    /// Queues what there is room for; returns how many bytes that is.
    pub(super) fn write(&mut self, bytes: &[u8], config: &Config) -> usize {
        let count = self.room(config).min(bytes.len());
        self.queue.extend(bytes.iter().take(count));
        count
    }

    /// Bytes written that the peer has not acknowledged.
    pub(super) fn unacknowledged(&self) -> usize {
        let flying: usize = self.flights.iter().map(|one| one.data.len()).sum();
        flying.saturating_add(self.queue.len())
    }

    /// Transmissions of the segment that was sent most often, of those not acknowledged.
    pub(super) fn most_sent(&self) -> u32 {
        let unacked = self.flights.iter().filter(|one| !one.is_acked);
        unacked.map(|one| one.sent).max().unwrap_or(0)
    }

    /// Whether a segment of the peer acknowledges only what was sent.
    pub(super) fn may_be_true(&self, segment: &Segment<'_>) -> bool {
        let is_ack = segment.command == Command::Ack;
        let acks_unsent = is_ack && !is_before(segment.number, self.next);
        !acks_unsent && !is_before(self.next, segment.next)
    }

    /// Takes what a segment of the peer says that [may be true](Self::may_be_true).
    pub(super) fn hear(&mut self, segment: &Segment<'_>, heard: &mut Heard) {
        // An older one than what was already heard: its window is old too.
        if let Some(acked) = distance(segment.next, self.first()) {
            self.remote = segment.window;
            let count = usize::try_from(acked).unwrap_or(usize::MAX);
            self.flights.drain(..count.min(self.flights.len()));
            heard.acked = heard.acked.saturating_add(acked);
        }
        if segment.command == Command::Ack {
            heard.echo = Some(segment.time);
            self.hear_ack(segment.number, segment.time);
        }
    }

    /// Takes an ack of one push; `time` is that of the transmission it answers.
    fn hear_ack(&mut self, number: u32, time: u32) {
        let Some(place) = distance(number, self.first()) else {
            return;
        };
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        for flight in self.flights.iter_mut().take(place) {
            flight.hear_later_ack(time);
        }
        if let Some(flight) = self.flights.get_mut(place) {
            flight.acknowledge();
        }
    }

    /// Draws the conclusions from a datagram, `clock` being the present time on the wire; says
    /// whether segments should go out at once.
    pub(super) fn conclude(
        &mut self,
        heard: &Heard,
        now: Time,
        clock: u32,
        config: &Config,
    ) -> bool {
        if let Some(round_trip) = heard.echo.and_then(|echo| distance(clock, echo)) {
            self.rtt.sample(round_trip);
        }
        if heard.acked > 0 {
            let in_flight = self.in_flight().saturating_add(heard.acked);
            self.window
                .grow(heard.acked, in_flight, u32::from(self.remote));
        }
        self.arm_probe(now);
        let missed = self.missed_at(config.fast_resend.max(1), config);
        heard.acked > 0 || missed.is_some_and(|at| at <= now) || self.may_fill(config)
    }

    /// Whether the peer is to be asked for its window now.
    pub(super) fn take_probe(&mut self, now: Time) -> bool {
        self.arm_probe(now);
        match &mut self.probe {
            Some(probe) if probe.at <= now => {
                let half = probe.wait.checked_div(2).unwrap_or_default();
                probe.wait = probe.wait.saturating_add(half).min(PROBE_LONGEST);
                probe.at = now.after(probe.wait);
                true
            }
            _ => false,
        }
    }

    /// Sends what may fly, and again what seems lost. `head` is what all segments have in common.
    pub(super) fn transmit(
        &mut self,
        now: Time,
        head: Segment<'_>,
        config: &Config,
        out: &mut Outgoing,
        stats: &mut Stats,
    ) {
        let window = self.limit(config);
        let has_new = self.fill(config);
        let rule = Rule {
            now,
            timeout: self.rtt.timeout(),
            pace: config.pace,
            fast_resend: config.fast_resend,
            patience: self.patience(config),
            has_new,
        };
        let (mut skipped, mut late) = (None, None);
        let numbers = core::iter::successors(Some(self.first()), |n| Some(n.wrapping_add(1)));
        for (flight, number) in self.flights.iter_mut().zip(numbers) {
            match flight.launch(&rule, head.time) {
                None => continue,
                Some(Cause::First) => {}
                Some(Cause::Skipped) => {
                    count(&mut stats.skipped);
                    skipped.get_or_insert(number);
                }
                Some(Cause::Timeout) => {
                    count(&mut stats.timeouts);
                    late.get_or_insert(number);
                }
            }
            let data = &flight.data;
            out.push(
                &Segment {
                    number,
                    data,
                    ..head
                },
                stats,
            );
        }
        let in_flight = self.in_flight();
        if let Some(number) = skipped {
            self.window
                .shrink(Loss::Skipped, number, self.next, in_flight);
        }
        // Before the first round trip `Prompt` does not know what is late.
        let knows = config.congestion == Congestion::Classic || self.rtt.is_known();
        if let Some(number) = late.filter(|_| knows) {
            let loss = Loss::Timeout { window };
            self.window.shrink(loss, number, self.next, in_flight);
        }
    }

    /// When something is to be done though nothing comes.
    pub(super) fn deadline(&self) -> Option<Time> {
        let flying = self.flights.iter().filter(|one| !one.is_acked);
        let resend = flying.map(|one| one.resend_at).min();
        let probe = self.probe.as_ref().map(|probe| probe.at);
        [resend, probe].into_iter().flatten().min()
    }

    /// When a segment counts as lost that was skipped, at least so many times.
    pub(super) fn missed_at(&self, times: u32, config: &Config) -> Option<Time> {
        let patience = self.patience(config);
        let flights = self.flights.iter();
        let missed = flights.filter_map(|one| one.missed_at(times, patience));
        missed.min()
    }

    fn patience(&self, config: &Config) -> Duration {
        match config.congestion {
            Congestion::Classic => Duration::ZERO,
            Congestion::Prompt => self.rtt.patience(),
        }
    }

    /// The number of the first segment in flight, or of the next one.
    fn first(&self) -> u32 {
        self.next.wrapping_sub(self.in_flight())
    }

    fn in_flight(&self) -> u32 {
        u32::try_from(self.flights.len()).unwrap_or(u32::MAX)
    }

    /// Segments that may be in flight.
    fn limit(&self, config: &Config) -> u32 {
        let window = config.send_window.min(self.remote);
        self.window.size().min(u32::from(window))
    }

    fn may_fill(&self, config: &Config) -> bool {
        !self.queue.is_empty() && self.in_flight() < self.limit(config)
    }

    /// Cuts segments off the queue while they may fly; says whether there was one.
    fn fill(&mut self, config: &Config) -> bool {
        let mut has_new = false;
        while self.may_fill(config) {
            let size = config.segment().min(self.queue.len());
            let data = self.queue.drain(..size).collect();
            self.flights.push_back(Flight::new(data));
            self.next = self.next.wrapping_add(1);
            has_new = true;
        }
        has_new
    }

    fn arm_probe(&mut self, now: Time) {
        if self.remote > 0 {
            self.probe = None;
        } else if self.probe.is_none() {
            let wait = PROBE_FIRST;
            let at = now.after(wait);
            self.probe = Some(Probe { wait, at });
        }
    }
}

/// What one datagram told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Segments acknowledged by the peer's next number.
    acked: u32,
    /// Our time, as the last ack echoed it.
    echo: Option<u32>,
}

/// When a closed window is asked for.
#[derive(Debug)]
struct Probe {
    wait: Duration,
    at: Time,
}

/// What a peer has room for before it said so, in segments.
const INITIAL_REMOTE: u16 = 32;
const PROBE_FIRST: Duration = Duration::from_millis(500);
const PROBE_LONGEST: Duration = Duration::from_secs(120);
