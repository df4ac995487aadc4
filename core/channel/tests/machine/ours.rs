//! Two of ours.

use std::time::Duration;

use channel::{End, Event, Mode, Padding, Resumption, Role, SendError};

use crate::pair::{Pair, START, config, hybrid, ours};

fn established(events: &[Event]) -> (Mode, bool) {
    let found = events.iter().find_map(|event| match event {
        Event::Established { mode, resumed, .. } => Some((*mode, *resumed)),
        _ => None,
    });
    found.unwrap()
}

fn delivered(events: &[Event]) -> Vec<u64> {
    let number = |event: &Event| match event {
        Event::Delivered(number) => Some(*number),
        _ => None,
    };
    events.iter().filter_map(number).collect()
}

#[test]
fn two_of_ours_need_nine_frames_and_then_offer_keys() {
    let mut pair = Pair::ours();
    pair.settle();
    for side in [&pair.caller, &pair.called] {
        assert_eq!(established(&side.events), (Mode::Ours, false));
    }
    let shape: String = pair
        .carried
        .iter()
        .map(|(role, _)| if *role == Role::Caller { 'I' } else { 'R' })
        .collect();
    assert_eq!(shape, "IRIIRIRIRIR");
    // kept before the frame that lets the other side know, told before the first words
    assert!(pair.called.trace.ends_with("S>T>"), "{}", pair.called.trace);
    assert!(pair.caller.trace.ends_with("S>T>"), "{}", pair.caller.trace);
    // the last two offer keys of both kinds
    for (_, frame) in &pair.carried[9..] {
        assert!([4096, 16_384, 32_768, 65_495].contains(&(frame.len() - 16)));
    }
}

#[test]
fn one_of_ours_and_one_of_others_speak_kamune() {
    for [one, other] in [
        [ours("Alice"), config("Bob")],
        [config("Alice"), ours("Bob")],
    ] {
        let mut pair = Pair::with(one, other, None, None);
        pair.settle();
        for side in [&pair.caller, &pair.called] {
            assert_eq!(established(&side.events), (Mode::Kamune, false));
        }
        pair.say(Role::Caller, b"hello");
        pair.wait(Duration::from_secs(2));
        pair.settle();
        assert_eq!(pair.called.messages(), [b"hello"]);
    }
}

#[test]
fn messages_go_at_once_and_have_numbers() {
    let mut pair = Pair::talking();
    for text in [&b"hi"[..], b"", &[0xff; 61_435]] {
        pair.say(Role::Caller, text);
        pair.say(Role::Called, text);
        pair.settle();
    }
    for side in [&pair.caller, &pair.called] {
        assert_eq!(side.messages(), [&b"hi"[..], b"", &[0xff; 61_435]]);
        let numbers = side.events.iter().filter_map(|event| match event {
            Event::Message(message) => Some((message.sequence, message.sent_ms)),
            _ => None,
        });
        assert!(numbers.eq([1, 2, 3].map(|number| (number, START.as_ms()))));
    }
}

#[test]
fn what_is_kept_is_said_soon_or_along_with_something_else() {
    let mut pair = Pair::talking();
    for _ in 0..3 {
        pair.say(Role::Caller, b"hello");
    }
    pair.settle();
    let now = pair.now;
    pair.called.channel.keep(now, 2);
    pair.called.drain();
    assert!(pair.called.out.is_empty());
    assert_eq!(
        pair.called.until,
        Some(now.after(Duration::from_millis(100)))
    );
    pair.wait(Duration::from_millis(100));
    pair.settle();
    assert_eq!(delivered(&pair.caller.events), [2]);
    // not what never came
    let now = pair.now;
    pair.called.channel.keep(now, 99);
    pair.say(Role::Called, b"got them");
    pair.settle();
    assert_eq!(delivered(&pair.caller.events), [2, 3]);
    // nor twice
    pair.called.channel.keep(now, 3);
    pair.wait(Duration::from_secs(1));
    assert!(pair.called.out.is_empty());
}

