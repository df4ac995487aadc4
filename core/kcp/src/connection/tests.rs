mod answering;
mod bounds;
mod hearing;
#[path = "../../tests/streams/network.rs"]
mod network;
mod sending;
mod wrapping;

use std::vec::Vec;

use super::*;

const CONV: Conv = Conv::new(0x0102_0304);

/// A segment of the peer: a push of one byte, number 0.
const PUSH: Segment<'_> = Segment {
    conv: CONV,
    command: Command::Push,
    fragment: 0,
    window: 32,
    time: 77,
    number: 0,
    next: 0,
    data: b"x",
};

/// Acknowledges our push 0, echoing time 0.
const ACK: Segment<'_> = Segment {
    command: Command::Ack,
    time: 0,
    next: 1,
    data: &[],
    ..PUSH
};

fn at(ms: u64) -> Time {
    Time::from_ms(ms)
}

fn connection(config: Config) -> Connection {
    Connection::new(config, CONV, at(0))
}

fn hear(connection: &mut Connection, ms: u64, segments: &[Segment<'_>]) {
    let mut bytes = Vec::new();
    for segment in segments {
        segment.encode(&mut bytes);
    }
    connection.handle(at(ms), Input::Datagram(&bytes));
}

/// What it sends now: for each segment its command, number and length; and until when it waits.
fn sent(connection: &mut Connection) -> (Vec<(Command, u32, usize)>, Option<u64>) {
    let mut all = Vec::new();
    loop {
        match connection.poll() {
            Output::Wait(until) => return (all, until.map(Time::as_ms)),
            Output::Send(datagram) => {
                let mut rest = &datagram[..];
                while let Ok((segment, after)) = Segment::decode(rest) {
                    all.push((segment.command, segment.number, segment.data.len()));
                    rest = after;
                }
            }
        }
    }
}

fn tick(connection: &mut Connection, ms: u64) -> (Vec<(Command, u32, usize)>, Option<u64>) {
    connection.handle(at(ms), Input::Tick);
    sent(connection)
}

fn nothing(until: impl Into<Option<u64>>) -> (Vec<(Command, u32, usize)>, Option<u64>) {
    (Vec::new(), until.into())
}
