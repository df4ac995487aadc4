use std::vec;

use super::*;
use Command::{Push, Tell};

#[test]
fn it_waits_for_nothing_at_first() {
    assert_eq!(sent(&mut connection(Config::default())), nothing(None));
}

#[test]
fn what_is_written_leaves_at_once() {
    let mut one = connection(Config::default());
    assert_eq!(one.write(at(5), b"hello"), 5);
    let Output::Send(datagram) = one.poll() else {
        panic!("it does not send");
    };
    let (segment, rest) = Segment::decode(&datagram).unwrap();
    let expected = Segment {
        time: 5,
        data: b"hello",
        ..PUSH
    };
    assert_eq!((segment, rest), (expected, &[][..]));
    assert_eq!(sent(&mut one), nothing(205));
    assert_eq!(one.stats().sent, 1);
    assert_eq!(one.unacknowledged(), 5);
}

#[test]
fn a_long_write_is_cut_into_segments() {
    let mut one = connection(Config::own());
    assert_eq!(one.write(at(0), &[7; 3000]), 3000);
    let (segments, _) = sent(&mut one);
    assert_eq!(segments, [(Push, 0, 1376), (Push, 1, 1376), (Push, 2, 248)]);
}

#[test]
fn the_congestion_window_opens_with_acks() {
    let mut one = connection(Config::default());
    one.write(at(0), &[7; 1376 * 4]);
    assert_eq!(sent(&mut one), (vec![(Push, 0, 1376)], Some(200)));
    hear(&mut one, 40, &[ACK]);
    let (segments, _) = sent(&mut one);
    assert_eq!(segments, [(Push, 1, 1376), (Push, 2, 1376)]);
    assert_eq!(one.unacknowledged(), 1376 * 3);
}

#[test]
fn the_peers_window_is_kept() {
    let mut one = connection(Config::own());
    one.write(at(0), &[7; 1376 * 12]);
    assert_eq!(sent(&mut one).0.len(), 10);
    hear(
        &mut one,
        10,
        &[Segment {
            next: 10,
            window: 1,
            ..ACK
        }],
    );
    assert_eq!(sent(&mut one).0, [(Push, 10, 1376)]);
    // a tell that opens it lets the rest go at once
    let tell = Segment {
        command: Tell,
        next: 10,
        window: 2,
        ..ACK
    };
    hear(&mut one, 11, &[tell]);
    assert_eq!(sent(&mut one).0, [(Push, 11, 1376)]);
}

#[test]
fn an_older_segment_does_not_change_the_window() {
    let mut one = connection(Config::own());
    one.write(at(0), &[7; 1376 * 2]);
    hear(
        &mut one,
        10,
        &[Segment {
            next: 2,
            window: 0,
            ..ACK
        }],
    );
    hear(
        &mut one,
        11,
        &[Segment {
            next: 1,
            window: 9,
            ..ACK
        }],
    );
    sent(&mut one);
    one.write(at(12), b"x");
    assert_eq!(sent(&mut one), nothing(510));
}

#[test]
fn a_push_goes_out_again_later_each_time() {
    let mut one = connection(Config::default());
    one.write(at(0), b"x");
    assert_eq!(sent(&mut one).1, Some(200));
    assert_eq!(tick(&mut one, 199), nothing(200));
    assert_eq!(tick(&mut one, 200), (vec![(Push, 0, 1)], Some(600)));
    assert_eq!(tick(&mut one, 600), (vec![(Push, 0, 1)], Some(1200)));
    assert_eq!(tick(&mut one, 5000), (vec![(Push, 0, 1)], Some(5800)));
    assert_eq!(one.stats().timeouts, 3);

    let mut one = connection(Config::own());
    one.write(at(0), b"x");
    assert_eq!(sent(&mut one).1, Some(200));
    assert_eq!(tick(&mut one, 200), (vec![(Push, 0, 1)], Some(500)));
}

#[test]
fn a_push_waits_a_minute_at_most() {
    let mut one = connection(Config::default());
    one.write(at(0), b"x");
    hear(&mut one, 50_000, &[ACK]);
    one.write(at(50_000), b"y");
    assert_eq!(sent(&mut one).1, Some(110_000));
    assert_eq!(tick(&mut one, 110_000).1, Some(170_000));
}

