//! What must hold for all keys, on every back end.

#![expect(clippy::unwrap_used, reason = "a test stops at what does not hold")]

use ctidh::{
    Backend, PublicKey, PublicKeyError, SecretKey, Set, Set511, Set1024, ctidh511,
    hazmat::{Array, Field},
};
use proptest::prelude::*;

type Seed = [u8; 32];

/// What holds for the keys of one set.
macro_rules! keys {
    ($name:ident, $set:ident, $cases:literal) => {
        mod $name {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig::with_cases($cases))]

                #[test]
                fn both_sides_agree_whatever_randomises_the_computation(a: Seed, b: Seed, blind: Seed) {
                    let (a, b) = (SecretKey::<$set>::from_seed(&a), SecretKey::<$set>::from_seed(&b));
                    let for_a = b.public_key(&[0; 32]);
                    for backend in Backend::available() {
                        let for_b = a.public_key_with(backend, &blind);
                        let one = a.agree_with(backend, &for_a, &blind);
                        let other = b.agree(&for_b, &[1; 32]);
                        prop_assert_eq!(one.curve_bytes(), other.curve_bytes());
                    }
                }

                #[test]
                fn the_opposite_key_leads_to_the_twist(seed: Seed, blind: Seed) {
                    let key = SecretKey::<$set>::from_seed(&seed);
                    let opposite = opposite(&key);
                    for backend in Backend::available() {
                        let there = coefficient(&key.public_key_with(backend, &blind));
                        let back = coefficient(&opposite.public_key_with(backend, &blind));
                        prop_assert_eq!(there.neg().to_limbs(), back.to_limbs());
                    }
                }

                #[test]
                fn the_opposite_key_leads_back(seed: Seed, other: Seed, blind: Seed) {
                    let key = SecretKey::<$set>::from_seed(&seed);
                    let opposite = opposite(&key);
                    let start = SecretKey::<$set>::from_seed(&other).public_key(&blind);
                    for backend in Backend::available() {
                        let middle = key.agree_with(backend, &start, &blind);
                        let middle = PublicKey::from_bytes_with(backend, middle.curve_bytes()).unwrap();
                        let end = opposite.agree_with(backend, &middle, &blind);
                        prop_assert_eq!(end.curve_bytes(), start.as_bytes());
                    }
                }

                #[test]
                fn public_keys_survive_their_encoding(seed: Seed, blind: Seed) {
                    let key = SecretKey::<$set>::from_seed(&seed).public_key(&blind);
                    for backend in Backend::available() {
                        let again = PublicKey::from_bytes_with(backend, key.as_bytes());
                        prop_assert_eq!(again, Ok(key));
                    }
                }
            }
        }
    };
}
keys!(of_511_bits, Set511, 6);
keys!(of_1024_bits, Set1024, 2);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn secret_keys_survive_their_encoding(seed: Seed) {
        let key = SecretKey::<Set1024>::from_seed(&seed);
        let again = SecretKey::<Set1024>::from_bytes(&key.to_bytes()).unwrap();
        prop_assert_eq!(key.to_bytes(), again.to_bytes());
    }

    #[test]
    fn any_bytes_are_refused_or_are_a_secret_key_within_bounds(
        bytes in proptest::collection::vec(any::<u8>(), 0..140),
    ) {
        if let Ok(key) = SecretKey::<Set1024>::from_bytes(&bytes) {
            prop_assert_eq!(&key.to_bytes()[..], &bytes[..]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_random_number_is_no_public_key(small: [u8; 64], large in prop::array::uniform32(0_u32..)) {
        let large: Vec<u8> = large.iter().flat_map(|word| word.to_le_bytes()).collect();
        for backend in Backend::available() {
            refused::<Set511>(backend, &small);
            refused::<Set1024>(backend, &large);
        }
    }
}

/// Both the number itself, which is often above p, and the number with its top bits cleared.
fn refused<S: Set>(backend: Backend, bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    assert!(PublicKey::<S>::from_bytes_with(backend, &bytes).is_err());
    bytes[S::BITS / 8..].fill(0);
    let outcome = PublicKey::<S>::from_bytes_with(backend, &bytes);
    assert_eq!(outcome, Err(PublicKeyError::NotACurve));
}

#[test]
fn a_blind_does_not_show_in_a_key_of_1024_bits() {
    let key = SecretKey::<Set1024>::from_seed(&[3; 32]);
    let expected = key.public_key(&[0; 32]);
    for backend in Backend::available() {
        for blind in 1..4 {
            assert_eq!(key.public_key_with(backend, &[blind; 32]), expected);
        }
    }
}

#[test]
fn debug_output_names_the_type_and_nothing_else() {
    let key = ctidh511::SecretKey::from_seed(&[1; 32]);
    assert_eq!(format!("{key:?}"), "SecretKey");
    let shared = key.agree(&key.public_key(&[0; 32]), &[0; 32]);
    assert_eq!(format!("{shared:?}"), "SharedSecret");
}

/// The key whose action undoes that of `key`.
fn opposite<S: Set>(key: &SecretKey<S>) -> SecretKey<S> {
    let bytes = key.to_bytes();
    let bytes: Vec<u8> = bytes.iter().map(|byte| byte.wrapping_neg()).collect();
    SecretKey::from_bytes(&bytes).unwrap()
}

fn coefficient<S: Set>(key: &PublicKey<S>) -> S::Portable {
    let mut encoding = S::Encoding::filled(0);
    encoding.as_mut().copy_from_slice(key.as_bytes());
    S::Portable::from_limbs(&S::limbs(&encoding))
}
