//! The key API: keys from seeds, agreements, the base curve and its neighbours, and what is refused.

use super::{
    file::{Keygen, PrivateKeyCheck, PublicKeyCheck, Shared, Special},
    *,
};
use crate::{Backend, PublicKey, PublicKeyError, SecretKey, SecretKeyError, hazmat};

const BLIND: &[u8; 32] = b"any bytes: they are not visible.";

fn secret<S: Set>(text: &str) -> SecretKey<S> {
    SecretKey::from_bytes(&bytes(text)).unwrap()
}

fn public<S: Set>(backend: Backend, text: &str) -> PublicKey<S> {
    PublicKey::from_bytes_with(backend, &bytes(text)).unwrap()
}

#[test]
fn seeds_give_the_known_keys_of_ctidh511() {
    keygen::<Set511>(&File::read().ctidh511.keygen, 12);
}

#[test]
fn seeds_give_the_known_keys_of_ctidh1024() {
    keygen::<Set1024>(&File::read().ctidh1024.keygen, 26);
}

fn keygen<S: Set>(cases: &[Keygen], count: usize) {
    assert_eq!(cases.len(), count, "cases of {}", S::NAME);
    for case in cases {
        let seed = bytes(&case.seed);
        let key = hazmat::from_draws::<S>(case.context, &seed);
        assert_eq!(hex::encode(key.to_bytes()), case.sk);
        if let (1, Ok(seed)) = (case.context, seed.as_slice().try_into()) {
            assert_eq!(key.to_bytes(), SecretKey::<S>::from_seed(seed).to_bytes());
        }
        for backend in Backend::available() {
            let public = key.public_key_with(backend, BLIND);
            assert_eq!(
                hex::encode(public.as_bytes()),
                case.pk,
                "{backend:?} {}",
                case.seed
            );
        }
    }
}

#[test]
fn agreements_match_in_ctidh511() {
    shared::<Set511>(&File::read().ctidh511.shared, 8);
}

#[test]
fn agreements_match_in_ctidh1024() {
    shared::<Set1024>(&File::read().ctidh1024.shared, 24);
}

fn shared<S: Set>(cases: &[Shared], count: usize) {
    assert_eq!(cases.len(), count, "cases of {}", S::NAME);
    for case in cases {
        for backend in Backend::available() {
            for (mine, theirs) in [(&case.sk_a, &case.pk_b), (&case.sk_b, &case.pk_a)] {
                let peer = public::<S>(backend, theirs);
                let shared = secret::<S>(mine).agree_with(backend, &peer, BLIND);
                let curve = hex::encode(shared.curve_bytes());
                assert_eq!(curve, case.shared_curve, "{backend:?} {mine}");
                assert_eq!(hex::encode(shared.digest()), case.dh, "{backend:?} {mine}");
            }
        }
    }
}

#[test]
fn special_actions_match_in_ctidh511() {
    special::<Set511>(&File::read().ctidh511.action_special, 11);
}

#[test]
fn special_actions_match_in_ctidh1024() {
    special::<Set1024>(&File::read().ctidh1024.action_special, 15);
}

fn special<S: Set>(cases: &[Special], count: usize) {
    assert_eq!(cases.len(), count, "cases of {}", S::NAME);
    for case in cases {
        for backend in Backend::available() {
            let key = secret::<S>(&case.sk);
            let start = bytes(&case.start);
            // the base curve is no public key, but where public keys come from
            let end = if start.iter().all(|byte| *byte == 0) {
                key.public_key_with(backend, BLIND).as_bytes().to_vec()
            } else {
                let peer = public::<S>(backend, &case.start);
                key.agree_with(backend, &peer, BLIND).curve_bytes().to_vec()
            };
            assert_eq!(hex::encode(end), case.out, "{backend:?} {}", case.label);
        }
    }
}

#[test]
fn public_keys_are_accepted_or_refused_as_known() {
    public_keys::<Set511>(&File::read().ctidh511.public_key_checks, 20);
    public_keys::<Set1024>(&File::read().ctidh1024.public_key_checks, 20);
}

fn public_keys<S: Set>(cases: &[PublicKeyCheck], count: usize) {
    assert_eq!(cases.len(), count, "cases of {}", S::NAME);
    for case in cases {
        for backend in Backend::available() {
            let outcome = PublicKey::<S>::from_bytes_with(backend, &bytes(&case.pk));
            let name = match outcome {
                Ok(_) => "accepted",
                Err(PublicKeyError::Length { .. }) => "DecodingError",
                Err(_) => "InvalidPublicKey",
            };
            assert_eq!(name, case.frombytes, "{backend:?} {}", case.label);
        }
    }
}

#[test]
fn secret_keys_are_accepted_or_refused_as_known() {
    secret_keys::<Set511>(&File::read().ctidh511.private_key_checks, 9);
    secret_keys::<Set1024>(&File::read().ctidh1024.private_key_checks, 9);
}

fn secret_keys<S: Set>(cases: &[PrivateKeyCheck], count: usize) {
    assert_eq!(cases.len(), count, "cases of {}", S::NAME);
    for case in cases {
        let outcome = SecretKey::<S>::from_bytes(&bytes(&case.sk));
        let name = match &outcome {
            Ok(_) => "accepted",
            Err(SecretKeyError::Length { .. } | SecretKeyError::OutOfBounds) => "DecodingError",
        };
        assert_eq!(name, case.frombytes, "{}", case.label);
        if let Ok(key) = outcome {
            assert_eq!(hex::encode(key.to_bytes()), case.sk, "{}", case.label);
        }
    }
}
