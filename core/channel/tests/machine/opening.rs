//! From the first frame to the first message.

use std::time::Duration;

use channel::{End, Event, Input, Output, Role, SessionId, Version};

use crate::pair::{Pair, config, key};

#[test]
fn two_who_want_each_other_get_one_session() {
    let mut pair = Pair::new();
    pair.settle();
    let session = |events: &[Event]| {
        let found = events.iter().find_map(|event| match event {
            Event::Established {
                session, resumed, ..
            } => Some((*session, *resumed)),
            _ => None,
        });
        found.unwrap()
    };
    let (ours, resumed) = session(&pair.caller.events);
    assert_eq!(session(&pair.called.events), (ours, false));
    assert!(!resumed && ours.as_str().len() == SessionId::LEN);
    for (side, name, seed) in [(&pair.caller, "Bob", 2), (&pair.called, "Alice", 1)] {
        let Event::Introduced(peer) = &side.events[0] else {
            panic!("{:?}", side.events);
        };
        assert_eq!(peer.name, name);
        assert_eq!(&peer.key, key(seed).public().ed25519());
        assert_eq!(peer.version, Version::OURS);
    }
    // kept before the last frame leaves, told after
    assert!(pair.caller.trace.ends_with("S>T"), "{}", pair.caller.trace);
    assert!(pair.called.trace.ends_with("ST"), "{}", pair.called.trace);
    assert_eq!(pair.caller.kept.unwrap().session(), ours);
    assert_eq!(pair.called.kept.unwrap().session(), ours);
}

#[test]
fn frames_have_the_order_and_the_lengths_of_the_spec() {
    let mut pair = Pair::new();
    pair.settle();
    let shape: String = pair
        .carried
        .iter()
        .map(|(role, _)| if *role == Role::Caller { 'I' } else { 'R' })
        .collect();
    assert_eq!(shape, "IRIIRIRIRRI");
    let lengths: Vec<_> = pair.carried.iter().map(|(_, frame)| frame.len()).collect();
    assert_eq!(lengths[..3], [1216, 2338, 1120]);
    // envelopes of a usual length, in the tunnel; those of the challenge encrypted twice
    for length in &lengths[3..7] {
        assert!(
            [512, 1024, 4096, 16_384, 32_768].contains(&(length - 16)),
            "{length}"
        );
    }
    for length in &lengths[7..] {
        assert!(
            [512, 1024, 4096, 16_384].contains(&(length - 16 - 40)),
            "{length}"
        );
    }
}

#[test]
fn every_frame_that_is_altered_ends_the_opening_and_nothing_else() {
    for number in 0..11 {
        for place in [0, 1, 40, usize::MAX] {
            let mut pair = Pair::new();
            let mut count = 0;
            let mut step = |pair: &mut Pair, role| {
                pair.carry(role, |frame| {
                    if count == number {
                        let last = frame.len() - 1;
                        frame[place.min(last)] ^= 1;
                    }
                    count += 1;
                })
            };
            while step(&mut pair, Role::Caller) || step(&mut pair, Role::Called) {}
            let ends = [pair.caller.end(), pair.called.end()];
            // A key that is another one is only noticed by what does not open.
            let is_noticed = |end: &Option<End>| matches!(end, Some(End::Malformed | End::Forged));
            assert!(ends.iter().any(is_noticed), "{number} {place} {ends:?}");
            assert!(!(pair.caller.is_open() && pair.called.is_open()));
        }
    }
}

#[test]
fn frames_of_any_other_length_end_the_opening() {
    for number in 0..11 {
        for length in [0, 1, 2, 15, 16, 39, 40, 65_535] {
            let mut pair = Pair::new();
            let mut count = 0;
            let mut step = |pair: &mut Pair, role| {
                pair.carry(role, |frame| {
                    if count == number {
                        frame.resize(length, 7);
                    }
                    count += 1;
                })
            };
            while step(&mut pair, Role::Caller) || step(&mut pair, Role::Called) {}
            let ends = [pair.caller.end(), pair.called.end()];
            assert!(ends.iter().any(Option::is_some), "{number} {length}");
        }
    }
}