#[test]
fn a_session_goes_on_where_it_was_and_nothing_is_lost_or_told_twice() {
    let mut pair = Pair::talking();
    for text in [b"1", b"2", b"3"] {
        pair.say(Role::Caller, text);
    }
    // The first came and is kept, the second came, the third did not.
    pair.carry(Role::Caller, |_| {});
    pair.carry(Role::Caller, |_| {});
    assert_eq!(pair.called.messages().len(), 2);

    let ours_kept = pair.caller.kept.unwrap().keeping(0);
    let theirs = pair.called.kept.unwrap().keeping(1);
    let mut again = Pair::with(ours("Alice"), ours("Bob"), Some(ours_kept), Some(theirs));
    again.settle();
    assert_eq!(established(&again.caller.events), (Mode::Ours, true));
    assert_eq!(established(&again.called.events), (Mode::Ours, true));
    assert_eq!(delivered(&again.caller.events), [1]);
    assert_eq!(delivered(&again.called.events), [0]);
    for text in [b"2", b"3", b"4"] {
        again.say(Role::Caller, text);
    }
    again.settle();
    assert_eq!(again.called.messages(), [b"2", b"3", b"4"]);
    let numbers = again.called.events.iter().filter_map(|event| match event {
        Event::Message(message) => Some(message.sequence),
        _ => None,
    });
    assert!(numbers.eq(2..=4));
}

#[test]
fn a_session_goes_on_in_its_mode_whatever_is_offered_by_now() {
    let mut pair = Pair::talking();
    pair.settle();
    let (ours_kept, theirs) = (pair.caller.kept, pair.called.kept);
    let mut again = Pair::with(config("Alice"), config("Bob"), ours_kept, theirs);
    again.settle();
    assert_eq!(established(&again.caller.events), (Mode::Ours, true));
    assert_eq!(established(&again.called.events), (Mode::Ours, true));
}

#[test]
fn nothing_is_sent_in_a_session_that_goes_on_before_it_is_known_where() {
    let mut pair = Pair::talking();
    pair.settle();
    let (ours_kept, theirs) = (pair.caller.kept, pair.called.kept);
    let mut again = Pair::with(ours("Alice"), ours("Bob"), ours_kept, theirs);
    while again.called.trace.matches('S').count() < 2 {
        assert!(again.carry(Role::Caller, |_| {}) || again.carry(Role::Called, |_| {}));
    }
    let now = again.now;
    let early = again.called.channel.send(now, b"early");
    assert_eq!(early, Err(SendError::NotOpen));
    assert!(!again.called.is_open());
}

#[test]
fn an_identity_of_two_halves_signs_with_both() {
    let keys = [hybrid(1), hybrid(2)];
    let seeds = [7, 8].map(|seed| primitives::Secret::new([seed; 32]));
    let configs = [ours("Alice"), ours("Bob")];
    let mut pair = Pair::of(keys.clone(), configs, None, None, seeds);
    pair.settle();
    assert!(pair.caller.is_open() && pair.called.is_open());
    let Event::Introduced(peer) = &pair.caller.events[0] else {
        panic!("{:?}", pair.caller.events);
    };
    assert_eq!(&peer.identity, keys[1].public());
    assert!(peer.identity.ml_dsa().is_some());
    // and the record holds both
    let kept = pair.called.kept.unwrap();
    assert_eq!(kept.identity(), keys[0].public());
    assert_eq!(Resumption::decode(&kept.to_bytes()), Ok(kept));
}

#[test]
fn what_does_not_fit_is_refused_and_costs_no_number() {
    let mut relayed = ours("Alice");
    relayed.padding = Padding::Relayed;
    let mut pair = Pair::with(relayed, ours("Bob"), None, None);
    pair.settle();
    let now = pair.now;
    for (role, most) in [(Role::Caller, 30_000), (Role::Called, 61_435)] {
        let long = vec![1; most + 1];
        let bytes = most + 1;
        let refused = pair.side(role).channel.send(now, &long);
        assert_eq!(refused, Err(SendError::TooLong { bytes, most }));
        // with steps and offers of both kinds beside them
        for _ in 0..120 {
            pair.say(role, &long[1..]);
            pair.settle();
            pair.say(role.other(), b"yes");
            pair.settle();
        }
    }
    assert!(pair.caller.is_open() && pair.called.is_open());
    let longest = |role| {
        let frames = pair.carried.iter().filter(|(from, _)| *from == role);
        frames.map(|(_, frame)| frame.len()).max().unwrap()
    };
    assert!(longest(Role::Caller) <= 32_704 + 40);
    assert!(longest(Role::Called) <= 65_535);
}

