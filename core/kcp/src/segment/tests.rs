use proptest::prelude::*;

use super::*;

const SEGMENT: Segment<'_> = Segment {
    conv: Conv::new(0x0403_0201),
    command: Command::Push,
    fragment: 0,
    window: 0x0605,
    time: 0x0a09_0807,
    number: 0x0e0d_0c0b,
    next: 0x1211_100f,
    data: b"hi",
};

#[test]
fn a_header_has_its_fields_in_their_places() {
    let mut bytes = Vec::new();
    SEGMENT.encode(&mut bytes);
    let expected: [&[u8]; 8] = [
        &[1, 2, 3, 4],     // conv
        &[81, 0],          // command, fragment
        &[5, 6],           // window
        &[7, 8, 9, 10],    // time
        &[11, 12, 13, 14], // number
        &[15, 16, 17, 18], // next
        &[2, 0, 0, 0],     // length
        b"hi",
    ];
    assert_eq!(bytes, expected.concat());
    assert_eq!(bytes.len(), SEGMENT.size());
}

#[test]
fn a_segment_ends_where_its_length_says() {
    let mut bytes = Vec::new();
    SEGMENT.encode(&mut bytes);
    assert_eq!(Segment::decode(&bytes), Ok((SEGMENT, &[][..])));
    bytes.push(9);
    assert_eq!(Segment::decode(&bytes), Ok((SEGMENT, &[9][..])));
    let short = Segment::decode(&bytes[..25]);
    let truncated = DecodeError::Truncated {
        length: 2,
        bytes: 1,
    };
    assert_eq!(short, Err(truncated));
    assert_eq!(Segment::decode(&bytes[..23]), Err(DecodeError::Short));
    assert_eq!(truncated.kind(), Kind::PeerMisbehaved);
}

#[test]
fn there_are_four_commands() {
    let mut bytes = Vec::new();
    SEGMENT.encode(&mut bytes);
    for command in 0..=255 {
        bytes[4] = command;
        let known = Segment::decode(&bytes).map(|(segment, _)| segment.command.byte());
        let unknown = DecodeError::UnknownCommand { command };
        let is_one = (81..=84).contains(&command);
        assert_eq!(known, if is_one { Ok(command) } else { Err(unknown) });
    }
}

proptest! {
    #[test]
    fn decoding_never_panics_and_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        if let Ok((segment, rest)) = Segment::decode(&bytes) {
            let mut again = Vec::new();
            segment.encode(&mut again);
            prop_assert_eq!(again.len(), segment.size());
            again.extend(rest);
            prop_assert_eq!(again, bytes);
        }
    }
}

proptest! {
    #[test]
    fn a_segment_comes_back(
        numbers in any::<[u32; 4]>(),
        command in 81..=84_u8,
        fragment in any::<u8>(),
        window in any::<u16>(),
        data in proptest::collection::vec(any::<u8>(), 0..1400),
    ) {
        let [conv, time, number, next] = numbers;
        let (conv, command) = (Conv::new(conv), Command::of(command).unwrap());
        let data = &data;
        let segment = Segment { conv, command, fragment, window, time, number, next, data };
        let mut bytes = Vec::new();
        segment.encode(&mut bytes);
        prop_assert_eq!(Segment::decode(&bytes), Ok((segment, &[][..])));
    }
}
