//! A session.

use std::time::Duration;

use channel::{End, Event, Input, Padding, Role, SendError};

use crate::pair::{Pair, config};

#[test]
fn messages_come_in_order_with_their_place_and_moment() {
    let mut pair = Pair::open();
    for text in [&b"hi"[..], b"", &[0xff; 61_435]] {
        for role in [Role::Caller, Role::Called] {
            pair.say(role, text);
        }
    }
    pair.settle();
    for role in [Role::Caller, Role::Called] {
        let now = pair.now;
        let side = pair.side(role);
        assert_eq!(side.messages(), [&b"hi"[..], b"", &[0xff; 61_435]]);
        let mut places = side.events.iter().filter_map(|event| match event {
            Event::Message(message) => Some((message.sequence, message.sent_ms)),
            _ => None,
        });
        assert!(places.by_ref().eq([3, 4, 5].map(|n| (n, now.as_ms()))));
    }
}

#[test]
fn what_does_not_fit_is_refused_and_costs_no_place() {
    let mut relayed = config("Alice");
    relayed.padding = Padding::Relayed;
    let mut pair = Pair::with(relayed, config("Bob"), None, None);
    pair.settle();
    pair.wait(Duration::from_secs(2));
    let now = pair.now;
    for (role, most) in [(Role::Caller, 32_500), (Role::Called, 61_435)] {
        let long = vec![1; most + 1];
        let refused = pair.side(role).channel.send(now, &long);
        let bytes = most + 1;
        assert_eq!(refused, Err(SendError::TooLong { bytes, most }));
        pair.say(role, &long[1..]);
        pair.say(role, b"more");
    }
    pair.settle();
    assert_eq!(pair.called.messages().len(), 2);
    assert_eq!(pair.caller.messages().len(), 2);
    let longest = |pair: &Pair, role| {
        let frames = pair.carried.iter().filter(|(from, _)| *from == role);
        frames.map(|(_, frame)| frame.len()).max().unwrap()
    };
    assert!(longest(&pair, Role::Caller) <= 32_704 + 40);
    assert!(longest(&pair, Role::Called) <= 65_535);
}

#[test]
fn frames_have_usual_lengths_and_mostly_the_smallest() {
    let mut pair = Pair::open();
    let before = pair.carried.len();
    for _ in 0..1000 {
        pair.say(Role::Caller, b"a message of no particular length");
    }
    pair.settle();
    let lengths: Vec<_> = pair.carried[before..]
        .iter()
        .map(|(_, frame)| frame.len() - 40)
        .collect();
    let count = |length| lengths.iter().filter(|found| **found == length).count();
    let [most, some, few, least] = [512, 1024, 4096, 16_384].map(count);
    assert_eq!(most + some + few + least, 1000);
    assert!(
        most > 750 && some > 100 && few > 15 && least > 0,
        "{most} {some} {few} {least}"
    );
}

#[test]
fn a_message_that_is_missing_or_comes_twice_ends_the_session() {
    for twice in [true, false] {
        let mut pair = Pair::open();
        pair.say(Role::Caller, b"one");
        pair.say(Role::Caller, b"two");
        let first = pair.caller.out.pop_front().unwrap();
        if twice {
            pair.give(Role::Called, &first);
            pair.give(Role::Called, &first);
        } else {
            pair.carry(Role::Caller, |_| {});
        }
        assert_eq!(pair.called.end(), Some(End::OutOfOrder), "{twice}");
    }
}

#[test]
fn what_one_side_sealed_does_not_come_from_the_other() {
    let mut pair = Pair::open();
    pair.say(Role::Caller, b"one");
    let frame = pair.caller.out.pop_front().unwrap();
    pair.give(Role::Caller, &frame);
    assert_eq!(pair.caller.end(), Some(End::Forged));
}

