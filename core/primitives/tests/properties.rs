//! What holds for all inputs, and the edges that published test suites for these functions probe.

use kernel::Kind;
use primitives::{
    HiddenKey, PasswordError, Prk, Prp, Secret, TAG_LEN, argon2i, hash, open, opens_empty, reveal,
    seal, x25519,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn hash_sees_only_the_concatenation(parts in prop::collection::vec(any::<Vec<u8>>(), 0..5)) {
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(hash(&slices), hash(&[&parts.concat()]));
    }

    #[test]
    fn open_inverts_seal(key: [u8; 32], message: Vec<u8>, data: Vec<u8>) {
        let key = Secret::new(key);
        let sealed = seal(&key, &message, &data);
        prop_assert_eq!(sealed.len().checked_sub(TAG_LEN), Some(message.len()));
        prop_assert_eq!(open(&key, &sealed, &data), Ok(message));
    }

    #[test]
    fn one_flipped_bit_closes_the_box(
        key: [u8; 32],
        message: Vec<u8>,
        place: prop::sample::Index,
        bit in 0..8u8,
    ) {
        let key = Secret::new(key);
        let mut sealed = seal(&key, &message, b"data");
        let place = place.index(sealed.len());
        sealed[place] ^= 1 << bit;
        prop_assert!(open(&key, &sealed, b"data").is_err());
    }

    #[test]
    fn open_survives_any_bytes(key: [u8; 32], sealed: Vec<u8>, data: Vec<u8>) {
        prop_assert!(open(&Secret::new(key), &sealed, &data).is_err());
    }

    #[test]
    fn opens_empty_says_what_open_says(key: [u8; 32], other: [u8; 32], data: Vec<u8>) {
        let (key, other) = (Secret::new(key), Secret::new(other));
        let tag: [u8; TAG_LEN] = seal(&key, b"", &data).try_into().unwrap();
        prop_assert!(bool::from(opens_empty(&key, &tag, &data)));
        prop_assert_eq!(bool::from(opens_empty(&other, &tag, &data)), key == other);
    }

    #[test]
    fn prp_is_a_permutation(key: [u8; 32], block: [u8; 32]) {
        let prp = Prp::new(&Secret::new(key));
        prop_assert_eq!(prp.decrypt(&prp.encrypt(&block)), block);
    }

    #[test]
    fn expand_of_parts_is_expand_of_the_whole(ikm: Vec<u8>, a: Vec<u8>, b: Vec<u8>) {
        let prk = Prk::extract(&ikm, b"");
        prop_assert_eq!(prk.expand::<70>(&[&a, &b]), prk.expand::<70>(&[&[a, b].concat()]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn hidden_keys_agree(a: [u8; 32], b: [u8; 32]) {
        let (a, b) = (HiddenKey::from_seed(&Secret::new(a)), HiddenKey::from_seed(&Secret::new(b)));
        prop_assert_eq!(
            x25519(a.scalar(), &reveal(b.hidden())),
            x25519(b.scalar(), &reveal(a.hidden()))
        );
    }

    #[test]
    fn the_top_two_bits_hide_nothing(hidden: [u8; 32], top in 0..4u8) {
        let mut other = hidden;
        other[31] ^= top << 6;
        prop_assert_eq!(reveal(&hidden), reveal(&other));
    }
}

#[test]
fn hidden_bytes_use_all_bits() {
    // A wrong range of the root would leave bit 253 clear.
    let (mut ones, mut zeros) = ([0u8; 32], [0u8; 32]);
    for n in 0..64 {
        let key = HiddenKey::from_seed(&Secret::new([n; 32]));
        for (i, byte) in key.hidden().iter().enumerate() {
            ones[i] |= byte;
            zeros[i] |= !byte;
        }
    }
    assert_eq!((ones, zeros), ([0xff; 32], [0xff; 32]));
}

#[test]
fn empty_salt_is_sixty_four_zero_bytes() {
    let empty = Prk::extract(b"key", b"").expand::<32>(&[]);
    assert_eq!(empty, Prk::extract(b"key", &[0; 64]).expand::<32>(&[]));
}

#[test]
fn low_order_and_non_canonical_points_are_carried_on() {
    let scalar = Secret::new([0x5a; 32]);
    let small = |n: u8| {
        let mut u = [0; 32];
        u[0] = n;
        u
    };
    let p_plus = |n: u8| {
        let mut u = [0xff; 32];
        u[0] = 0xed + n;
        u[31] = 0x7f;
        u
    };
    let order_8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    let order_8_too = "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157";
    let points = [
        small(0),
        small(1),
        p_plus(0),
        p_plus(1),
        hex::decode(order_8).unwrap().try_into().unwrap(),
        hex::decode(order_8_too).unwrap().try_into().unwrap(),
    ];
    for u in points {
        let shared = x25519(&scalar, &u);
        assert_eq!(shared, Secret::new([0; 32]), "{}", hex::encode(u));
    }
    assert_eq!(x25519(&scalar, &p_plus(2)), x25519(&scalar, &small(2)));
}

#[test]
fn a_salt_of_seven_bytes_is_refused_and_of_eight_taken() {
    let error = argon2i(b"", &[0; 7]).unwrap_err();
    assert_eq!(error, PasswordError::Length);
    assert_eq!(error.kind(), Kind::BadInput);
    assert!(argon2i(b"", &[0; 8]).is_ok());
}