#[test]
fn a_frame_that_is_altered_missing_or_repeated_ends_the_session() {
    for place in [0, 16, 200, usize::MAX] {
        let mut pair = Pair::talking();
        pair.say(Role::Called, b"one");
        pair.carry(Role::Called, |frame| {
            let last = frame.len() - 1;
            frame[place.min(last)] ^= 1;
        });
        assert_eq!(pair.caller.end(), Some(End::Forged));
    }
    let mut pair = Pair::talking();
    pair.say(Role::Caller, b"one");
    pair.say(Role::Caller, b"two");
    let first = pair.caller.out.pop_front().unwrap();
    pair.carry(Role::Caller, |_| {});
    assert_eq!(pair.called.end(), Some(End::Forged));
    let mut pair = Pair::talking();
    pair.say(Role::Caller, b"one");
    let again = pair.caller.out[0].clone();
    pair.carry(Role::Caller, |_| {});
    pair.give(Role::Called, &again);
    assert_eq!(pair.called.end(), Some(End::Forged));
    // nor does one of another session
    let mut pair = Pair::talking();
    pair.give(Role::Called, &first[1..]);
    assert_eq!(pair.called.end(), Some(End::Forged));
}

#[test]
fn silence_and_goodbye_are_as_in_kamune() {
    let mut pair = Pair::talking();
    pair.wait(Duration::from_secs(30));
    assert_eq!((pair.caller.out.len(), pair.called.out.len()), (1, 1));
    pair.settle();
    pair.wait(Duration::from_secs(29));
    assert!(pair.caller.out.is_empty());
    for wait in [1, 10, 10, 10] {
        assert_eq!(pair.caller.end(), None);
        pair.wait(Duration::from_secs(wait));
    }
    assert_eq!(pair.caller.end(), Some(End::Silent));

    let mut pair = Pair::talking();
    pair.say(Role::Caller, b"last words");
    let now = pair.now;
    pair.caller.channel.close(now);
    pair.caller.drain();
    pair.settle();
    assert_eq!(pair.called.messages(), [b"last words"]);
    assert_eq!(pair.called.end(), Some(End::Closed));
}

#[test]
fn both_may_speak_at_once_for_long() {
    let mut pair = Pair::talking();
    for round in 0..300_u32 {
        let text = round.to_le_bytes();
        pair.say(Role::Caller, &text);
        pair.say(Role::Called, &text);
        // sometimes one side is far ahead
        match round % 7 {
            0 => pair.settle(),
            1 | 2 => drop(pair.carry(Role::Caller, |_| {})),
            _ => drop(pair.carry(Role::Called, |_| {})),
        }
        if round % 50 == 0 {
            pair.now = pair.now.after(Duration::from_mins(11));
        }
    }
    pair.settle();
    assert_eq!(pair.caller.messages().len(), 300);
    assert_eq!(pair.called.messages().len(), 300);
}

#[test]
fn asides_come_in_their_place_and_have_no_number() {
    let mut pair = Pair::talking();
    for role in [Role::Caller, Role::Called] {
        let now = pair.now;
        pair.say(role, b"one");
        let channel = &mut pair.side(role).channel;
        channel.send_aside(now, b"\x01aside").unwrap();
        channel.send_aside(now, &[2]).unwrap();
        pair.say(role, b"two");
        pair.settle();
        let other = pair.side(role.other());
        assert_eq!(other.messages(), [b"one", b"two"]);
        assert_eq!(other.asides(), [&b"\x01aside"[..], &[2]]);
        let last = other.events.iter().map(|event| match event {
            Event::Message(message) => message.sequence,
            _ => 0,
        });
        assert!(last.collect::<Vec<_>>().ends_with(&[1, 0, 0, 2]));
    }
}

#[test]
fn an_aside_has_a_byte_at_least_and_fits_beside_keys_and_steps_at_most() {
    let mut relayed = ours("Alice");
    relayed.padding = Padding::Relayed;
    let mut pair = Pair::with(relayed, ours("Bob"), None, None);
    pair.settle();
    let now = pair.now;
    for (role, most) in [(Role::Caller, 30_000), (Role::Called, 61_435)] {
        let long = vec![1; most + 1];
        let bytes = most + 1;
        let channel = &mut pair.side(role).channel;
        let refused = channel.send_aside(now, &long);
        assert_eq!(refused, Err(SendError::TooLong { bytes, most }));
        assert_eq!(channel.send_aside(now, b""), Err(SendError::Empty));
        for _ in 0..60 {
            let channel = &mut pair.side(role).channel;
            channel.send_aside(now, &long[1..]).unwrap();
            pair.side(role).drain();
            pair.settle();
            pair.say(role.other(), b"yes");
            pair.settle();
        }
        assert_eq!(pair.side(role.other()).asides(), [&long[1..]; 60]);
    }
    assert!(pair.caller.is_open() && pair.called.is_open());
    let longest = |role| {
        let frames = pair.carried.iter().filter(|(from, _)| *from == role);
        frames.map(|(_, frame)| frame.len()).max().unwrap()
    };
    assert!(longest(Role::Caller) <= 32_704 + 40);
    assert!(longest(Role::Called) <= 65_535);
}

