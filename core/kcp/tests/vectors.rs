//! Every case of `vectors/kcp/segments.json`, which a second implementation made.
#![cfg(test)]

use kcp::{Command, Conv, DecodeError, Route, Segment, route};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: String,
    #[serde(rename = "README")]
    _readme: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The datagram.
    hex: String,
    /// Its segments, up to the fault.
    segments: Vec<Fields>,
    fault: Option<String>,
    begins: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    conv: u32,
    command: String,
    fragment: u8,
    window: u16,
    time: u32,
    number: u32,
    next: u32,
    data: String,
}

#[test]
fn every_case_of_the_second_implementation() {
    let text = include_str!("../../../vectors/kcp/segments.json");
    let file: File = serde_json::from_str(text).unwrap();
    assert_eq!(
        file.cases.len(),
        29,
        "a case went missing from {}",
        file.source
    );
    for case in &file.cases {
        check(case);
    }
}

fn check(case: &Case) {
    let name = &case.name;
    let datagram = hex::decode(&case.hex).unwrap();
    let mut rest = &datagram[..];
    let mut again = Vec::new();
    for expected in &case.segments {
        let (segment, after) = Segment::decode(rest).unwrap();
        let data = hex::decode(&expected.data).unwrap();
        assert_eq!(segment, fields(expected, &data), "{name}");
        segment.encode(&mut again);
        rest = after;
    }
    let fault = match Segment::decode(rest) {
        Err(DecodeError::Short) if rest.is_empty() && !again.is_empty() => None,
        Err(DecodeError::Short) => Some("short"),
        Err(DecodeError::UnknownCommand { .. }) => Some("command"),
        Err(DecodeError::Truncated { .. }) => Some("truncated"),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(fault, case.fault.as_deref(), "{name}");
    again.extend(rest);
    assert_eq!(again, datagram, "{name}");

    let begins = match route(&datagram, &[]) {
        Route::Open(conv) => {
            assert_eq!(conv.number(), case.segments[0].conv, "{name}");
            true
        }
        Route::To(_) => panic!("{name}: nobody is known"),
        Route::Ignore => false,
    };
    assert_eq!(begins, case.begins, "{name}");
}

fn fields<'a>(fields: &Fields, data: &'a [u8]) -> Segment<'a> {
    let command = match fields.command.as_str() {
        "push" => Command::Push,
        "ack" => Command::Ack,
        "ask" => Command::Ask,
        "tell" => Command::Tell,
        other => panic!("command {other}"),
    };
    Segment {
        conv: Conv::new(fields.conv),
        command,
        fragment: fields.fragment,
        window: fields.window,
        time: fields.time,
        number: fields.number,
        next: fields.next,
        data,
    }
}
