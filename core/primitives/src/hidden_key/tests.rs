//! What the public interface does not show: the candidates on the way to a hidden key.

extern crate std;

use std::string::String;
use std::vec::Vec;

use serde::Deserialize;

use super::*;

/// A map of the file; only the key pairs are read here, the rest in `tests/vectors.rs`.
#[derive(Deserialize)]
struct File {
    primitives: Primitives,
}

#[derive(Deserialize)]
struct Primitives {
    elligator_key_pair: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    seed: String,
    hidden: String,
    secret: String,
    public: String,
    clean_public: String,
    tries: usize,
    tweak: String,
}

fn bytes(text: &str) -> [u8; 32] {
    hex::decode(text).unwrap().try_into().unwrap()
}

#[test]
fn candidates_follow_the_vectors() {
    let file: File =
        serde_json::from_str(include_str!("../../../../vectors/rendezvous/reunion.json")).unwrap();
    let pairs = file.primitives.elligator_key_pair;
    assert_eq!(pairs.len(), 16);
    for pair in &pairs {
        let mut candidate = Candidate::draw(&Secret::new(bytes(&pair.seed)));
        for _ in 1..pair.tries {
            assert_eq!(
                candidate.hide(),
                None,
                "{}: a candidate too early",
                pair.seed
            );
            candidate = Candidate::draw(&candidate.next);
        }
        assert_eq!(candidate.hide(), Some(bytes(&pair.hidden)), "{}", pair.seed);
        assert_eq!(
            candidate.scalar.expose(),
            &bytes(&pair.secret),
            "{}",
            pair.seed
        );
        assert_eq!(
            candidate.dirty_public(),
            bytes(&pair.public),
            "{}",
            pair.seed
        );
        assert_eq!(
            hex::encode([candidate.tweak()]),
            pair.tweak,
            "{}",
            pair.seed
        );
        let base = {
            let mut base = [0; 32];
            base[0] = 9;
            base
        };
        assert_eq!(
            crate::x25519(&candidate.scalar, &base).expose(),
            &bytes(&pair.clean_public),
            "{}",
            pair.seed
        );
    }
}

#[test]
fn all_eight_low_order_components_occur_and_agree() {
    let mut seen = [false; 8];
    for n in 0..64u8 {
        let alice = HiddenKey::from_seed(&Secret::new([n; 32]));
        let bob = HiddenKey::from_seed(&Secret::new([n ^ 0x80; 32]));
        seen[usize::from(alice.scalar().expose()[0] & 7)] = true;
        assert_eq!(
            crate::x25519(alice.scalar(), &reveal(bob.hidden())),
            crate::x25519(bob.scalar(), &reveal(alice.hidden())),
        );
    }
    assert_eq!(seen, [true; 8]);
}
