use core::time::Duration;
use std::vec;

use proptest::prelude::*;

use super::*;

#[test]
fn the_send_queue_takes_its_size_and_not_a_byte_more() {
    let config = Config {
        send_queue: 2000,
        ..Config::default()
    };
    let mut one = connection(config);
    // one segment flies
    assert_eq!(one.write(at(0), &[7; 1376]), 1376);
    assert_eq!(one.room(), 2000);
    assert_eq!(one.write(at(0), &[7; 2001]), 2000);
    assert_eq!((one.room(), one.write(at(0), &[7])), (0, 0));
    assert_eq!(one.unacknowledged(), 3376);
    hear(&mut one, 10, &[ACK]);
    assert_eq!(one.room(), 2000);
}

#[test]
fn the_receive_window_takes_its_size_in_order_and_aside() {
    let config = Config {
        receive_window: 3,
        ..Config::default()
    };
    let mut one = connection(config);
    for number in 0..6 {
        hear(&mut one, 0, &[Segment { number, ..PUSH }]);
    }
    assert_eq!((one.readable(), one.stats().beyond_window), (3, 0));
    hear(&mut one, 0, &[Segment { number: 6, ..PUSH }]);
    assert_eq!((one.readable(), one.stats().beyond_window), (3, 1));
    let mut bytes = [0; 10];
    assert_eq!(one.read(at(0), &mut bytes), 6);
}

#[test]
fn a_datagram_may_be_as_long_as_the_limit() {
    let mut one = connection(Config::default());
    let fits = Segment {
        data: &[7; 1476],
        ..PUSH
    };
    let is_longer = Segment {
        data: &[7; 1477],
        ..PUSH
    };
    hear(&mut one, 0, &[is_longer]);
    assert_eq!((one.readable(), one.stats().long), (0, 1));
    hear(&mut one, 0, &[fits]);
    assert_eq!((one.readable(), one.stats().long), (1476, 1));
}

#[test]
fn datagrams_that_nobody_takes_are_dropped_at_the_limit() {
    let config = Config {
        outgoing: 4,
        ..Config::own()
    };
    let mut one = connection(config);
    one.write(at(0), &[7; 1376 * 4]);
    assert_eq!(one.stats().dropped, 0);
    one.write(at(0), &[7; 1376]);
    assert_eq!(one.stats().dropped, 1);
    assert_eq!(sent(&mut one).0.len(), 4);
    assert_eq!(tick(&mut one, 200).0.len(), 4);
}

#[test]
fn it_is_dead_after_twenty_transmissions_until_it_is_heard() {
    let mut one = connection(Config::default());
    one.write(at(0), b"x");
    let mut now = sent(&mut one).1.unwrap();
    for transmissions in 2..=20 {
        assert!(!one.is_dead());
        now = tick(&mut one, now).1.unwrap();
        assert_eq!(one.stats().timeouts, transmissions - 1);
    }
    assert!(one.is_dead());
    // 200 ms and 20 + 19 + .. times 200 ms: what a silent peer costs
    assert_eq!(now, 42_000);
    hear(&mut one, now, &[ACK]);
    assert!(!one.is_dead());
}

#[test]
fn the_shortest_datagram_carries_a_byte_and_the_least_queue_one_of_them() {
    let config = Config {
        mtu: 0,
        outgoing: 0,
        ..Config::own()
    };
    let mut one = connection(config);
    assert_eq!(one.write(at(0), b"xyz"), 3);
    assert_eq!(sent(&mut one).0, [(Command::Push, 0, 1)]);
    assert_eq!(one.stats().dropped, 2);
}

#[test]
fn the_least_windows_are_one_segment() {
    let config = Config {
        send_window: 0,
        receive_window: 0,
        ..Config::own()
    };
    let mut one = connection(config);
    one.write(at(0), &[7; 1376 * 2]);
    assert_eq!(sent(&mut one).0, [(Command::Push, 0, 1376)]);
    hear(&mut one, 0, &[PUSH, Segment { number: 1, ..PUSH }]);
    assert_eq!((one.readable(), one.stats().beyond_window), (1, 0));
}

