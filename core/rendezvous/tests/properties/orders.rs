//! Messages in any order, lost and repeated: friends always match in the end, others never.

use proptest::prelude::*;
use rendezvous::{Match, Session, T3, Wanted};

use crate::people::{PEOPLE, alone, among_all, friends, met, payload};

/// Something that arrives at one of two.
#[derive(Clone, Copy, Debug)]
enum Arrives {
    T1,
    T2,
    T3,
    WrongT2,
    WrongT3,
}

/// One of two in a conversation, with all it has matched.
struct Side {
    session: Session,
    number: usize,
    t3: Option<T3>,
    matches: Vec<Match>,
}

fn event() -> impl Strategy<Value = (bool, Arrives)> {
    use Arrives::{T1, T2, T3, WrongT2, WrongT3};
    (
        any::<bool>(),
        prop::sample::select(vec![T1, T2, T3, WrongT2, WrongT3]),
    )
}

proptest! {
    #[test]
    fn any_order_ends_in_a_match_of_friends_only(
        a in 0..PEOPLE,
        b in 0..PEOPLE,
        events in prop::collection::vec(event(), 0..24),
    ) {
        prop_assume!(a != b);
        let mut sides = [side(a), side(b)];
        for (at_second, arrives) in events {
            deliver(&mut sides, usize::from(at_second), arrives);
        }
        // whatever was lost is sent again
        for arrives in [Arrives::T1, Arrives::T2, Arrives::T3] {
            deliver(&mut sides, 0, arrives);
            deliver(&mut sides, 1, arrives);
        }
        for (side, peer) in [(&sides[0], b), (&sides[1], a)] {
            let heard: Vec<&[u8]> = side.matches.iter().map(|one| &one.payload[..]).collect();
            let expected = friends(a, b).then(|| payload(peer));
            prop_assert_eq!(heard, expected.iter().map(|one| &one[..]).collect::<Vec<_>>());
        }
    }
}

#[test]
fn an_early_t3_is_opened_by_the_t2() {
    for (a, b) in [(0, 1), (1, 0)] {
        let (mut first, mut second) = (among_all(a), among_all(b));
        let (id_first, id_second) = (first.id(), second.id());
        let t3 = second
            .take_t2(&id_first, first.t2_for(&id_second).unwrap())
            .t3;
        // a wrong one before it is forgotten
        let wrong = T3::from_bytes(&[7; 32]).unwrap();
        assert_eq!(first.take_t3(&id_second, wrong), None);
        assert_eq!(first.take_t3(&id_second, t3), None);
        let answer = first.take_t2(&id_second, second.t2_for(&id_first).unwrap());
        let matched = answer.matched.unwrap();
        assert_eq!((matched.from, matched.payload), (id_second, payload(b)));
        assert_eq!(first.take_t3(&id_second, t3), None);
    }
}

#[test]
fn only_the_first_gets_the_payload_when_one_is_wanted() {
    let limits = rendezvous::Limits::default();
    let mut host = crate::people::reopened(0, Wanted::First, limits);
    let same_keys = alone(0);
    assert_eq!(host.id(), same_keys.id());
    for peer in 1..PEOPLE {
        host.admit(met(0, peer)).unwrap();
    }
    let t2_from = |n: usize| among_all(n).t2_for(&same_keys.id()).unwrap();
    let (stranger, friend) = (alone(2).id(), alone(1).id());
    // a stranger's T2 is no first
    assert!(!host.take_t2(&stranger, t2_from(2)).real);
    let answer = host.take_t2(&friend, t2_from(1));
    assert!(answer.real);
    // the same peer again, also after a wrong T2 in between
    let wrong = rendezvous::T2::from_bytes(&[9; 32]).unwrap();
    assert!(!host.take_t2(&friend, wrong).real);
    assert_eq!(host.take_t2(&friend, t2_from(1)), answer);
}

#[test]
fn a_withheld_payload_goes_only_to_the_peer_that_had_it() {
    let friend = alone(1).id();
    let t2 = among_all(1).t2_for(&alone(0).id()).unwrap();
    let mut host = crate::people::reopened(0, Wanted::First, rendezvous::Limits::default());
    host.admit(met(0, 1)).unwrap();
    let mut too_late = host.clone();
    too_late.withhold();
    assert!(!too_late.take_t2(&friend, t2).real);
    let answer = host.take_t2(&friend, t2);
    assert!(answer.real);
    host.withhold();
    assert_eq!(host.take_t2(&friend, t2), answer);
}

fn side(number: usize) -> Side {
    Side {
        session: alone(number),
        number,
        t3: None,
        matches: Vec::new(),
    }
}

fn deliver(sides: &mut [Side; 2], at: usize, arrives: Arrives) {
    let [first, second] = sides;
    let (here, there) = if at == 0 {
        (first, second)
    } else {
        (second, first)
    };
    let from = there.session.id();
    let matched = match arrives {
        Arrives::T1 => {
            let (id, t2) = here.session.admit(met(here.number, there.number)).unwrap();
            assert_eq!((id, Some(t2)), (from, here.session.t2_for(&from)));
            None
        }
        Arrives::T2 => there.session.t2_for(&here.session.id()).and_then(|t2| {
            let answer = here.session.take_t2(&from, t2);
            assert_eq!(
                answer.real,
                here.session.knows(&from) && friends(here.number, there.number)
            );
            here.t3 = Some(answer.t3);
            answer.matched
        }),
        Arrives::T3 => there.t3.and_then(|t3| here.session.take_t3(&from, t3)),
        Arrives::WrongT2 => {
            let wrong = rendezvous::T2::from_bytes(&[3; 32]).unwrap();
            let answer = here.session.take_t2(&from, wrong);
            assert!(!answer.real);
            answer.matched
        }
        Arrives::WrongT3 => here
            .session
            .take_t3(&from, T3::from_bytes(&[4; 32]).unwrap()),
    };
    here.matches.extend(matched);
}
