//! Bytes from anyone: no panic, no match, no growth.

use proptest::prelude::*;
use rendezvous::{Id, T1_MIN, T1Error, T2, T3};

use crate::people::{alone, among_all};

proptest! {
    #[test]
    fn a_first_message_of_any_bytes_is_looked_at_without_harm(
        t1 in prop::collection::vec(any::<u8>(), 0..1200),
    ) {
        let session = among_all(0);
        match session.encounter(&t1) {
            Ok(encounter) => prop_assert_eq!(encounter.peer(), Id::of_t1(&t1)),
            Err(error) => {
                prop_assert_eq!(error, T1Error::Short);
                prop_assert!(t1.len() < T1_MIN);
            }
        }
    }

    #[test]
    fn later_messages_of_any_bytes_match_nothing(
        from: [u8; 32],
        known in 0..4usize,
        t2: [u8; 32],
        t3: [u8; 32],
    ) {
        let mut session = among_all(0);
        let ids = [Id::from_bytes(&from).unwrap(), alone(1).id(), alone(2).id(), alone(3).id()];
        let (t2, t3) = (T2::from_bytes(&t2).unwrap(), T3::from_bytes(&t3).unwrap());
        let answer = session.take_t2(&ids[known], t2);
        prop_assert!(!answer.real && answer.matched.is_none());
        prop_assert_eq!(session.take_t3(&ids[known], t3), None);
        prop_assert_eq!(session.take_t2(&ids[known], t2), answer);
        prop_assert_eq!(session.peers(), 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn work_on_any_bytes_refuses_the_key(
        t1 in prop::collection::vec(any::<u8>(), T1_MIN..400),
        small in any::<bool>(),
    ) {
        // random bytes are mostly not below p; make half of them so
        let mut t1 = t1;
        t1[159] = if small { t1[159] >> 5 } else { t1[159] };
        let mut session = alone(0);
        let met = session.encounter(&t1).unwrap().run();
        prop_assert_eq!(session.admit(met), Err(T1Error::Refused));
    }
}
