use std::vec;

use super::*;
use Command::{Ack, Ask, Push, Tell};

#[test]
fn an_ack_goes_at_once_after_a_silence_and_then_waits() {
    let mut one = connection(Config::default());
    hear(&mut one, 500, &[PUSH]);
    assert_eq!(sent(&mut one), (vec![(Ack, 0, 0)], None));
    hear(&mut one, 530, &[Segment { number: 1, ..PUSH }]);
    assert_eq!(sent(&mut one), nothing(600));
    assert_eq!(tick(&mut one, 600), (vec![(Ack, 1, 0)], None));
}

#[test]
fn an_ack_goes_with_what_is_written() {
    let mut one = connection(Config::default());
    hear(&mut one, 500, &[PUSH]);
    sent(&mut one);
    hear(&mut one, 530, &[Segment { number: 1, ..PUSH }]);
    one.write(at(540), b"answer");
    let (segments, _) = sent(&mut one);
    assert_eq!(segments, [(Ack, 1, 0), (Push, 0, 6)]);
}

#[test]
fn an_ack_goes_at_once_when_one_comes() {
    let mut one = connection(Config::default());
    one.write(at(0), b"x");
    sent(&mut one);
    hear(&mut one, 10, &[ACK, PUSH]);
    assert_eq!(sent(&mut one), (vec![(Ack, 0, 0)], None));
}

#[test]
fn acks_that_fill_a_datagram_do_not_wait() {
    let config = Config {
        receive_window: 100,
        ..Config::default()
    };
    let mut one = connection(config);
    hear(&mut one, 500, &[PUSH]);
    sent(&mut one);
    // numbers with a gap before them, so that each needs its ack
    for number in 2..59 {
        hear(&mut one, 501, &[Segment { number, ..PUSH }]);
        assert_eq!(sent(&mut one).0, []);
    }
    hear(&mut one, 501, &[Segment { number: 59, ..PUSH }]);
    assert_eq!(sent(&mut one).0.len(), 58);
}

#[test]
fn a_closed_window_is_asked_for() {
    let mut one = connection(Config::default());
    one.write(at(0), b"x");
    hear(&mut one, 100, &[Segment { window: 0, ..ACK }]);
    one.write(at(100), b"y");
    assert_eq!(sent(&mut one), (vec![(Push, 0, 1)], Some(600)));
    assert_eq!(tick(&mut one, 600), (vec![(Ask, 0, 0)], Some(1350)));
    assert_eq!(tick(&mut one, 1350), (vec![(Ask, 0, 0)], Some(2475)));
    let mut now = 2475;
    for _ in 0..20 {
        now = tick(&mut one, now).1.unwrap();
    }
    assert_eq!(tick(&mut one, now).1, Some(now + 120_000));
    hear(
        &mut one,
        now,
        &[Segment {
            command: Tell,
            ..ACK
        }],
    );
    assert_eq!(sent(&mut one).0, [(Push, 1, 1)]);
}

#[test]
fn what_is_late_does_not_wait_for_a_closed_window() {
    let mut one = connection(Config::own());
    one.write(at(0), &[7; 1376 * 2]);
    hear(&mut one, 10, &[Segment { window: 0, ..ACK }]);
    sent(&mut one);
    assert_eq!(tick(&mut one, 200).0, [(Push, 1, 1376)]);
    let (_, until) = tick(&mut one, 210);
    assert!(until.is_some_and(|until| until < 510));
}

#[test]
fn an_open_window_is_not_asked_for() {
    let mut one = connection(Config::default());
    hear(&mut one, 500, &[Segment { window: 1, ..PUSH }]);
    assert_eq!(sent(&mut one), (vec![(Ack, 0, 0)], None));
    hear(&mut one, 700, &[Segment { window: 0, ..PUSH }]);
    assert_eq!(sent(&mut one), (vec![(Ack, 0, 0)], Some(1200)));
    hear(&mut one, 900, &[Segment { window: 1, ..PUSH }]);
    assert_eq!(sent(&mut one), (vec![(Ack, 0, 0)], None));
}

#[test]
fn flushing_sends_what_may_go() {
    let mut one = connection(Config::default());
    hear(&mut one, 500, &[PUSH]);
    sent(&mut one);
    hear(&mut one, 501, &[Segment { number: 1, ..PUSH }]);
    one.flush(at(502));
    assert_eq!(sent(&mut one), (vec![(Ack, 1, 0)], None));
}
