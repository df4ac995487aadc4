//! Every bound at the limit and one above.

use rendezvous::{Limits, T1_MIN, T1Error, Wanted};

use crate::people::{alone, among_all, met, reopened};

#[test]
fn a_full_session_takes_no_more_peers_but_keeps_those_it_has() {
    let limits = Limits {
        peers: 2,
        refused: 2,
    };
    let mut session = reopened(0, Wanted::Every, limits);
    let (_, t2) = session.admit(met(0, 1)).unwrap();
    assert!(session.encounter(alone(2).t1()).is_ok());
    session.admit(met(0, 2)).unwrap();
    assert_eq!(session.encounter(alone(3).t1()).unwrap_err(), T1Error::Full);
    assert_eq!(session.admit(met(0, 3)), Err(T1Error::Full));
    assert_eq!(session.admit(met(0, 1)), Ok((alone(1).id(), t2)));
    assert_eq!(session.peers(), 2);
}

#[test]
fn refused_ids_are_remembered_up_to_the_bound() {
    let limits = Limits {
        peers: 2,
        refused: 2,
    };
    let mut session = reopened(0, Wanted::Every, limits);
    let bad = |n: u8| [&[n; T1_MIN - 1][..], &[0xff; 2]].concat();
    for n in 1..=3 {
        let met = session.encounter(&bad(n)).unwrap().run();
        assert_eq!(session.admit(met), Err(T1Error::Refused));
    }
    assert!(session.encounter(&bad(1)).is_ok());
    assert_eq!(session.encounter(&bad(2)).unwrap_err(), T1Error::Refused);
    assert_eq!(session.encounter(&bad(3)).unwrap_err(), T1Error::Refused);
    assert_eq!(session.peers(), 0);
}

#[test]
fn a_result_of_another_session_is_refused() {
    assert_eq!(alone(0).admit(met(1, 0)), Err(T1Error::OtherSession));
}

#[test]
fn the_shortest_first_message_has_192_bytes() {
    // person 0 has nothing to say
    let (silent, session) = (alone(0), alone(1));
    assert_eq!(silent.t1().len(), T1_MIN);
    assert!(session.encounter(silent.t1()).is_ok());
    let cut = &silent.t1()[..T1_MIN - 1];
    assert_eq!(session.encounter(cut).unwrap_err(), T1Error::Short);
}

#[test]
fn own_and_known_first_messages_need_no_work() {
    let session = among_all(0);
    assert_eq!(session.encounter(session.t1()).unwrap_err(), T1Error::Own);
    let known = alone(1);
    let error = session.encounter(known.t1()).unwrap_err();
    assert_eq!(error, T1Error::Known(known.id()));
}