#[test]
fn an_aside_is_padded_as_a_message_is() {
    let mut pair = Pair::talking();
    let before = pair.carried.len();
    let now = pair.now;
    for length in [1, 400, 700, 5000, 20_000] {
        let aside = vec![1; length];
        pair.caller.channel.send_aside(now, &aside).unwrap();
        pair.caller.drain();
    }
    pair.settle();
    for (_, frame) in &pair.carried[before..] {
        let plain = frame.len() - 16;
        let fits = |length: usize| (length - 2..=length).contains(&plain);
        assert!(
            [512, 1024, 4096, 16_384, 32_768, 65_495]
                .into_iter()
                .any(fits)
        );
    }
}

#[test]
fn nobody_sends_asides_in_kamune_nor_before_there_is_a_session() {
    let mut pair = Pair::ours();
    let now = pair.now;
    let early = pair.caller.channel.send_aside(now, &[1]);
    assert_eq!(early, Err(SendError::NotOpen));
    let mut pair = Pair::open();
    let now = pair.now;
    let refused = pair.caller.channel.send_aside(now, &[1]);
    assert_eq!(refused, Err(SendError::NoAsides));
    assert_eq!(refused.unwrap_err().kind(), kernel::Kind::Unavailable);
    pair.say(Role::Caller, b"goes on");
    pair.settle();
    assert_eq!(pair.called.messages(), [b"goes on"]);
}

#[test]
fn an_aside_is_not_said_again_when_a_session_goes_on() {
    let mut pair = Pair::talking();
    let now = pair.now;
    pair.caller.channel.send_aside(now, &[1]).unwrap();
    pair.caller.drain();
    let (ours_kept, theirs) = (pair.caller.kept, pair.called.kept);
    let mut again = Pair::with(ours("Alice"), ours("Bob"), ours_kept, theirs);
    again.settle();
    assert_eq!(established(&again.called.events), (Mode::Ours, true));
    assert!(again.called.asides().is_empty());
}

/// Two of ours go on with a session, and no frame comes after the first `frames`.
fn cut(caller: &Resumption, called: &Resumption, frames: usize) -> Pair {
    let kept = (Some(caller.clone()), Some(called.clone()));
    let mut pair = Pair::with(ours("Alice"), ours("Bob"), kept.0, kept.1);
    for _ in 0..frames {
        let _ = pair.carry(Role::Caller, |_| {}) || pair.carry(Role::Called, |_| {});
    }
    pair
}

#[test]
fn a_session_goes_on_wherever_the_connections_before_were_cut() {
    for frames in 0..12 {
        let mut pair = Pair::talking();
        let mut kept = [pair.caller.kept.take(), pair.called.kept.take()].map(Option::unwrap);
        // the same fault again and again does not use it up either
        for _ in 0..15 {
            let cut = cut(&kept[0], &kept[1], frames);
            let keeps = [cut.caller.kept, cut.called.kept];
            for (kept, new) in kept.iter_mut().zip(keeps) {
                *kept = new.unwrap_or_else(|| kept.clone());
            }
        }
        let mut again = cut(&kept[0], &kept[1], 0);
        again.settle();
        let open = [&again.caller, &again.called].map(|side| established(&side.events));
        assert_eq!(open, [(Mode::Ours, true); 2], "{frames}");
    }
}

#[test]
fn the_caller_keeps_whatever_session_the_called_side_may_know() {
    for frames in 0..10 {
        let mut pair = Pair::ours();
        for _ in 0..frames {
            let _ = pair.carry(Role::Caller, |_| {}) || pair.carry(Role::Called, |_| {});
        }
        let Some(called) = pair.called.kept else {
            continue;
        };
        let mut again = cut(&pair.caller.kept.unwrap(), &called, 0);
        again.settle();
        assert!(again.caller.is_open() && again.called.is_open());
    }
}
