//! ML-KEM-768 and HPKE beside second implementations, and HPKE between its two ends.
#![expect(clippy::unwrap_used, reason = "a test stops at what does not hold")]

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha512;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use ml_kem::ml_kem_768::DecapsulationKey;
use ml_kem::{Decapsulate, KeyExport};
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
        let theirs = DecapsulationKey::from_seed(both.into());
        let public = ours.public();
        prop_assert_eq!(&public[..], &theirs.encapsulation_key().to_bytes()[..]);

        let (ciphertext, secret) =
            MlKemPublicKey::from_bytes(&public).unwrap().encapsulate(&Secret::new(m));
        let (other, shared) = theirs.encapsulation_key().encapsulate_deterministic(&m.into());
        prop_assert_eq!(&ciphertext[..], &other[..]);
        prop_assert_eq!(&secret, &Secret::new(shared.into()));
        prop_assert_eq!(&ours.decapsulate(&ciphertext), &secret);

        // An altered one gives both the same secret of nobody.
        let mut altered = ciphertext;
        altered[place.index(MlKemPublicKey::CIPHERTEXT_LEN)] ^= 1;
        let nobodys = theirs.decapsulate(&(*altered).into());
        let ours = ours.decapsulate(&altered);
        prop_assert_eq!(&ours, &Secret::new(nobodys.into()));
        prop_assert_ne!(&ours, &secret);
    }

    #[test]
    fn hpke_agrees_with_a_second_implementation(
        seed in prop::array::uniform32(any::<u8>()),
        draws in prop::array::uniform32(any::<u8>()),
        text in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let key = HpkeKey::from_seed(&Secret::new(seed));
        let theirs = <XWing as Kem>::PrivateKey::from_bytes(&seed).unwrap();
        let public = key.public();
        prop_assert_eq!(&public[..], &XWing::sk_to_pk(&theirs).to_bytes()[..]);

        // Ours seals, theirs opens.
        let mut both = [0; 64];
        both[..32].copy_from_slice(&draws);
        both[32..].copy_from_slice(&seed);
        let to = HpkePublicKey::from_bytes(&public).unwrap();
        let (mut sender, encapsulated) = HpkeSender::new(&to, &Secret::new(both));
        let encapsulated = Deserializable::from_bytes(&encapsulated[..]).unwrap();
        let mut other = hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha512, XWing>(
            &OpModeR::Base, &theirs, &encapsulated, &[],
        ).unwrap();
        for _ in 0..3 {
            prop_assert_eq!(&other.open(&sender.seal(&text).unwrap(), &[]).unwrap(), &text);
        }
        let mut exported = [0; 100];
        other.export(&text, &mut exported).unwrap();
        prop_assert_eq!(sender.export::<100>(&text), Secret::new(exported));

        // Theirs seals, ours opens.
        let to = Deserializable::from_bytes(&public[..]).unwrap();
        let (encapsulated, mut other) =
            hpke::setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha512, XWing>(
                &OpModeS::Base, &to, &[], &mut Drawn(draws.to_vec()),
            ).unwrap();
        let encapsulated = encapsulated.to_bytes();
        let mut recipient = HpkeRecipient::new(&key, &encapsulated[..].try_into().unwrap());
        for _ in 0..3 {
            prop_assert_eq!(&recipient.open(&other.seal(&text, &[]).unwrap()).unwrap(), &text);
        }
    }
}

/// Bytes that a generator draws, again and again.
struct Drawn(Vec<u8>);

impl hpke::rand_core::TryRng for Drawn {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for (to, from) in out.iter_mut().zip(self.0.iter().cycle()) {
            *to = *from;
        }
        Ok(())
    }
}

impl hpke::rand_core::TryCryptoRng for Drawn {}

#[test]
fn a_key_that_is_not_reduced_is_refused() {
    let mut public = MlKemKey::from_seed(&Secret::new([1; 64])).public();
    public[0] = 0xff;
    public[1] |= 0x0f;
    assert!(MlKemPublicKey::from_bytes(&public).is_err());
    let mut public = HpkeKey::from_seed(&Secret::new([1; 32])).public();
    public[0] = 0xff;
    public[1] |= 0x0f;
    assert!(HpkePublicKey::from_bytes(&public).is_err());
}

/// Two ends of a context whose every byte follows from `seed`.
fn ends(seed: u8) -> (HpkeSender, HpkeRecipient) {
    let key = HpkeKey::from_seed(&Secret::new([seed; 32]));
    let public = HpkePublicKey::from_bytes(&key.public()).unwrap();
    let (sender, encapsulated) = HpkeSender::new(&public, &Secret::new([seed; 64]));
    let recipient = HpkeRecipient::new(&key, &encapsulated);
    (sender, recipient)
}

#[test]
fn the_key_of_a_seed_is_the_one_of_the_draft() {
    let seed = core::array::from_fn(|at| u8::try_from(at).unwrap());
    let key = HpkeKey::from_seed(&Secret::new(seed));
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
    let key = HpkeKey::from_seed(&Secret::new([1; 32]));
    let public = HpkePublicKey::from_bytes(&key.public()).unwrap();
    let encapsulated = |seed| HpkeSender::new(&public, &Secret::new(seed)).1;
    let first = encapsulated([7; 64]);
    assert_eq!(first, encapsulated([7; 64]));
    for place in [0, 31, 32, 63] {
        let mut seed = [7; 64];
        // not the bits that X25519 ignores
        seed[place] ^= 0x10;
        assert_ne!(first, encapsulated(seed), "{place}");
    }
}
