use proptest::prelude::*;

use super::network::{End, Network, Weather, text};
use super::*;

impl End for Connection {
    fn write(&mut self, now: u64, bytes: &[u8]) -> usize {
        Self::write(self, at(now), bytes)
    }

    fn read(&mut self, now: u64) -> Vec<u8> {
        let mut bytes = std::vec![0; self.readable()];
        Self::read(self, at(now), &mut bytes);
        bytes
    }

    fn hear(&mut self, now: u64, datagram: &[u8]) {
        self.handle(at(now), Input::Datagram(datagram));
    }

    fn tick(&mut self, now: u64) {
        self.handle(at(now), Input::Tick);
    }

    fn drain(&mut self, now: u64) -> (Vec<Vec<u8>>, Option<u64>) {
        let mut datagrams = Vec::new();
        loop {
            match self.poll() {
                Output::Send(datagram) => datagrams.push(datagram),
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > at(now)));
                    return (datagrams, until.map(Time::as_ms));
                }
            }
        }
    }

    fn is_done(&self) -> bool {
        self.unacknowledged() == 0
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn numbers_and_times_start_again_unnoticed(
        seed in any::<u64>(),
        loss_percent in 0..=30_u64,
        before in 0..40_u32,
        is_own in any::<bool>(),
    ) {
        let config = if is_own { Config::own() } else { Config::default() };
        let number = u32::MAX - before;
        let end = || Connection::starting_at(config, CONV, at(0), number);
        let weather = Weather { loss_percent, repeat_percent: 5, latency: 10, delay: 60 };
        let mut network = Network::new(seed, 0, weather, (end(), end()));
        network.pass(u64::from(u32::MAX) - 2000);
        let [a, b] = [80_000, 50_000].map(|length| text(seed, length));
        network.carry([&a, &b], 3_600_000);
    }
}

#[test]
fn the_clock_on_the_wire_starts_again() {
    let mut one = connection(Config::default());
    let start = u64::from(u32::MAX) - 10;
    one.write(at(start), b"x");
    // 50 ms later it is 39
    let time = u32::MAX - 10;
    hear(&mut one, start + 50, &[Segment { time, ..ACK }]);
    one.write(at(start + 50), b"y");
    // a round trip of 50 ms: a timeout of 50 + 4 * 25
    assert_eq!(sent(&mut one).1, Some(start + 50 + 150));
    let Output::Wait(_) = one.poll() else {
        panic!("it sends more");
    };
}
