//! Four people who all met: two with one passphrase, two with another. The expensive part is done
//! once; each test gets its own copy.

use std::sync::LazyLock;

use rendezvous::{Limits, Met, Opening, Passkey, Salt, Session, SessionSeeds, T1Error, Wanted};

/// Number of people. The first two share a passphrase, and the last two another.
pub(crate) const PEOPLE: usize = 4;

/// Whether these two share a passphrase.
pub(crate) const fn friends(a: usize, b: usize) -> bool {
    a / 2 == b / 2
}

/// What person `n` says.
pub(crate) fn payload(n: usize) -> Vec<u8> {
    vec![u8::try_from(n).unwrap(); n << 4]
}

/// Person `n`, who has met nobody.
pub(crate) fn alone(n: usize) -> Session {
    ROOM.0[n].clone()
}

/// What meeting `peer` comes to for `n`.
pub(crate) fn met(n: usize, peer: usize) -> Met {
    ROOM.1[n][peer].clone().unwrap()
}

/// Person `n`, who has met everyone.
pub(crate) fn among_all(n: usize) -> Session {
    let mut session = alone(n);
    for peer in (0..PEOPLE).filter(|peer| *peer != n) {
        session.admit(met(n, peer)).unwrap();
    }
    session
}

/// Person `n` again, with the same keys but other rules.
pub(crate) fn reopened(n: usize, wanted: Wanted, limits: Limits) -> Session {
    opening(n, wanted).with_limits(limits).run()
}

static ROOM: LazyLock<(Vec<Session>, Vec<Results>)> = LazyLock::new(|| {
    let sessions: Vec<Session> = parallel(PEOPLE, |n| opening(n, Wanted::Every).run());
    let met = parallel(PEOPLE, |n| {
        let work = |peer: &Session| match sessions[n].encounter(peer.t1()) {
            Ok(encounter) => Some(encounter.run()),
            Err(error) => {
                assert_eq!(error, T1Error::Own);
                None
            }
        };
        sessions.iter().map(work).collect()
    });
    (sessions, met)
});

/// What meeting each one came to; nobody meets himself.
type Results = Vec<Option<Met>>;

static PASSKEYS: LazyLock<[Passkey; 2]> = LazyLock::new(|| {
    [b"friends".as_slice(), b"others"]
        .map(|passphrase| Passkey::derive(passphrase, Salt::ZERO).unwrap())
});

fn opening(n: usize, wanted: Wanted) -> Opening {
    let seed = |k: u8| [u8::try_from(n).unwrap() << 4 | k; 32];
    let seeds = SessionSeeds::new([1, 2, 3, 4, 5].map(seed)).unwrap();
    Opening::new(PASSKEYS[n / 2].clone(), payload(n), seeds, wanted)
}

fn parallel<T: Send>(number: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let make = &make;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..number).map(|n| scope.spawn(move || make(n))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}
