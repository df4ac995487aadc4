use super::*;
use Command::{Ack, Ask, Tell};

fn read(connection: &mut Connection, ms: u64) -> Vec<u8> {
    let mut bytes = [0; 5000];
    let count = connection.read(at(ms), &mut bytes);
    bytes[..count].to_vec()
}

#[test]
fn fragments_are_read_as_a_stream() {
    let mut one = connection(Config::default());
    let first = Segment {
        fragment: 1,
        ..PUSH
    };
    hear(&mut one, 0, &[first, Segment { number: 1, ..PUSH }]);
    assert_eq!(one.readable(), 2);
    assert_eq!(read(&mut one, 0), b"xx");
}

#[test]
fn an_ask_is_answered() {
    let mut one = connection(Config::default());
    let ask = Segment {
        command: Ask,
        data: &[],
        ..PUSH
    };
    hear(&mut one, 500, &[ask]);
    let Output::Send(datagram) = one.poll() else {
        panic!("it does not answer");
    };
    let tell = Segment {
        command: Tell,
        time: 0,
        ..ask
    };
    assert_eq!(Segment::decode(&datagram), Ok((tell, &[][..])));
}

#[test]
fn reading_a_full_window_tells_it() {
    let config = Config {
        receive_window: 2,
        ..Config::default()
    };
    let mut one = connection(config);
    hear(&mut one, 500, &[PUSH, Segment { number: 1, ..PUSH }]);
    assert_eq!(sent(&mut one).0, [(Ack, 1, 0)]);
    assert_eq!(one.read(at(510), &mut []), 0);
    assert_eq!(sent(&mut one), nothing(None));
    assert_eq!(one.read(at(510), &mut [0]), 1);
    assert_eq!(sent(&mut one), nothing(600));
    assert_eq!(tick(&mut one, 600).0, [(Tell, 0, 0)]);

    // one that was not full is not told
    read(&mut one, 710);
    assert_eq!(sent(&mut one), nothing(None));
}

#[test]
fn hostile_bytes_are_counted_by_what_they_are() {
    let mut one = connection(Config::default());
    one.handle(at(0), Input::Datagram(&[]));
    one.handle(at(0), Input::Datagram(&[0; 23]));
    assert_eq!(one.stats().short, 2);
    hear(
        &mut one,
        0,
        &[Segment {
            conv: Conv::new(9),
            ..PUSH
        }],
    );
    assert_eq!(one.stats().other_convs, 1);

    let mut bytes = Vec::new();
    PUSH.encode(&mut bytes);
    bytes[4] = 85;
    one.handle(at(0), Input::Datagram(&bytes));
    assert_eq!(one.stats().unknown_commands, 1);
    bytes[4] = 81;
    one.handle(at(0), Input::Datagram(&bytes[..24]));
    assert_eq!(one.stats().truncated, 1);

    assert_eq!(one.readable(), 0);
    assert_eq!(sent(&mut one), nothing(None));
    hear(&mut one, 0, &[PUSH, PUSH]);
    assert_eq!(one.stats().repeats, 1);
    assert_eq!(one.stats().received, 6);
}

#[test]
fn what_comes_before_a_bad_segment_stands() {
    let mut one = connection(Config::default());
    let other = Segment {
        conv: Conv::new(9),
        ..PUSH
    };
    let later = Segment { number: 1, ..PUSH };
    hear(&mut one, 0, &[PUSH, other, later]);
    assert_eq!(read(&mut one, 0), b"x");
    assert_eq!(one.stats().other_convs, 1);
}

#[test]
fn nothing_that_was_not_sent_is_acknowledged() {
    let mut one = connection(Config::default());
    one.write(at(0), &[7; 2000]);
    hear(
        &mut one,
        10,
        &[Segment {
            number: 0,
            next: 2,
            ..ACK
        }],
    );
    hear(
        &mut one,
        10,
        &[Segment {
            number: 1,
            next: 0,
            ..ACK
        }],
    );
    hear(&mut one, 10, &[Segment { next: 2, ..PUSH }]);
    assert_eq!(one.stats().unsent, 3);
    assert_eq!((one.unacknowledged(), one.readable()), (2000, 0));
    hear(&mut one, 10, &[ACK]);
    assert_eq!(one.unacknowledged(), 624);
}

#[test]
fn a_false_echo_is_no_round_trip() {
    let mut one = connection(Config::default());
    one.write(at(0), b"x");
    // from the future, and from more than a minute ago
    for time in [100, 0x9000_0000] {
        hear(&mut one, 10, &[Segment { time, ..ACK }]);
    }
    one.write(at(10), b"y");
    assert_eq!(sent(&mut one).1, Some(210));
}

#[test]
fn an_earlier_time_counts_as_the_latest() {
    let mut one = connection(Config::default());
    one.write(at(1000), b"x");
    assert_eq!(sent(&mut one).1, Some(1200));
    assert_eq!(tick(&mut one, 10), nothing(1200));
    one.write(at(20), b"");
    assert_eq!(sent(&mut one), nothing(1200));
}

#[test]
fn every_call_moves_the_time() {
    let config = Config {
        receive_window: 1,
        ..Config::default()
    };
    let mut one = connection(config);
    one.flush(at(500));
    hear(&mut one, 510, &[PUSH]);
    assert_eq!(sent(&mut one), nothing(600));
    // what is due goes out, and so does that there is room again
    read(&mut one, 700);
    assert_eq!(sent(&mut one).0, [(Ack, 0, 0), (Tell, 0, 0)]);
    hear(&mut one, 710, &[PUSH]);
    assert_eq!(sent(&mut one), nothing(800));
}

#[test]
fn the_clock_on_the_wire_begins_with_the_connection() {
    let mut one = Connection::new(Config::default(), CONV, at(1_000_000));
    one.write(at(1_000_005), b"x");
    let Output::Send(datagram) = one.poll() else {
        panic!("it does not send");
    };
    let time = Segment::decode(&datagram).map(|(segment, _)| segment.time);
    assert_eq!(time, Ok(5));
}
