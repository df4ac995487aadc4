//! A session fed with messages of a friend, of a stranger, and of nobody, in any order.
#![no_main]

use std::sync::LazyLock;

use fuzz::{Script, jobs};
use libfuzzer_sys::fuzz_target;
use rendezvous::{
    Done, Id, Job, Met, Opening, Passkey, Salt, Session, SessionSeeds, T2, T3, Wanted,
};

fuzz_target!(|bytes: &[u8]| {
    let mut session = WORLD.ours.clone();
    let mut matches = 0;
    let mut script = Script::new(bytes);
    while let Some(step) = script.byte() {
        let other = &WORLD.others[usize::from(step / 8) % 2];
        let arbitrary = script.short().unwrap_or_default();
        let mut message = [0; 32];
        for (byte, other) in message.iter_mut().zip(arbitrary) {
            *byte = *other;
        }
        match step % 8 {
            0 => {
                let admitted = session.admit(other.met.clone());
                assert_eq!(admitted.map(|(id, _)| id), Ok(other.id));
            }
            1 => hear(&mut session, arbitrary),
            2 => {
                // A T1 of the other, changed somewhere.
                let mut t1 = other.t1.clone();
                let place = usize::from(arbitrary.first().copied().unwrap_or_default());
                let change = arbitrary.get(1).copied().unwrap_or(1);
                let length = t1.len();
                t1[place % length] ^= change;
                hear(&mut session, &t1);
            }
            3 => matches += answer(&mut session, &other.id, other.t2),
            4 => {
                matches += answer(
                    &mut session,
                    &other.id,
                    T2::from_bytes(&message).expect("32"),
                )
            }
            5 => matches += take(session.take_t3(&other.id, other.t3)),
            6 => matches += take(session.take_t3(&other.id, T3::from_bytes(&message).expect("32"))),
            _ => {
                let nobody = Id::from_bytes(&message).expect("32");
                matches += answer(&mut session, &nobody, other.t2);
                matches += take(session.take_t3(&nobody, other.t3));
            }
        }
    }
    assert!(matches <= 1, "a friend counts once");
    assert!(session.peers() <= 2 + jobs::MAX_KEPT);
});

/// Does all that a T1 asks for.
fn hear(session: &mut Session, t1: &[u8]) {
    let Ok(encounter) = session.encounter(t1) else {
        return;
    };
    if let Some(Done::Met(met)) = jobs::run(Job::Meet(encounter)) {
        let first = session.admit(met.clone());
        assert_eq!(first.is_ok(), session.admit(met).is_ok());
    }
}

/// How many matches an answer brings; asks twice.
fn answer(session: &mut Session, from: &Id, t2: T2) -> usize {
    let first = session.take_t2(from, t2);
    let again = session.take_t2(from, t2);
    assert_eq!((first.t3, first.real), (again.t3, again.real));
    assert!(again.matched.is_none());
    assert!(
        !first.real || *from == WORLD.others[FRIEND].id,
        "a payload for a stranger"
    );
    take(first.matched)
}

fn take(matched: Option<rendezvous::Match>) -> usize {
    let Some(matched) = matched else { return 0 };
    assert_eq!(matched.payload, b"from a friend");
    assert_eq!(matched.from, WORLD.others[FRIEND].id);
    1
}

/// Made once: two who know the passphrase, and one who does not.
struct World {
    ours: Session,
    others: [Other; 2],
}

struct Other {
    id: Id,
    t1: Vec<u8>,
    met: Met,
    t2: T2,
    t3: T3,
}

const FRIEND: usize = 0;

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let ours = open("passphrase", "from us", 1);
    let friend = other(&ours, open("passphrase", "from a friend", 2));
    let stranger = other(&ours, open("another one", "from a stranger", 3));
    World {
        ours,
        others: [friend, stranger],
    }
});

/// What `other` would send us in a whole exchange.
fn other(ours: &Session, mut other: Session) -> Other {
    let met = |session: &Session, t1: &[u8]| session.encounter(t1).expect("a good T1").run();
    let (t1, id) = (other.t1().to_vec(), other.id());
    let of_theirs = met(ours, &t1);
    let (_, our_t2) = ours.clone().admit(of_theirs.clone()).expect("a good key");
    let of_ours = met(&other, ours.t1());
    let (_, t2) = other.admit(of_ours).expect("a good key");
    let t3 = other.take_t2(&ours.id(), our_t2).t3;
    Other {
        id,
        t1,
        met: of_theirs,
        t2,
        t3,
    }
}

fn open(passphrase: &str, payload: &str, seed: u8) -> Session {
    let passkey = Passkey::derive(passphrase.as_bytes(), Salt::ZERO).expect("a passkey");
    let seeds = [0, 1, 2, 3, 4].map(|number| [seed * 10 + number; 32]);
    let seeds = SessionSeeds::new(seeds).expect("five seeds");
    Opening::new(passkey, payload.into(), seeds, Wanted::Every).run()
}
