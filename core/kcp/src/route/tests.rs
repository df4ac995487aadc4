use alloc::vec::Vec;

use super::*;

const CONV: Conv = Conv::new(7);
const FIRST: Segment<'_> = Segment {
    conv: CONV,
    command: Command::Push,
    fragment: 0,
    window: 32,
    time: 99,
    number: 0,
    next: 0,
    data: b"x",
};

fn datagram(segments: &[Segment<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for segment in segments {
        segment.encode(&mut bytes);
    }
    bytes
}

#[test]
fn a_first_push_opens_a_connection() {
    assert_eq!(route(&datagram(&[FIRST]), &[]), Route::Open(CONV));
    let second = Segment { number: 1, ..FIRST };
    let both = datagram(&[FIRST, second]);
    assert_eq!(route(&both, &[]), Route::Open(CONV));
}

#[test]
fn nothing_else_opens_a_connection() {
    let other = Conv::new(8);
    for segments in [
        &[Segment { number: 1, ..FIRST }][..],
        &[Segment { next: 1, ..FIRST }],
        &[Segment {
            fragment: 1,
            ..FIRST
        }],
        &[Segment { window: 0, ..FIRST }],
        &[Segment { data: &[], ..FIRST }],
        &[Segment {
            command: Command::Ack,
            ..FIRST
        }],
        &[Segment {
            command: Command::Ask,
            ..FIRST
        }],
        &[Segment {
            command: Command::Tell,
            ..FIRST
        }],
        &[
            FIRST,
            Segment {
                conv: other,
                ..FIRST
            },
        ],
    ] {
        let bytes = datagram(segments);
        assert_eq!(route(&bytes, &[]), Route::Ignore, "{segments:?}");
    }
}

#[test]
fn noise_opens_nothing() {
    let mut bytes = datagram(&[FIRST]);
    assert_eq!(route(&bytes[..24], &[]), Route::Ignore);
    assert_eq!(route(&[], &[]), Route::Ignore);
    assert_eq!(route(&[0], &[]), Route::Ignore);
    assert_eq!(
        route(b"KBRK\x01\x03 and 133 bytes of it", &[]),
        Route::Ignore
    );
    bytes.push(0);
    assert_eq!(route(&bytes, &[]), Route::Ignore);
}

#[test]
fn a_known_conv_gets_whatever_has_a_header() {
    let bytes = datagram(&[Segment { number: 9, ..FIRST }]);
    assert_eq!(route(&bytes, &[CONV]), Route::To(CONV));
    assert_eq!(route(&bytes[..24], &[CONV]), Route::To(CONV));
    assert_eq!(route(&bytes[..23], &[CONV]), Route::Ignore);
}

#[test]
fn a_new_conv_of_the_same_source_opens_a_second_connection() {
    let known = [Conv::new(1), Conv::new(2)];
    assert_eq!(route(&datagram(&[FIRST]), &known), Route::Open(CONV));
    let later = datagram(&[Segment { number: 1, ..FIRST }]);
    assert_eq!(route(&later, &known), Route::Ignore);
}