#[test]
fn one_push_without_an_ack_is_enough_to_be_dead() {
    let config = Config {
        dead_after: 2,
        ..Config::own()
    };
    let mut one = connection(config);
    one.write(at(0), b"x");
    assert!(!one.is_dead());
    tick(&mut one, 200);
    one.write(at(210), b"y");
    assert!(one.is_dead());
}

#[test]
fn two_segments_fill_a_datagram_to_the_last_byte() {
    let mut one = connection(Config::own());
    one.write(at(0), &[7; 676]);
    one.write(at(0), &[7; 676]);
    assert_eq!(sent(&mut one).0.len(), 2);
    one.handle(at(200), Input::Tick);
    assert!(matches!(one.poll(), Output::Send(datagram) if datagram.len() == 1400));
    assert!(matches!(one.poll(), Output::Wait(_)));
}

#[test]
fn values_out_of_range_count_as_the_nearest() {
    let config = Config {
        mtu: 0,
        send_window: 0,
        receive_window: 0,
        send_queue: 0,
        outgoing: 0,
        interval: Duration::ZERO,
        dead_after: 0,
        ..Config::default()
    };
    let mut one = connection(config);
    assert_eq!((one.room(), one.is_dead()), (1, false));
    assert_eq!(one.write(at(0), b"xy"), 1);
    assert_eq!(sent(&mut one), (vec![(Command::Push, 0, 1)], Some(200)));
    assert!(one.is_dead());
    hear(&mut one, 100, &[PUSH]);
    assert_eq!(one.readable(), 1);
    let longest = Config {
        mtu: usize::MAX,
        interval: Duration::MAX,
        ..config
    };
    let longest = longest.bounded();
    assert_eq!((longest.mtu, longest.interval.as_secs()), (65_507, 5));
}

/// A segment that is nearly right, so that it gets far.
fn hostile() -> impl Strategy<Value = (Vec<u8>, u64)> {
    let near = prop_oneof![0..80_u32, any::<u32>()];
    let command = prop_oneof![
        Just(Command::Push),
        Just(Command::Ack),
        Just(Command::Ask),
        Just(Command::Tell)
    ];
    let data = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        Just(vec![7; 1400])
    ];
    let numbers = (near.clone(), near, any::<u32>());
    let windows = prop_oneof![0..3_u16, any::<u16>()];
    (command, numbers, windows, data, 0..300_u64).prop_map(
        |(command, (number, next, time), window, data, passed)| {
            let data = &data;
            let segment = Segment {
                command,
                number,
                next,
                time,
                window,
                data,
                ..PUSH
            };
            let mut bytes = Vec::new();
            segment.encode(&mut bytes);
            (bytes, passed)
        },
    )
}

proptest! {
    #[test]
    fn hostile_segments_break_no_bound(
        segments in proptest::collection::vec(hostile(), 0..200),
        reads in any::<bool>(),
    ) {
        let config = Config { send_window: 16, receive_window: 8, ..Config::own() };
        let mut one = connection(config);
        one.write(at(0), &[7; 60_000]);
        let _ = sent(&mut one);
        let mut now = 0;
        for (bytes, passed) in segments {
            now += passed;
            one.handle(at(now), Input::Datagram(&bytes));
            let mut count = 0;
            let until = loop {
                match one.poll() {
                    Output::Wait(until) => break until,
                    Output::Send(datagram) => {
                        count += 1;
                        prop_assert!((24..=1400).contains(&datagram.len()));
                    }
                }
            };
            prop_assert!(count <= 18, "{} datagrams", count);
            prop_assert!(until.is_none_or(|at| at.as_ms() > now));
            prop_assert!(one.readable() <= 8 * 1476);
            if reads {
                one.read(at(now), &mut [0; 900]);
            }
        }
    }
}