#[test]
fn whoever_is_not_wanted_is_told_nothing() {
    // Alice has introduced herself and Bob not yet.
    let mut pair = Pair::new();
    pair.carry(Role::Caller, |_| {});
    pair.carry(Role::Called, |_| {});
    pair.carry(Role::Caller, |_| {});
    let introduction = pair.caller.out.pop_front().unwrap();
    pair.give(Role::Called, &introduction);
    assert!(matches!(pair.called.events[..], [Event::Introduced(_)]));
    pair.called.channel.reject();
    pair.called.drain();
    assert_eq!(pair.called.end(), Some(End::Rejected));
    assert_eq!(pair.called.out.len(), 0);
    assert!(pair.called.trace.ends_with("XT"));
    // nothing comes of deciding again
    let now = pair.now;
    pair.called.channel.accept(now);
    pair.called.channel.reject();
    pair.called.drain();
    assert_eq!(pair.called.events.len(), 2);
}

#[test]
fn nobody_speaks_while_the_other_side_decides() {
    let mut pair = Pair::new();
    pair.carry(Role::Caller, |_| {});
    pair.carry(Role::Called, |_| {});
    pair.carry(Role::Caller, |_| {});
    let introduction = pair.caller.out.pop_front().unwrap();
    pair.give(Role::Called, &introduction);
    pair.give(Role::Called, b"more");
    assert_eq!(pair.called.end(), Some(End::Malformed));
}

#[test]
fn an_opening_that_takes_too_long_ends() {
    let limit = Duration::from_secs(30);
    let mut pair = Pair::new();
    pair.wait(limit - Duration::from_millis(1));
    assert_eq!(pair.caller.end(), None);
    assert_eq!(
        pair.caller.until,
        Some(pair.now.after(Duration::from_millis(1)))
    );
    pair.wait(Duration::from_millis(1));
    assert_eq!(pair.caller.end(), Some(End::Late));
    assert_eq!(pair.called.end(), Some(End::Late));
    assert_eq!(pair.caller.until, None);
}

#[test]
fn a_connection_that_breaks_ends_a_channel_once() {
    let mut pair = Pair::new();
    let now = pair.now;
    pair.caller.channel.handle(now, Input::Lost);
    pair.caller.channel.handle(now, Input::Lost);
    pair.caller.channel.close(now);
    pair.caller.channel.handle(now, Input::Frame(b"late"));
    pair.caller.drain();
    assert_eq!(pair.caller.events, [Event::Ended(End::Lost)]);
    assert!(pair.caller.channel.send(now, b"x").is_err());
}

#[test]
fn frames_of_another_connection_are_of_no_use() {
    let (kept, shelf) = {
        let mut pair = Pair::new();
        pair.settle();
        (pair.caller.kept.unwrap(), pair.called.kept.unwrap())
    };
    // other seeds, the same two people
    let mut other = Pair::with(config("Alice"), config("Bob"), Some(kept), Some(shelf));
    other.settle();
    for number in 3..11 {
        let mut pair = Pair::new();
        let mut count = 0;
        let mut step = |pair: &mut Pair, role| {
            pair.carry(role, |frame| {
                if count == number {
                    frame.clone_from(&other.carried[number].1);
                }
                count += 1;
            })
        };
        while step(&mut pair, Role::Caller) || step(&mut pair, Role::Called) {}
        assert!(
            !(pair.caller.is_open() && pair.called.is_open()),
            "{number}"
        );
    }
}

#[test]
fn what_cannot_be_kept_leads_to_nothing() {
    let mut pair = Pair::new();
    // up to the last frame that comes to the caller
    for from in "IRIIRIRIRR".chars() {
        let role = if from == 'I' {
            Role::Caller
        } else {
            Role::Called
        };
        if pair.carried.len() < 9 {
            pair.carry(role, |_| {});
        }
    }
    let challenge = pair.called.out.pop_front().unwrap();
    let now = pair.now;
    pair.caller.channel.handle(now, Input::Frame(&challenge));
    assert!(matches!(pair.caller.channel.poll(), Output::Save(_)));
    pair.caller.channel.handle(now, Input::NotKept);
    let sent = pair.caller.out.len();
    pair.caller.drain();
    assert_eq!(pair.caller.out.len(), sent);
    assert_eq!(pair.caller.end(), Some(End::NotKept));
    assert!(!pair.caller.is_open() && !pair.called.is_open());
}
