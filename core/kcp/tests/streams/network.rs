//! A network between two ends that loses, repeats, delays and reorders, from a seed. Time jumps to
//! whatever comes next.

use std::{collections::BTreeMap, vec, vec::Vec};

/// One of the two ends, with a clock in milliseconds.
pub(crate) trait End {
    fn write(&mut self, now: u64, bytes: &[u8]) -> usize;
    /// Everything that can be read.
    fn read(&mut self, now: u64) -> Vec<u8>;
    fn hear(&mut self, now: u64, datagram: &[u8]);
    fn tick(&mut self, now: u64);
    /// Datagrams to send, and when to tick next.
    fn drain(&mut self, now: u64) -> (Vec<Vec<u8>>, Option<u64>);
    /// Whether everything written is acknowledged.
    fn is_done(&self) -> bool;
}

/// How bad the network is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) loss_percent: u64,
    pub(crate) repeat_percent: u64,
    /// Each datagram takes so long, in milliseconds.
    pub(crate) latency: u64,
    /// And up to so many more, so that they overtake each other; at least 1.
    pub(crate) delay: u64,
}

/// Two ends, what each still has to write, and what each has read.
pub(crate) struct Network<A, B> {
    now: u64,
    random: u64,
    weather: Weather,
    ends: (A, B),
    next: [Option<u64>; 2],
    wire: BTreeMap<(u64, u64), (usize, Vec<u8>)>,
    serial: u64,
    to_write: [Vec<u8>; 2],
    read: [Vec<u8>; 2],
}

impl<A: End, B: End> Network<A, B> {
    pub(crate) fn new(seed: u64, now: u64, weather: Weather, ends: (A, B)) -> Self {
        Self {
            now,
            random: seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15) | 1,
            weather,
            ends,
            next: [None; 2],
            wire: BTreeMap::new(),
            serial: 0,
            to_write: [vec![], vec![]],
            read: [vec![], vec![]],
        }
    }

    /// Carries `bytes` of each end to the other; returns the milliseconds it took.
    ///
    /// Panics if what arrives is not what was written, or has not arrived within `patience`
    /// milliseconds.
    pub(crate) fn carry(&mut self, bytes: [&[u8]; 2], patience: u64) -> u64 {
        let start = self.now;
        self.to_write = bytes.map(Vec::from);
        self.read = [vec![], vec![]];
        self.serve(0);
        self.serve(1);
        while !self.is_complete(bytes) {
            self.step();
            let passed = self.now - start;
            assert!(
                passed < patience,
                "too slow: {:?}",
                self.read.each_ref().map(Vec::len)
            );
        }
        self.now - start
    }

    fn is_complete(&self, bytes: [&[u8]; 2]) -> bool {
        for (read, written) in self.read.iter().zip([bytes[1], bytes[0]]) {
            assert!(written.starts_with(read), "other bytes than were written");
        }
        let all = self.read[0].len() == bytes[1].len() && self.read[1].len() == bytes[0].len();
        all && self.ends.0.is_done() && self.ends.1.is_done()
    }

    /// Lets `ms` milliseconds pass.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.next_event().is_some_and(|at| at <= end) {
            self.step();
        }
        self.now = end;
    }

    fn next_event(&self) -> Option<u64> {
        let arrival = self.wire.first_key_value().map(|((at, _), _)| *at);
        let all = [arrival, self.next[0], self.next[1]];
        all.into_iter().flatten().min()
    }

    fn step(&mut self) {
        let next = self.next_event().expect("nothing will happen any more");
        assert!(next >= self.now, "the past is asked for");
        self.now = next;
        for number in 0..2 {
            if self.next[number].is_some_and(|at| at <= next) {
                with(&mut self.ends, number, |end| end.tick(next));
                self.serve(number);
            }
        }
        while let Some(first) = self.wire.first_entry() {
            if first.key().0 > next {
                break;
            }
            let (to, datagram) = first.remove();
            with(&mut self.ends, to, |end| end.hear(next, &datagram));
            self.serve(to);
        }
    }

    /// Reads, writes and sends what one end can.
    fn serve(&mut self, number: usize) {
        let now = self.now;
        let (ends, to_write, read) = (&mut self.ends, &mut self.to_write, &mut self.read);
        with(ends, number, |end| {
            read[number].extend(end.read(now));
            let rest = &mut to_write[number];
            let taken = end.write(now, rest);
            rest.drain(..taken);
        });
        let (datagrams, next) = with(&mut self.ends, number, |end| end.drain(now));
        self.next[number] = next;
        for datagram in datagrams {
            assert!(datagram.len() <= 1400);
            let Weather {
                loss_percent,
                repeat_percent,
                ..
            } = self.weather;
            if !self.chance(loss_percent) {
                self.send(1 - number, datagram.clone());
            }
            if self.chance(repeat_percent) {
                self.send(1 - number, datagram);
            }
        }
    }

    fn send(&mut self, to: usize, datagram: Vec<u8>) {
        let Weather { latency, delay, .. } = self.weather;
        let at = self.now + latency + 1 + self.draw() % delay;
        self.serial += 1;
        self.wire.insert((at, self.serial), (to, datagram));
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.draw() % 100 < percent
    }

    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }
}

fn with<A: End, B: End, R>(
    ends: &mut (A, B),
    number: usize,
    act: impl FnOnce(&mut dyn End) -> R,
) -> R {
    match number {
        0 => act(&mut ends.0),
        _ => act(&mut ends.1),
    }
}

/// Bytes that differ everywhere, so that a mix-up shows.
pub(crate) fn text(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let byte = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[1]
    };
    std::iter::repeat_with(byte).take(length).collect()
}
