//! One session, call by call: what the reference returned or raised, and where ours departs.

use rendezvous::{Id, Session, T1_MIN, T1Error, T2, T3};

use crate::file::{Behaviour, FILE, Hex, Input, Returned, Step};
use crate::room::{meet, open, work};

/// What a call came to.
#[derive(Debug, Eq, PartialEq)]
enum Outcome {
    T2(Hex),
    NoPeer(T1Error),
    T3 { t3: Hex, is_dummy: bool },
    Payload(Option<Hex>),
    NotAMessage,
    Matches(usize),
}

/// Steps where we differ from the reference on purpose; all others give its bytes, or a typed
/// error where it raises.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Departure {
    /// It takes a T1 of fewer than 192 bytes; we refuse it.
    RefusesShortT1,
    /// A T2 or T3 for such a T1 makes it raise or answer; to us that peer is unknown.
    NeverMetThatPeer,
    /// It gives a payload twice and lists it twice; we give it once.
    MatchesOnce,
    /// It wants its own type around the bytes; we take bytes.
    TakesBytes,
}

#[test]
fn b1_messages_in_and_out_of_order() {
    use Departure::MatchesOnce;
    replay(
        &FILE.behaviours[0],
        "b1",
        &[(15, MatchesOnce), (16, MatchesOnce)],
    );
}

#[test]
fn b2_first_messages_cut_and_altered() {
    use Departure::{RefusesShortT1, TakesBytes};
    let departures = [(4, RefusesShortT1), (5, RefusesShortT1), (15, TakesBytes)];
    replay(&FILE.behaviours[1], "b2", &departures);
}

#[test]
fn b3_later_messages_for_short_first_ones() {
    use Departure::{NeverMetThatPeer, RefusesShortT1};
    let departures = [
        (0, RefusesShortT1),
        (1, NeverMetThatPeer),
        (2, RefusesShortT1),
        (3, NeverMetThatPeer),
        (4, RefusesShortT1),
        (6, RefusesShortT1),
        (7, NeverMetThatPeer),
        (8, NeverMetThatPeer),
    ];
    replay(&FILE.behaviours[2], "b3", &departures);
}

#[test]
fn a_refused_first_message_is_remembered() {
    let case = &FILE.behaviours[1];
    let mut session = open(&case.parties[0]);
    let Some(Input::T1(bad)) = &case.steps[9].input else {
        panic!("step 9 has no T1")
    };
    let met = work(&session, &bad.0).unwrap();
    assert_eq!(session.admit(met), Err(T1Error::Refused));
    // now without work
    assert_eq!(session.encounter(&bad.0).unwrap_err(), T1Error::Refused);
    assert_eq!(session.peers(), 0);
}

fn replay(case: &Behaviour, name: &str, departures: &[(usize, Departure)]) {
    assert_eq!(case.name, name);
    let mut sessions: Vec<Session> = case.parties.iter().map(open).collect();
    for (party, session) in case.parties.iter().zip(&sessions) {
        assert_eq!(session.t1(), party.t1.0, "T1 of {}", party.name);
    }
    let mut matches = 0usize;
    for (number, step) in case.steps.iter().enumerate() {
        let at = case
            .parties
            .iter()
            .position(|party| party.name == step.at)
            .unwrap();
        let ours = perform(&mut sessions[at], step, matches);
        matches = matches.saturating_add(matches!(ours, Outcome::Payload(Some(_))).into());
        let departure = departures.iter().find(|(at, _)| *at == number);
        let what = format!("{name} step {number}: {} ({departure:?})", step.step);
        match departure {
            None => assert_eq!(ours, reference(step), "{what}"),
            Some((_, departure)) => departs(ours, *departure, step, &what),
        }
    }
}

fn perform(session: &mut Session, step: &Step, matches: usize) -> Outcome {
    match &step.input {
        None => Outcome::Matches(matches),
        Some(Input::T1(t1)) => match meet(session, &t1.0) {
            Ok((_, t2)) => Outcome::T2(Hex(t2.as_bytes().to_vec())),
            Err(T1Error::Known(id)) => {
                Outcome::T2(Hex(session.t2_for(&id).unwrap().as_bytes().to_vec()))
            }
            Err(error) => Outcome::NoPeer(error),
        },
        Some(Input::Later(id, message)) => {
            let id = Id::from_bytes(&id.0).unwrap();
            if step.step.starts_with("process_t2") {
                T2::from_bytes(&message.0).map_or(Outcome::NotAMessage, |t2| {
                    let answer = session.take_t2(&id, t2);
                    assert_eq!(answer.matched, None, "{}", step.step);
                    Outcome::T3 {
                        t3: Hex(answer.t3.as_bytes().to_vec()),
                        is_dummy: !answer.real,
                    }
                })
            } else {
                T3::from_bytes(&message.0).map_or(Outcome::NotAMessage, |t3| {
                    Outcome::Payload(session.take_t3(&id, t3).map(|one| Hex(one.payload)))
                })
            }
        }
    }
}

/// What the reference did, in our words.
fn reference(step: &Step) -> Outcome {
    if let Some(raised) = &step.raises {
        return match (&step.input, raised.as_str()) {
            (Some(Input::Later(..)), "AssertionError") => Outcome::NotAMessage,
            (Some(Input::T1(t1)), "AssertionError" | "DecodingError") => {
                Outcome::NoPeer(if t1.0.len() < T1_MIN {
                    T1Error::Short
                } else {
                    T1Error::Own
                })
            }
            (Some(Input::T1(_)), "InvalidPublicKey") => Outcome::NoPeer(T1Error::Refused),
            _ => panic!("unexpected {raised} at {}", step.step),
        };
    }
    match step.returns.as_ref().unwrap() {
        Returned::Nothing(()) => Outcome::Payload(None),
        Returned::Count(number) => Outcome::Matches(*number),
        Returned::Answer(answer) => Outcome::T3 {
            t3: answer.t3.clone(),
            is_dummy: answer.is_dummy,
        },
        Returned::Bytes(bytes) if step.step.starts_with("process_t1") => Outcome::T2(bytes.clone()),
        Returned::Bytes(bytes) => Outcome::Payload(Some(bytes.clone())),
    }
}

fn departs(ours: Outcome, departure: Departure, step: &Step, what: &str) {
    match departure {
        Departure::RefusesShortT1 => {
            assert!(matches!(step.returns, Some(Returned::Bytes(_))), "{what}");
            assert_eq!(ours, Outcome::NoPeer(T1Error::Short), "{what}");
        }
        Departure::NeverMetThatPeer => match ours {
            Outcome::T3 { is_dummy, .. } => assert!(is_dummy, "{what}"),
            other => assert_eq!(other, Outcome::Payload(None), "{what}"),
        },
        Departure::MatchesOnce => match reference(step) {
            Outcome::Matches(theirs) => {
                assert_eq!(ours, Outcome::Matches(theirs.saturating_sub(1)), "{what}")
            }
            _ => assert_eq!(ours, Outcome::Payload(None), "{what}"),
        },
        Departure::TakesBytes => {
            assert_eq!(step.raises.as_deref(), Some("AttributeError"), "{what}");
            assert!(matches!(ours, Outcome::T2(_)), "{what}");
        }
    }
}
