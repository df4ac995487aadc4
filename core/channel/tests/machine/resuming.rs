//! A session that goes on over another connection.

use std::time::Duration;

use channel::{End, Event, Mode, Resumption, Role};
use kernel::Time;

use crate::pair::{Pair, START, config};

/// What both sides keep of a session.
fn kept() -> (Resumption, Resumption) {
    let mut pair = Pair::new();
    pair.settle();
    (pair.caller.kept.unwrap(), pair.called.kept.unwrap())
}

fn again(caller: Resumption, called: Option<Resumption>) -> Pair {
    let mut pair = Pair::with(config("Alice"), config("Bob"), Some(caller), called);
    pair.settle();
    pair
}

#[test]
fn a_session_goes_on_under_its_name_with_new_keys_and_nobody_is_asked() {
    let (ours, theirs) = kept();
    let pair = again(ours.clone(), Some(theirs.clone()));
    let established = Event::Established {
        session: ours.session(),
        resumed: true,
        mode: Mode::Kamune,
    };
    assert_eq!(pair.caller.events, std::slice::from_ref(&established));
    assert_eq!(
        pair.called.events,
        [Event::Resuming(ours.session()), established]
    );
    let (new, other) = (pair.caller.kept.unwrap(), pair.called.kept.unwrap());
    assert_eq!((new.session(), new.peer()), (ours.session(), ours.peer()));
    assert_ne!(new.to_bytes()[67..], ours.to_bytes()[67..]);
    assert_eq!(new.to_bytes()[67..], other.to_bytes()[67..]);
    // a token is gone for good before it is sent, and before it is taken
    assert!(
        pair.caller.trace.starts_with(">>S>"),
        "{}",
        pair.caller.trace
    );
    assert!(
        pair.called.trace.starts_with(">TS>"),
        "{}",
        pair.called.trace
    );
}

#[test]
fn twenty_connections_may_break_one_after_the_other() {
    let (mut ours, mut theirs) = kept();
    for _ in 0..20 {
        let pair = again(ours, Some(theirs));
        assert!(pair.caller.is_open() && pair.called.is_open());
        (ours, theirs) = (pair.caller.kept.unwrap(), pair.called.kept.unwrap());
    }
}

#[test]
fn a_token_is_good_once() {
    let (ours, theirs) = kept();
    let first = again(ours.clone(), Some(theirs));
    // The caller was killed before it saved anything, and asks with the same token; the other side
    // died before the new session.
    let spent = first.called.trace.find('S').unwrap();
    assert!(spent < first.called.trace.len());
    let mut pair = Pair::with(config("Alice"), config("Bob"), Some(ours.clone()), None);
    let (_, theirs) = kept();
    let mut used = theirs;
    // what the called side kept right after the token was taken
    let mut again = Pair::with(
        config("Alice"),
        config("Bob"),
        Some(ours),
        Some(used.clone()),
    );
    while again.called.kept.is_none() {
        if !again.carry(Role::Caller, |_| {}) {
            again.carry(Role::Called, |_| {});
        }
    }
    used = again.called.kept.clone().unwrap();
    pair.shelf = Some(used);
    pair.settle();
    assert_eq!(pair.caller.end(), Some(End::NotResumed));
    assert_eq!(pair.called.end(), Some(End::NotResumed));
}

#[test]
fn sessions_that_are_unknown_or_old_or_somebody_elses_are_refused_alike() {
    let (ours, theirs) = kept();
    let other = {
        let mut bytes = theirs.to_bytes();
        // the key of the one who answers, not of the one who calls
        bytes[34..67].copy_from_slice(&ours.to_bytes()[34..67]);
        Resumption::decode(&bytes).unwrap()
    };
    let old = {
        let mut bytes = theirs.to_bytes();
        let long_ago = START.as_ms() - 86_400_001;
        bytes[26..34].copy_from_slice(&long_ago.to_le_bytes());
        Resumption::decode(&bytes).unwrap()
    };
    let mut lengths = Vec::new();
    for shelf in [None, Some(other), Some(old)] {
        let pair = again(ours.clone(), shelf);
        assert_eq!(pair.caller.end(), Some(End::NotResumed));
        assert_eq!(pair.called.end(), Some(End::NotResumed));
        let answers = pair
            .carried
            .iter()
            .filter(|(role, _)| *role == Role::Called);
        lengths.push(answers.map(|(_, frame)| frame.len()).collect::<Vec<_>>());
    }
    assert!(
        lengths.windows(2).all(|two| two[0] == two[1]),
        "{lengths:?}"
    );
    // and the last moment of the day is in time
    let young = {
        let mut bytes = theirs.to_bytes();
        let a_day_ago = START.as_ms() - 86_400_000;
        bytes[26..34].copy_from_slice(&a_day_ago.to_le_bytes());
        Resumption::decode(&bytes).unwrap()
    };
    assert!(again(ours, Some(young)).caller.is_open());
}

#[test]
fn whoever_has_no_token_left_is_introduced_anew() {
    let (ours, theirs) = kept();
    let empty = Resumption::decode(&ours.to_bytes()[..67]).unwrap();
    assert!(!empty.is_fresh(START));
    let pair = again(empty, Some(theirs));
    assert!(pair.caller.is_open());
    assert!(matches!(pair.caller.events[0], Event::Introduced(_)));
}

#[test]
fn a_resumed_session_carries_messages_from_its_first_place() {
    let (ours, theirs) = kept();
    let mut pair = again(ours, Some(theirs));
    pair.wait(Duration::from_secs(2));
    pair.say(Role::Caller, b"where were we");
    pair.settle();
    let last = pair.called.events.last().unwrap();
    let Event::Message(message) = last else {
        panic!("{last:?}");
    };
    assert_eq!(message.sequence, 3);
    assert_ne!(pair.now, Time::ZERO);
}