#[test]
fn a_skipped_push_goes_out_again_at_once() {
    let mut one = connection(Config::default());
    one.write(at(0), &[7; 1376 * 3]);
    hear(&mut one, 40, &[ACK]);
    assert_eq!(sent(&mut one).0.len(), 3);
    let ack_of_2 = Segment {
        number: 2,
        next: 1,
        time: 40,
        ..ACK
    };
    hear(&mut one, 80, &[ack_of_2]);
    assert_eq!(sent(&mut one).0, [(Push, 1, 1376)]);
    assert_eq!((one.stats().skipped, one.stats().timeouts), (1, 0));
    // what was done for skips is not done again
    hear(&mut one, 90, &[ack_of_2]);
    assert_eq!(sent(&mut one).0, []);
}

#[test]
fn an_overtaken_push_has_a_while_to_come() {
    let mut one = connection(Config::own());
    one.write(at(0), &[7; 1376 * 3]);
    sent(&mut one);
    // a round trip of 80 ms, and a quarter of it
    hear(
        &mut one,
        80,
        &[Segment {
            number: 2,
            next: 0,
            ..ACK
        }],
    );
    assert_eq!(sent(&mut one), nothing(100));
    hear(
        &mut one,
        90,
        &[Segment {
            number: 1,
            next: 0,
            ..ACK
        }],
    );
    assert_eq!(tick(&mut one, 101).0, [(Push, 0, 1376)]);
    assert_eq!((one.stats().skipped, one.stats().timeouts), (1, 0));
}

#[test]
fn fast_resend_may_be_at_the_first_ack_or_never() {
    let ack = Segment {
        number: 2,
        next: 0,
        ..ACK
    };
    for (fast_resend, expected) in [
        (0, &[(Push, 3, 3)][..]),
        (1, &[(Push, 0, 1376), (Push, 1, 1376), (Push, 3, 3)]),
    ] {
        let config = Config {
            fast_resend,
            ..Config::own()
        };
        let mut one = connection(config);
        one.write(at(0), &[7; 1376 * 3]);
        sent(&mut one);
        hear(&mut one, 80, &[ack]);
        one.write(at(105), b"new");
        assert_eq!(sent(&mut one).0, expected);
    }
}

#[test]
fn the_first_push_that_is_late_wakes_it() {
    let mut one = connection(Config::own());
    one.write(at(0), b"x");
    one.write(at(60), b"y");
    let (segments, until) = sent(&mut one);
    assert_eq!((segments.len(), until), (2, Some(200)));
    assert_eq!(tick(&mut one, 200), (vec![(Push, 0, 1)], Some(260)));
}

#[test]
fn fast_resend_counts_acks_while_new_pushes_fly() {
    for (acks, expected) in [
        (&[2][..], &[(Push, 3, 3)][..]),
        (&[1, 2], &[(Push, 0, 1376), (Push, 3, 3)]),
    ] {
        let mut one = connection(Config::own());
        one.write(at(0), &[7; 1376 * 3]);
        sent(&mut one);
        for &number in acks {
            hear(
                &mut one,
                80,
                &[Segment {
                    number,
                    next: 0,
                    ..ACK
                }],
            );
        }
        one.write(at(105), b"new");
        assert_eq!(sent(&mut one).0, expected);
    }
}

#[test]
fn an_ack_of_an_earlier_transmission_skips_nothing() {
    let mut one = connection(Config::own());
    one.write(at(0), &[7; 1376 * 2]);
    tick(&mut one, 300);
    // the ack is of the transmission at 0, both left again at 300
    hear(
        &mut one,
        310,
        &[Segment {
            number: 1,
            next: 0,
            ..ACK
        }],
    );
    assert_eq!(tick(&mut one, 350).0, []);
}

#[test]
fn a_slow_path_is_not_taken_for_a_full_one() {
    let mut one = connection(Config::own());
    one.write(at(0), &[7; 1376 * 40]);
    assert_eq!(sent(&mut one).0.len(), 10);
    // nobody knows yet how long an ack takes: all go again, the window stays
    assert_eq!(tick(&mut one, 200).0.len(), 10);
    hear(
        &mut one,
        210,
        &[Segment {
            number: 9,
            next: 10,
            ..ACK
        }],
    );
    assert_eq!(sent(&mut one).0.len(), 20);
}
