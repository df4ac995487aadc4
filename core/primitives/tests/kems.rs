//! ML-KEM-768 beside a second implementation, and HPKE between its two ends.
#![expect(clippy::unwrap_used, reason = "a test stops at what does not hold")]

use libcrux_ml_kem::mlkem768;
use primitives::{
    HpkeKey, HpkePublicKey, HpkeRecipient, HpkeSender, MlKemKey, MlKemPublicKey, Secret, sha256,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn ml_kem_agrees_with_a_second_implementation(
        seed in prop::array::uniform32(any::<u8>()),
        rest in prop::array::uniform32(any::<u8>()),
        m: [u8; 32],
        place: prop::sample::Index,
    ) {
        let mut both = [0; 64];
        both[..32].copy_from_slice(&seed);
        both[32..].copy_from_slice(&rest);
        let ours = MlKemKey::from_seed(&Secret::new(both));
        let theirs = mlkem768::generate_key_pair(both);
        let public = ours.public();
        prop_assert_eq!(&public[..], &theirs.pk()[..]);

        let (ciphertext, secret) =
            MlKemPublicKey::from_bytes(&public).unwrap().encapsulate(&Secret::new(m));
        let (other, shared) = mlkem768::encapsulate(theirs.public_key(), m);
        prop_assert_eq!(&ciphertext[..], other.as_ref());
        prop_assert_eq!(&secret, &Secret::new(shared));
        prop_assert_eq!(&ours.decapsulate(&ciphertext), &secret);

        // An altered one gives both the same secret of nobody.
        let mut altered = ciphertext;
        altered[place.index(MlKemPublicKey::CIPHERTEXT_LEN)] ^= 1;
        let nobodys = mlkem768::decapsulate(theirs.private_key(), &(*altered).into());
        let ours = ours.decapsulate(&altered);
        prop_assert_eq!(&ours, &Secret::new(nobodys));
        prop_assert_ne!(&ours, &secret);
    }
}

#[test]
fn a_key_that_is_not_reduced_is_refused() {
    let mut public = MlKemKey::from_seed(&Secret::new([1; 64])).public();
    public[0] = 0xff;
    public[1] |= 0x0f;
    assert!(MlKemPublicKey::from_bytes(&public).is_err());
    let mut public = HpkeKey::from_seed(&Secret::new([1; 32])).unwrap().public();
    public[0] = 0xff;
    public[1] |= 0x0f;
    assert!(HpkePublicKey::from_bytes(&public).is_err());
}

/// Two ends of a context whose every byte follows from `seed`.
fn ends(seed: u8) -> (HpkeSender, HpkeRecipient) {
    let key = HpkeKey::from_seed(&Secret::new([seed; 32])).unwrap();
    let public = HpkePublicKey::from_bytes(&key.public()).unwrap();
    let (sender, encapsulated) = HpkeSender::new(&public, &Secret::new([seed; 64])).unwrap();
    let recipient = HpkeRecipient::new(&key, &encapsulated).unwrap();
    (sender, recipient)
}

#[test]
fn the_key_of_a_seed_is_the_one_of_the_draft() {
    let seed = core::array::from_fn(|at| u8::try_from(at).unwrap());
    let key = HpkeKey::from_seed(&Secret::new(seed)).unwrap();
    assert_eq!(
        hex::encode(sha256(&[&key.public()[..]])),
        "c9a3565ffde4f72b51661be391ee13e46378d7f06dd5c8bf5af9d2cfb5b8336b"
    );
}

#[test]
fn messages_open_in_order_only_and_a_bad_one_costs_no_turn() {
    let (mut sender, mut recipient) = ends(1);
    let [first, second] = [b"first", b"other"].map(|text| sender.seal(text).unwrap());
    assert_eq!(first.len(), 5 + 16);
    assert_eq!(recipient.open(&second).ok(), None);
    let mut altered = first.clone();
    altered[0] ^= 1;
    assert_eq!(recipient.open(&altered).ok(), None);
    assert_eq!(recipient.open(&[]).ok(), None);
    assert_eq!(recipient.open(&first).unwrap(), b"first");
    assert_eq!(recipient.open(&first).ok(), None);
    assert_eq!(recipient.open(&second).unwrap(), b"other");
}

#[test]
fn what_was_made_for_another_key_opens_nothing() {
    let (mut sender, _) = ends(1);
    let (_, mut recipient) = ends(2);
    assert_eq!(recipient.open(&sender.seal(b"x").unwrap()).ok(), None);
}

#[test]
fn both_ends_export_the_same_secret_and_another_one_for_another_purpose() {
    let (sender, recipient) = ends(3);
    let secret: Secret<32> = sender.export(b"one");
    assert_eq!(secret, recipient.export(b"one"));
    assert_ne!(secret, recipient.export(b"two"));
}

#[test]
fn encapsulating_uses_every_byte_of_its_seed_and_no_more() {
    let key = HpkeKey::from_seed(&Secret::new([1; 32])).unwrap();
    let public = HpkePublicKey::from_bytes(&key.public()).unwrap();
    let encapsulated = |seed| HpkeSender::new(&public, &Secret::new(seed)).unwrap().1;
    let first = encapsulated([7; 64]);
    assert_eq!(first, encapsulated([7; 64]));
    for place in [0, 31, 32, 63] {
        let mut seed = [7; 64];
        // not the bits that X25519 ignores
        seed[place] ^= 0x10;
        assert_ne!(first, encapsulated(seed), "{place}");
    }
}
