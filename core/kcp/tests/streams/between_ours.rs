//! Both ends are ours.

use kcp::Config;
use proptest::prelude::*;

use crate::network::{Network, Weather, text};
use crate::ours::Ours;

fn pair(configs: [Config; 2]) -> (Ours, Ours) {
    let [a, b] = configs.map(|config| Ours::new(config, 0xfeed, 0));
    (a, b)
}

const HOUR: u64 = 3_600_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn each_reads_what_the_other_wrote(
        seed in any::<u64>(),
        loss_percent in 0..=30_u64,
        repeat_percent in 0..=20_u64,
        delay in 1..=200_u64,
        lengths in [0..60_000_usize, 0..60_000_usize],
        own in any::<[bool; 2]>(),
    ) {
        let weather = Weather { loss_percent, repeat_percent, latency: 10, delay };
        let configs = own.map(|own| if own { Config::own() } else { Config::default() });
        let mut network = Network::new(seed, 0, weather, pair(configs));
        let [a, b] = lengths.map(|length| text(seed ^ length as u64, length));
        network.carry([&a, &b], HOUR);
        // and again, after a silence longer than a clock of 32 bits
        network.pass(5_000_000_000);
        network.carry([&b, &a], HOUR);
    }

    #[test]
    fn small_windows_and_queues_are_enough(
        seed in any::<u64>(),
        loss_percent in 0..=20_u64,
        windows in [1..4_u16, 1..4_u16],
        send_queue in 1..3000_usize,
        mtu in 25..1400_usize,
    ) {
        let weather = Weather { loss_percent, repeat_percent: 5, latency: 10, delay: 30 };
        let mut config = Config::default();
        config.send_window = windows[0];
        config.receive_window = windows[1];
        config.send_queue = send_queue;
        config.mtu = mtu;
        let mut network = Network::new(seed, 0, weather, pair([config, config]));
        let bytes = text(seed, (mtu - 24) * 20);
        network.carry([&bytes, &bytes], HOUR);
    }
}

#[test]
fn a_perfect_network_loses_no_time() {
    let weather = Weather {
        loss_percent: 0,
        repeat_percent: 0,
        latency: 0,
        delay: 1,
    };
    for (config, at_most) in [(Config::default(), 5_000), (Config::own(), 500)] {
        let mut network = Network::new(1, 0, weather, pair([config; 2]));
        let bytes = text(2, 200_000);
        let took = network.carry([&bytes, &[]], HOUR);
        assert!(took <= at_most, "{took} ms");
    }
}
