//! Our end talks with one of another implementation: the crate `kcp` 0.6.0, set as kcp-go is.

use std::{cell::RefCell, io, rc::Rc};

use kcp::{Config, Route, route};
use kcp_oracle::Kcp;
use proptest::prelude::*;

use crate::network::{End, Network, Weather, text};
use crate::ours::Ours;

struct Oracle {
    kcp: Kcp<Sent>,
    sent: Sent,
}

/// Where the other implementation puts its datagrams.
#[derive(Clone, Default)]
struct Sent(Rc<RefCell<Vec<Vec<u8>>>>);

impl io::Write for Sent {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().push(datagram.to_vec());
        Ok(datagram.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Oracle {
    fn new(now: u64) -> Self {
        let sent = Sent::default();
        let mut kcp = Kcp::new_stream(CONV, sent.clone());
        kcp.set_wndsize(32, 32);
        kcp.set_nodelay(false, 100, 0, false);
        kcp.set_mtu(1400).expect("an MTU");
        kcp.update(clock(now)).expect("a first update");
        Self { kcp, sent }
    }
}

impl End for Oracle {
    fn write(&mut self, _now: u64, bytes: &[u8]) -> usize {
        if bytes.is_empty() || self.kcp.wait_snd() >= 32 {
            return 0;
        }
        let taken = bytes.len().min(1376);
        self.kcp.send(&bytes[..taken]).expect("room");
        self.kcp.flush().expect("a flush");
        taken
    }

    fn read(&mut self, _now: u64) -> Vec<u8> {
        let mut all = Vec::new();
        let mut bytes = [0; 2000];
        while let Ok(count) = self.kcp.recv(&mut bytes) {
            all.extend(&bytes[..count]);
        }
        all
    }

    fn hear(&mut self, now: u64, datagram: &[u8]) {
        self.kcp.update(clock(now)).expect("an update");
        self.kcp.input(datagram).expect("a datagram of ours");
    }

    fn tick(&mut self, now: u64) {
        self.kcp.update(clock(now)).expect("an update");
    }

    fn drain(&mut self, now: u64) -> (Vec<Vec<u8>>, Option<u64>) {
        (self.sent.0.borrow_mut().split_off(0), Some(now + 10))
    }

    fn is_done(&self) -> bool {
        self.kcp.wait_snd() == 0
    }
}

fn clock(now: u64) -> u32 {
    u32::try_from(now).expect("a short test")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn both_read_what_the_other_wrote(
        seed in any::<u64>(),
        loss_percent in 0..=30_u64,
        repeat_percent in 0..=10_u64,
        delay in 1..=150_u64,
        lengths in [0..40_000_usize, 0..40_000_usize],
        is_own in any::<bool>(),
    ) {
        let config = if is_own { Config::own() } else { Config::default() };
        let weather = Weather { loss_percent, repeat_percent, latency: 10, delay };
        let ends = (Ours::new(config, CONV, 0), Oracle::new(0));
        let mut network = Network::new(seed, 0, weather, ends);
        let [a, b] = lengths.map(|length| text(seed ^ length as u64, length));
        network.carry([&a, &b], HOUR);
        network.carry([&b, &a], HOUR);
    }
}

#[test]
fn the_first_datagram_of_the_other_begins_a_connection_with_us() {
    let mut oracle = Oracle::new(0);
    oracle.write(0, b"hello");
    oracle.tick(100);
    let (datagrams, _) = oracle.drain(100);
    assert_eq!(route(&datagrams[0], &[]), Route::Open(kcp::Conv::new(CONV)));

    let mut ours = Ours::new(Config::default(), CONV, 0);
    ours.hear(100, &datagrams[0]);
    assert_eq!(ours.read(100), b"hello");
    let (answers, _) = ours.drain(100);
    oracle.hear(150, &answers[0]);
    assert!(oracle.is_done());
}

#[test]
fn our_first_datagram_is_taken_by_the_other() {
    let mut ours = Ours::new(Config::default(), CONV, 0);
    assert_eq!(ours.write(0, b"hello"), 5);
    let (datagrams, _) = ours.drain(0);
    let mut oracle = Oracle::new(0);
    oracle.hear(50, &datagrams[0]);
    assert_eq!(oracle.read(50), b"hello");
    oracle.tick(150);
    let (answers, _) = oracle.drain(150);
    ours.hear(200, &answers[0]);
    assert!(ours.is_done());
}

const CONV: u32 = 0x8000_0001;
const HOUR: u64 = 3_600_000;
