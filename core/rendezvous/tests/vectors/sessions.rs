//! Meetings of two and three: every value that a session takes, computes or sends.

use ctidh::ctidh1024::{PublicKey, SecretKey};
use primitives::{HiddenKey, Prk, Prp, Secret, hash, hash_secret, reveal, x25519};
use rendezvous::{Id, Session, T2, T3};

use crate::file::{Exchange, FILE, Hex, Meeting, Party};
use crate::room::{all_meet, open, stretch};

macro_rules! sessions {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let name = stringify!($name);
            let case = FILE.sessions.iter().find(|case| case.name == name).unwrap();
            replay(case);
        }
    )*};
}

sessions! { s01 s02 s03 s04 s05 s06 s07 s08 s09 s10 s11 }

fn replay(case: &Meeting) {
    let pairs = case
        .parties
        .iter()
        .flat_map(|_| case.parties.iter().skip(1))
        .count();
    assert_eq!(case.exchanges.len(), pairs, "{}", case.description);
    let mut sessions: Vec<Session> = case.parties.iter().map(open).collect();
    for (party, session) in case.parties.iter().zip(&sessions) {
        party_matches(party, session);
    }
    all_meet(&mut sessions);
    for exchange in &case.exchanges {
        let (at, peer) = (find(case, &exchange.at), find(case, &exchange.peer));
        values_match(&case.parties[at], &case.parties[peer], exchange);
        t2_matches(&mut sessions[at], &case.parties[peer], exchange);
    }
    for exchange in &case.exchanges {
        let (at, peer) = (find(case, &exchange.at), find(case, &exchange.peer));
        t3_matches(&mut sessions[at], &case.parties[peer], exchange);
    }
}

fn find(case: &Meeting, name: &str) -> usize {
    case.parties
        .iter()
        .position(|party| party.name == name)
        .unwrap()
}

fn party_matches(party: &Party, session: &Session) {
    let name = &party.name;
    assert_eq!(session.t1(), party.t1.0, "T1 of {name}");
    assert_eq!(
        session.id().as_bytes()[..],
        party.t1_id.0[..],
        "id of {name}"
    );
    let parts = [
        &party.t1_alpha,
        &party.t1_beta,
        &party.t1_gamma,
        &party.t1_delta,
    ];
    assert_eq!(
        parts.map(|part| part.0.as_slice()).concat(),
        party.t1.0,
        "{name}"
    );

    let stretched = stretch(&party.passphrase, &party.salt);
    assert_eq!(stretched, secret(&party.argon2i), "argon2i of {name}");
    let pdk: Secret<32> = Prk::extract(stretched.expose(), &party.salt.0).expand(&[]);
    assert_eq!(pdk, secret(&party.pdk), "pdk of {name}");
    let key = HiddenKey::from_seed(&secret(&party.dh_seed));
    assert_eq!(key.hidden()[..], party.dh_epk.0[..], "hidden key of {name}");
    assert_eq!(key.scalar(), &secret(&party.dh_sk), "scalar of {name}");
    let isogeny = SecretKey::from_seed(&party.ctidh_seed.array());
    assert_eq!(
        isogeny.to_bytes()[..],
        party.csidh_sk.0[..],
        "C_sk of {name}"
    );
    assert_eq!(party.csidh_pk, party.t1_beta, "C_pk of {name}");
    for (seed, key) in [
        (&party.gamma_seed, &party.sk_gamma),
        (&party.delta_seed, &party.sk_delta),
    ] {
        let computed = hash(&[pdk.expose(), &seed.0, &party.payload.0]);
        assert_eq!(computed[..], key.0[..], "sk_gamma and sk_delta of {name}");
    }
    let k = hash_secret(&[pdk.expose(), &party.t1.0[32..]]);
    assert_eq!(k, secret(&party.alpha_key), "K of {name}");
    assert_eq!(
        Prp::new(&k).encrypt(key.hidden())[..],
        party.t1_alpha.0[..],
        "alpha of {name}"
    );
}

/// What a session computes inside and does not show, from the same primitives.
fn values_match(at: &Party, peer: &Party, exchange: &Exchange) {
    let name = format!("{} about {}", at.name, peer.name);
    let k = hash_secret(&[&at.pdk.0, &peer.t1.0[32..]]);
    assert_eq!(k, secret(&exchange.peer_alpha_key), "K' of {name}");
    let point = reveal(&Prp::new(&k).decrypt(&peer.t1_alpha.array()));
    assert_eq!(
        point[..],
        exchange.peer_dh_pk.0[..],
        "revealed key of {name}"
    );
    let ss1 = x25519(&secret(&at.dh_sk), &point);
    assert_eq!(ss1, secret(&exchange.dh_ss), "ss1 of {name}");
    // ss2 costs an action, so one side computes it and the keys show that the other agrees
    let ss2 = &exchange.csidh_ss.0;
    if at.name < peer.name {
        let isogeny = SecretKey::from_bytes(&at.csidh_sk.0).unwrap();
        let beta = PublicKey::from_bytes(&peer.t1_beta.0).unwrap();
        let computed = isogeny.agree(&beta, &[1; 32]).digest();
        assert_eq!(computed[..], ss2[..], "ss2 of {name}");
    }
    let (ours, theirs) = (&at.alpha_key.0, k.expose());
    let k_tx = hash_secret(&[ours, theirs, ss1.expose(), ss2]);
    assert_eq!(k_tx, secret(&exchange.t2key_tx), "k_tx of {name}");
    let k_rx = hash_secret(&[theirs, ours, ss1.expose(), ss2]);
    assert_eq!(k_rx, secret(&exchange.t2key_rx), "k_rx of {name}");
    if let Some(k3) = &exchange.t3key_rx {
        let (theirs, ours) = (&exchange.t2_received.0, &exchange.t2_sent.0);
        assert_eq!(
            hash(&[k_rx.expose(), theirs, ours])[..],
            k3.0[..],
            "k3 of {name}"
        );
    }
}

fn t2_matches(session: &mut Session, peer: &Party, exchange: &Exchange) {
    let name = format!("{} about {}", exchange.at, exchange.peer);
    let id = Id::from_bytes(&peer.t1_id.0).unwrap();
    let sent = session.t2_for(&id).unwrap();
    assert_eq!(sent.as_bytes()[..], exchange.t2_sent.0[..], "T2 of {name}");
    let answer = session.take_t2(&id, T2::from_bytes(&exchange.t2_received.0).unwrap());
    assert_eq!(
        answer.t3.as_bytes()[..],
        exchange.t3_sent.0[..],
        "T3 of {name}"
    );
    assert_eq!(answer.real, !exchange.t3_sent_is_dummy, "{name}");
    assert_eq!(answer.real, exchange.t3key_rx.is_some(), "{name}");
    assert_eq!(answer.matched, None, "{name}");
}

fn t3_matches(session: &mut Session, peer: &Party, exchange: &Exchange) {
    let name = format!("{} about {}", exchange.at, exchange.peer);
    let id = Id::from_bytes(&peer.t1_id.0).unwrap();
    let matched = session.take_t3(&id, T3::from_bytes(&exchange.t3_received.0).unwrap());
    let payload = matched.map(|one| Hex(one.payload));
    assert_eq!(payload, exchange.result, "{name}");
    let expected = exchange.result.is_some().then_some(&peer.payload);
    assert_eq!(payload.as_ref(), expected, "{name}");
}

fn secret(hex: &Hex) -> Secret<32> {
    Secret::new(hex.array())
}
