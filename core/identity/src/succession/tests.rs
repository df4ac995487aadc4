use alloc::vec;

use primitives::Secret;

use super::*;

fn plain(seed: u8) -> IdentityKey {
    IdentityKey::from_seeds(&Secret::new([seed; 32]), None)
}

fn hybrid(seed: u8) -> IdentityKey {
    let half = Secret::new([seed ^ 0x80; 32]);
    IdentityKey::from_seeds(&Secret::new([seed; 32]), Some(&half))
}

fn at(ms: u64) -> Time {
    Time::from_ms(ms)
}

/// From key 1 over 2 and on to `last`.
fn over(last: u8, key: fn(u8) -> IdentityKey) -> Succession {
    let mut succession = Succession::found(&key(1), &key(2), at(1)).unwrap();
    for (former, later) in (2..last).zip(3..) {
        let next = succession.then(&key(former), &key(later), at(former.into()));
        succession = next.unwrap();
    }
    succession
}

#[test]
fn a_key_shows_which_ones_it_follows() {
    for key in [plain, hybrid] {
        let succession = over(3, key);
        assert!(succession.verifies(key(3).public()));
        let former = succession
            .former()
            .map(|former| (&former.key, former.until));
        let (one, two) = (key(1), key(2));
        assert!(former.eq([(two.public(), at(2)), (one.public(), at(1))]));
        for seed in [1, 2] {
            let found = succession.leads_from(key(seed).public()).unwrap();
            assert_eq!(&found.key, key(seed).public());
        }
        for seed in [3, 4] {
            assert_eq!(succession.leads_from(key(seed).public()), None);
        }
    }
}

#[test]
fn it_is_of_no_other_key() {
    for key in [plain, hybrid] {
        let succession = over(3, key);
        for seed in [1, 2, 4] {
            assert!(!succession.verifies(key(seed).public()), "{seed}");
        }
    }
    // nor of one half of it, nor of one with another half
    let succession = over(2, hybrid);
    let half = IdentityPublic::from(*hybrid(2).public().ed25519());
    assert!(!succession.verifies(&half));
    let other = half.with_ml_dsa(hybrid(3).public().ml_dsa().unwrap().clone());
    assert!(!succession.verifies(&other));
    assert!(!over(2, plain).verifies(hybrid(2).public()));
}

#[test]
fn somebody_known_by_both_halves_is_not_led_on_by_one() {
    let (one, two) = (plain(1), hybrid(2));
    let succession = Succession::found(&one, &two, at(1)).unwrap();
    assert!(succession.verifies(two.public()));
    assert_eq!(succession.leads_from(hybrid(1).public()), None);
    // who is known by one half is, whatever the other one is
    let known = IdentityPublic::from(*hybrid(1).public().ed25519());
    assert!(over(2, hybrid).leads_from(&known).is_some());
}

#[test]
fn there_are_three_keys_before_at_most_and_the_oldest_goes() {
    let succession = over(6, plain);
    assert!(succession.verifies(plain(6).public()));
    assert_eq!(succession.former().count(), Succession::MAX);
    assert!(succession.leads_from(plain(3).public()).is_some());
    assert_eq!(succession.leads_from(plain(2).public()), None);
    assert_eq!(over(6, hybrid).to_bytes().len(), Succession::MAX_LEN);

    let mut bytes = over(4, plain).to_bytes();
    let step = bytes[3..].len() / 3;
    let one_more = bytes[3..3 + step].to_vec();
    bytes.extend(one_more);
    bytes[2] = 4;
    assert_eq!(Succession::decode(&bytes), Err(DecodeError::Meaning));
    assert_eq!(Succession::decode(&[8, 1, 0]), Err(DecodeError::Meaning));
}

#[test]
fn no_key_has_a_place_twice() {
    let same = Succession::found(&plain(1), &hybrid(1), at(1));
    assert_eq!(same, Err(SuccessionError));
    let back = over(3, plain).then(&plain(3), &plain(1), at(3));
    assert_eq!(back, Err(SuccessionError));
    // nor for who signs it all the same
    let (one, two) = (plain(1), plain(2));
    let step = |former: &IdentityKey, later: &IdentityKey| {
        let mut step = Succession::found(former, later, at(1)).unwrap();
        step.0.remove(0)
    };
    let circle = Succession(vec![step(&two, &one), step(&one, &two)]);
    assert!(!circle.verifies(one.public()));
}

#[test]
fn one_changed_byte_voids_it_and_a_cut_one_cannot_be_read() {
    for (key, steps) in [(plain as fn(u8) -> IdentityKey, 1), (hybrid, 509)] {
        let (good, last) = (over(3, key).to_bytes(), key(3));
        for place in (0..good.len()).step_by(steps) {
            let mut bytes = good.clone();
            bytes[place] ^= 0x10;
            let read = Succession::decode(&bytes);
            assert!(
                read.is_err() || !read.unwrap().verifies(last.public()),
                "{place}"
            );
            assert!(Succession::decode(&good[..place]).is_err(), "{place}");
        }
        assert_eq!(Succession::decode(&good).unwrap().to_bytes(), good);
        let longer = [&good[..], &[0]].concat();
        let error = DecodeError::Trailing { len: 1 };
        assert_eq!(Succession::decode(&longer), Err(error));
    }
}

#[test]
fn signatures_for_other_purposes_and_swapped_ones_do_not_count() {
    let (one, two) = (plain(1), plain(2));
    let good = Succession::found(&one, &two, at(1)).unwrap();
    let body = body(one.public(), two.public(), at(1));
    for (signature, acceptance) in [
        (Label::AcceptSuccession, Label::SignSuccession),
        (Label::SignStatement, Label::AcceptRotate),
    ] {
        let mut wrong = good.clone();
        wrong.0[0].signature = one.sign(signature, &body);
        wrong.0[0].acceptance = two.sign(acceptance, &body);
        assert!(!wrong.verifies(two.public()));
    }
    for forge in [0, 1] {
        let mut wrong = good.clone();
        let mallory = plain(9);
        match forge {
            0 => wrong.0[0].signature = mallory.sign(Label::SignSuccession, &body),
            _ => wrong.0[0].acceptance = mallory.sign(Label::AcceptSuccession, &body),
        }
        assert!(!wrong.verifies(two.public()));
    }
}
