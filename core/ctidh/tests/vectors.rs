//! Every case of `vectors/ctidh/ctidh.json` that speaks of keys, on every back end, named on
//! failure and counted. The parts below keys are in `src/tests.rs`.

#![expect(clippy::unwrap_used, reason = "a test stops at what does not hold")]

use ctidh::{
    Backend, PublicKey, PublicKeyError, SecretKey, SecretKeyError, Set, Set511, Set1024, hazmat,
};
use serde_json::Value;

const BLIND: &[u8; 32] = b"any bytes: they are not visible.";

/// The cases of a section for both sets, after counting them.
fn cases(set: &str, section: &str, count: usize) -> Vec<Value> {
    let file: Value =
        serde_json::from_str(include_str!("../../../vectors/ctidh/ctidh.json")).unwrap();
    let cases = file[set][section].as_array().unwrap().clone();
    assert_eq!(
        cases.len(),
        count,
        "a case went missing from {set} {section}"
    );
    cases
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap()
}

fn bytes(case: &Value, name: &str) -> Vec<u8> {
    hex::decode(text(case, name)).unwrap()
}

fn secret<S: Set>(case: &Value, name: &str) -> SecretKey<S> {
    SecretKey::from_bytes(&bytes(case, name)).unwrap()
}

fn public<S: Set>(backend: Backend, case: &Value, name: &str) -> PublicKey<S> {
    PublicKey::from_bytes_with(backend, &bytes(case, name)).unwrap()
}

#[test]
fn seeds_give_the_known_keys_of_ctidh511() {
    keygen::<Set511>(&cases("ctidh511", "keygen", 12));
}

#[test]
fn seeds_give_the_known_keys_of_ctidh1024() {
    keygen::<Set1024>(&cases("ctidh1024", "keygen", 26));
}

fn keygen<S: Set>(cases: &[Value]) {
    for case in cases {
        let seed = bytes(case, "seed");
        let context = case["context"].as_u64().unwrap();
        let key = hazmat::from_draws::<S>(context, &seed);
        assert_eq!(hex::encode(key.to_bytes()), text(case, "sk"));
        if let (1, Ok(seed)) = (context, seed.as_slice().try_into()) {
            assert_eq!(key.to_bytes(), SecretKey::<S>::from_seed(seed).to_bytes());
        }
        for backend in Backend::available() {
            let public = key.public_key_with(backend, BLIND);
            assert_eq!(
                hex::encode(public.as_bytes()),
                text(case, "pk"),
                "{backend:?} {case}"
            );
        }
    }
}

#[test]
fn agreements_match_in_ctidh511() {
    shared::<Set511>(&cases("ctidh511", "shared", 8));
}

#[test]
fn agreements_match_in_ctidh1024() {
    shared::<Set1024>(&cases("ctidh1024", "shared", 24));
}

fn shared<S: Set>(cases: &[Value]) {
    for case in cases {
        for backend in Backend::available() {
            for (mine, theirs) in [("skA", "pkB"), ("skB", "pkA")] {
                let peer = public::<S>(backend, case, theirs);
                let shared = secret::<S>(case, mine).agree_with(backend, &peer, BLIND);
                let curve = hex::encode(shared.curve_bytes());
                assert_eq!(curve, text(case, "shared_curve"), "{backend:?} {mine}");
                assert_eq!(
                    hex::encode(shared.digest()),
                    text(case, "dh"),
                    "{backend:?} {mine}"
                );
            }
        }
    }
}

#[test]
fn special_actions_match_in_ctidh511() {
    special::<Set511>(&cases("ctidh511", "action_special", 11));
}

#[test]
fn special_actions_match_in_ctidh1024() {
    special::<Set1024>(&cases("ctidh1024", "action_special", 15));
}

fn special<S: Set>(cases: &[Value]) {
    for case in cases {
        for backend in Backend::available() {
            let key = secret::<S>(case, "sk");
            let start = bytes(case, "in");
            // the base curve is no public key, but where public keys come from
            let end = if start.iter().all(|byte| *byte == 0) {
                key.public_key_with(backend, BLIND).as_bytes().to_vec()
            } else {
                let peer = public::<S>(backend, case, "in");
                key.agree_with(backend, &peer, BLIND).curve_bytes().to_vec()
            };
            assert_eq!(
                hex::encode(end),
                text(case, "out"),
                "{backend:?} {}",
                case["label"]
            );
        }
    }
}

#[test]
fn public_keys_are_accepted_or_refused_as_known() {
    public_keys::<Set511>(&cases("ctidh511", "public_key_checks", 20));
    public_keys::<Set1024>(&cases("ctidh1024", "public_key_checks", 20));
}

fn public_keys<S: Set>(cases: &[Value]) {
    for case in cases {
        for backend in Backend::available() {
            let outcome = PublicKey::<S>::from_bytes_with(backend, &bytes(case, "pk"));
            let name = match outcome {
                Ok(_) => "accepted",
                Err(PublicKeyError::Length { .. }) => "DecodingError",
                Err(_) => "InvalidPublicKey",
            };
            assert_eq!(
                name,
                text(case, "frombytes"),
                "{backend:?} {}",
                case["label"]
            );
        }
    }
}

#[test]
fn secret_keys_are_accepted_or_refused_as_known() {
    secret_keys::<Set511>(&cases("ctidh511", "private_key_checks", 9));
    secret_keys::<Set1024>(&cases("ctidh1024", "private_key_checks", 9));
}

fn secret_keys<S: Set>(cases: &[Value]) {
    for case in cases {
        let outcome = SecretKey::<S>::from_bytes(&bytes(case, "sk"));
        let name = match &outcome {
            Ok(_) => "accepted",
            Err(SecretKeyError::Length { .. } | SecretKeyError::OutOfBounds) => "DecodingError",
            Err(_) => "unknown",
        };
        assert_eq!(name, text(case, "frombytes"), "{}", case["label"]);
        if let Ok(key) = outcome {
            assert_eq!(
                hex::encode(key.to_bytes()),
                text(case, "sk"),
                "{}",
                case["label"]
            );
        }
    }
}