#[test]
fn an_altered_frame_ends_the_session() {
    for place in [0, 24, 300, usize::MAX] {
        let mut pair = Pair::open();
        pair.say(Role::Called, b"one");
        pair.carry(Role::Called, |frame| {
            let last = frame.len() - 1;
            frame[place.min(last)] ^= 1;
        });
        assert_eq!(pair.caller.end(), Some(End::Forged));
    }
}

#[test]
fn closing_is_told() {
    let mut pair = Pair::open();
    pair.say(Role::Caller, b"last words");
    let now = pair.now;
    pair.caller.channel.close(now);
    pair.caller.drain();
    assert_eq!(pair.caller.end(), Some(End::Left));
    assert!(pair.caller.trace.ends_with(">XT"));
    pair.settle();
    assert_eq!(pair.called.messages(), [b"last words"]);
    assert_eq!(pair.called.end(), Some(End::Closed));
}

#[test]
fn the_first_messages_wait_for_a_program_that_begins_with_values() {
    let mut pair = Pair::new();
    pair.settle();
    pair.say(Role::Caller, b"early");
    assert!(pair.caller.out.is_empty());
    assert_eq!(
        pair.caller.until,
        Some(pair.now.after(Duration::from_millis(1500)))
    );
    pair.wait(Duration::from_millis(1499));
    assert!(pair.caller.out.is_empty());
    pair.wait(Duration::from_millis(1));
    pair.settle();
    assert_eq!(pair.called.messages(), [b"early"]);
}

#[test]
fn no_more_waits_than_there_is_room_for() {
    let mut small = config("Alice");
    small.held = 200;
    let mut pair = Pair::with(small, config("Bob"), None, None);
    pair.settle();
    pair.say(Role::Caller, &[1; 36]);
    pair.say(Role::Caller, &[2; 36]);
    let now = pair.now;
    let refused = pair.caller.channel.send(now, b"");
    assert_eq!(refused, Err(SendError::Full));
    // and what closing finds is sent
    pair.caller.channel.close(now);
    pair.caller.drain();
    pair.settle();
    assert_eq!(pair.called.messages(), [[1; 36], [2; 36]]);
}

#[test]
fn a_side_that_hears_nothing_asks_and_gives_up_after_three_times() {
    let mut pair = Pair::open();
    pair.wait(Duration::from_secs(27));
    assert!(pair.caller.out.is_empty());
    pair.wait(Duration::from_secs(1));
    assert_eq!(pair.caller.out.len(), 1);
    // answered, and then quiet for another while
    pair.settle();
    pair.wait(Duration::from_secs(29));
    assert!(pair.caller.out.is_empty() && pair.called.out.is_empty());

    // Nothing gets through from here on.
    for asked in 1..=3 {
        pair.wait(Duration::from_secs(if asked == 1 { 1 } else { 10 }));
        assert_eq!(pair.caller.out.len(), asked);
        assert_eq!(pair.caller.end(), None);
    }
    pair.wait(Duration::from_secs(10));
    assert_eq!(pair.caller.end(), Some(End::Silent));
}

#[test]
fn a_side_that_is_talked_to_does_not_ask() {
    let mut pair = Pair::open();
    for _ in 0..20 {
        pair.wait(Duration::from_secs(20));
        pair.say(Role::Called, b"still here");
        pair.say(Role::Caller, b"me too");
        pair.settle();
    }
    let pings = |pair: &Pair| pair.carried.len();
    // 11 to open, 40 messages
    assert_eq!(pings(&pair), 11 + 40);
}

#[test]
fn hostile_frames_end_a_session_and_change_nothing_else() {
    for frame in [&b""[..], b"x", &[0; 39], &[0; 40], &[0; 65_535]] {
        let mut pair = Pair::open();
        pair.give(Role::Called, frame);
        assert_eq!(pair.called.end(), Some(End::Forged));
        let now = pair.now;
        pair.called.channel.handle(now, Input::Frame(frame));
        pair.called.drain();
        assert!(pair.called.out.is_empty());
    }
}
