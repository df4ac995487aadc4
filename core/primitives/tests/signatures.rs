//! ML-DSA-65 beside a second implementation, and what RFC 8032, FIPS 180-4 and RFC 9106 print.

use ml_dsa::{Keypair, MlDsa65, Signature, SigningKey as Theirs, VerifyingKey as TheirVerifying};
use primitives::{
    Argon2Cost, MlDsaSigningKey, MlDsaVerifyingKey, PasswordError, Secret, SigningKey, argon2id,
    sha256,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn ml_dsa_agrees_with_a_second_implementation(
        seed: [u8; 32],
        rnd: [u8; 32],
        message: Vec<u8>,
        context in prop::collection::vec(any::<u8>(), 0..=255),
        place: prop::sample::Index,
    ) {
        let ours = MlDsaSigningKey::from_seed(&Secret::new(seed));
        let theirs = Theirs::<MlDsa65>::from_seed(&seed.into());
        let public = theirs.verifying_key().encode();
        prop_assert_eq!(&ours.verifying_key().as_bytes()[..], &public[..]);

        // The deterministic variant gives equal bytes.
        let signature = ours.sign(&message, &context, &Secret::new([0; 32])).unwrap();
        let other = theirs.expanded_key().sign_deterministic(&message, &context).unwrap();
        prop_assert_eq!(&signature[..], &other.encode()[..]);

        // A randomised one verifies over there, an altered one nowhere.
        let mut signature = ours.sign(&message, &context, &Secret::new(rnd)).unwrap();
        prop_assert!(both(ours.verifying_key(), &message, &context, &signature));
        signature[place.index(MlDsaVerifyingKey::SIGNATURE_LEN)] ^= 1;
        prop_assert!(!both(ours.verifying_key(), &message, &context, &signature));
    }
}

/// Whether the signature verifies, which both implementations must say alike.
fn both(
    key: &MlDsaVerifyingKey,
    message: &[u8],
    context: &[u8],
    signature: &[u8; MlDsaVerifyingKey::SIGNATURE_LEN],
) -> bool {
    let ours = key.verify(message, context, signature).is_ok();
    let key = TheirVerifying::<MlDsa65>::decode(&(*key.as_bytes()).into());
    let theirs = Signature::<MlDsa65>::decode(&(*signature).into())
        .is_some_and(|signature| key.verify_with_context(message, context, &signature));
    assert_eq!(ours, theirs);
    ours
}

#[test]
fn a_context_of_256_bytes_is_refused() {
    let key = MlDsaSigningKey::from_seed(&Secret::new([1; 32]));
    let rnd = Secret::new([0; 32]);
    let signature = key.sign(b"", &[0; 255], &rnd).unwrap();
    assert!(
        key.verifying_key()
            .verify(b"", &[0; 255], &signature)
            .is_ok()
    );
    assert!(
        key.verifying_key()
            .verify(b"", &[0; 256], &signature)
            .is_err()
    );
    assert!(key.sign(b"", &[0; 256], &rnd).is_none());
}

#[test]
fn ed25519_signs_as_rfc_8032_prints() {
    let seed = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
    let public = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
    let signature = "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
                     18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";
    let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
    let key = SigningKey::from_seed(&Secret::new(seed));
    assert_eq!(hex::encode(key.verifying_key().to_bytes()), public);
    assert_eq!(hex::encode(key.sign(&[0xaf, 0x82])), signature);
}

#[test]
fn sha256_of_abc_in_pieces() {
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex::encode(sha256(&[b"a", b"", b"bc"])), known);
}

#[test]
fn argon2id_stretches_as_another_implementation() {
    // `hash_secret_raw` of Python's `argon2-cffi`, 1 lane, 32 bytes, version 0x13.
    let cost = |memory_kib, passes| Argon2Cost { memory_kib, passes };
    let known = [
        (
            b"password".as_slice(),
            b"somesalt".as_slice(),
            cost(64, 1),
            "729c7a54441bc13559bdca71348c4e554599e719c08a952601ed5c83618c1bbd",
        ),
        (
            b"",
            b"0123456789abcdef",
            cost(8, 3),
            "1632bf852d18e1870d377295cc4bd16d2705fddd3f50327c7792a2bf4cac94f3",
        ),
    ];
    for (password, salt, cost, out) in known {
        let stretched = argon2id(password, salt, cost).unwrap();
        assert_eq!(hex::encode(stretched.expose()), out);
    }
}

#[test]
fn an_impossible_cost_is_an_error() {
    let cost = |memory_kib, passes| Argon2Cost { memory_kib, passes };
    for cost in [cost(7, 1), cost(8, 0)] {
        assert_eq!(argon2id(b"", &[0; 8], cost), Err(PasswordError::Cost));
    }
    assert!(argon2id(b"", &[0; 8], cost(8, 1)).is_ok());
    let short = argon2id(b"", &[0; 7], cost(8, 1));
    assert_eq!(short, Err(PasswordError::Length));
}
