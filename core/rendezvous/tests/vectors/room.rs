//! Sessions of the file's parties; what costs time is done once for the whole test binary.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use primitives::{Secret, argon2i};
use rendezvous::{
    Done, Id, Job, JobKey, Met, Opening, Passkey, Salt, Session, SessionSeeds, T1Error, T2, Wanted,
};

use crate::file::{Hex, Party, Seeded};

/// The session of `party`.
pub(crate) fn open(party: &Party) -> Session {
    let seeds = [
        &party.dh_seed,
        &party.ctidh_seed,
        &party.gamma_seed,
        &party.delta_seed,
        &party.dummy_seed,
    ];
    open_with(&party.passphrase, &party.salt, &party.payload, seeds)
}

/// The session of a party of a capture.
pub(crate) fn open_seeded(passphrase: &Hex, salt: &Hex, party: &Seeded) -> Session {
    let seeds = [
        &party.dh_seed,
        &party.ctidh_seed,
        &party.gamma_seed,
        &party.delta_seed,
        &party.dummy_seed,
    ];
    open_with(passphrase, salt, &party.payload, seeds)
}

/// Works on a first message and admits its peer.
pub(crate) fn meet(session: &mut Session, t1: &[u8]) -> Result<(Id, T2), T1Error> {
    let met = work(session, t1)?;
    session.admit(met)
}

/// Works on a first message.
pub(crate) fn work(session: &Session, t1: &[u8]) -> Result<Met, T1Error> {
    match run(Job::Meet(session.encounter(t1)?)) {
        Done::Met(met) => Ok(met),
        Done::Opened(_) => panic!("an encounter opened a session"),
    }
}

/// Sessions that have all met each other, in parallel.
pub(crate) fn all_meet(sessions: &mut [Session]) {
    let first: Vec<Vec<u8>> = sessions.iter().map(|one| one.t1().to_vec()).collect();
    std::thread::scope(|scope| {
        for session in sessions {
            let first = &first;
            scope.spawn(move || {
                let own = session.t1().to_vec();
                for t1 in first.iter().filter(|t1| **t1 != own) {
                    meet(session, t1).unwrap();
                }
            });
        }
    });
}

fn open_with(passphrase: &Hex, salt: &Hex, payload: &Hex, seeds: [&Hex; 5]) -> Session {
    let seeds = SessionSeeds::new(seeds.map(Hex::array)).unwrap();
    let passkey = passkey(passphrase, salt);
    let opening = Opening::new(passkey, payload.0.clone(), seeds, Wanted::Every);
    match run(Job::Open(opening)) {
        Done::Opened(session) => *session,
        Done::Met(_) => panic!("an opening met a peer"),
    }
}

/// `Argon2(passphrase, salt)`.
pub(crate) fn stretch(passphrase: &Hex, salt: &Hex) -> Secret<32> {
    static KNOWN: Once<(Vec<u8>, Vec<u8>), Secret<32>> = LazyLock::new(Mutex::default);
    once(&KNOWN, (passphrase.0.clone(), salt.0.clone()), || {
        argon2i(&passphrase.0, &salt.0).unwrap()
    })
}

fn passkey(passphrase: &Hex, salt: &Hex) -> Passkey {
    static KNOWN: Once<(Vec<u8>, Vec<u8>), Passkey> = LazyLock::new(Mutex::default);
    once(&KNOWN, (passphrase.0.clone(), salt.0.clone()), || {
        Passkey::derive(&passphrase.0, Salt::new(&salt.0).unwrap()).unwrap()
    })
}

fn run(job: Job) -> Done {
    static KNOWN: Once<JobKey, Done> = LazyLock::new(Mutex::default);
    once(&KNOWN, job.key(), || job.run())
}

type Once<K, V> = LazyLock<Mutex<BTreeMap<K, Arc<OnceLock<V>>>>>;

fn once<K: Ord, V: Clone>(known: &Once<K, V>, key: K, make: impl FnOnce() -> V) -> V {
    let cell = Arc::clone(known.lock().unwrap().entry(key).or_default());
    cell.get_or_init(make).clone()
}
