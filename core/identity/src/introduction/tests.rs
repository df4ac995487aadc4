use alloc::{format, vec};

use kernel::Time;
use primitives::SigningKey;

use super::*;
use crate::card::Contents;
use crate::chain::Change;
use crate::home::Home;
use crate::key::IdentityKey;

static KEY: Secret<32> = Secret::new([5; 32]);
static ID: [u8; 24] = [6; 24];

fn link() -> Link<'static> {
    Link::new(&KEY, &ID)
}

fn key(seed: u8) -> IdentityKey {
    IdentityKey::from_seeds(&Secret::new([seed; 32]), None)
}

fn introduce(seed: u8, name: &str) -> (Introduction, IdentityChain) {
    let key = key(seed);
    let chain = IdentityChain::found(&key, None, None, Time::ZERO);
    let contents = Contents::new(name.parse().unwrap());
    let card = Card::issue(&key, chain.user_id(), 0, contents, Time::ZERO).unwrap();
    (Introduction::new(card, &chain), chain)
}

fn server() -> SigningKey {
    SigningKey::from_seed(&Secret::new([3; 32]))
}

fn home(address: &str) -> Home {
    Home::new(address, server().verifying_key()).unwrap()
}

fn seed() -> AnswerSeed {
    AnswerSeed::new(Secret::new([8; 32]), [9; 24])
}

#[test]
fn two_people_are_introduced() {
    let (alice, alices) = introduce(1, "Alice");
    let (bob, bobs) = introduce(2, "Bob");
    let secret = AgreementSecret::new(Secret::new([7; 32]));
    let sealed = Offer::new(alice.clone(), &secret)
        .seal(link(), &key(1), [1; 24])
        .unwrap();
    assert_eq!(sealed.len(), 1024);

    let offer = Offer::open(link(), &sealed).unwrap();
    assert_eq!(offer.introduction(), &alice);
    assert_eq!(offer.introduction().check(None), Ok(alices));
    let answer = offer
        .answer((link(), &sealed), &bob, &key(2), &seed())
        .unwrap();
    assert_eq!(answer.len(), 1024);

    let hash = OfferHash::of(&sealed);
    let opened = Introduction::open_answer(link(), &hash, &secret, &answer).unwrap();
    assert_eq!(opened, bob);
    assert_eq!(opened.check(None), Ok(bobs));
}

#[test]
fn nothing_opens_with_another_link_or_for_another_offer_or_altered() {
    let (alice, _) = introduce(1, "Alice");
    let secret = AgreementSecret::new(Secret::new([7; 32]));
    let offer = Offer::new(alice.clone(), &secret);
    let sealed = offer.seal(link(), &key(1), [1; 24]).unwrap();
    let (other_key, other_id) = (Secret::new([1; 32]), [1; 24]);
    for link in [Link::new(&other_key, &ID), Link::new(&KEY, &other_id)] {
        assert_eq!(Offer::open(link, &sealed), Err(OpenError::Sealed));
    }
    let answer = offer
        .answer((link(), &sealed), &alice, &key(1), &seed())
        .unwrap();
    assert_eq!(Offer::open(link(), &answer), Err(OpenError::Sealed));
    let open = |hash: &OfferHash, secret: &AgreementSecret, answer: &[u8]| {
        Introduction::open_answer(link(), hash, secret, answer).map(drop)
    };
    let hash = OfferHash::of(&sealed);
    assert_eq!(open(&hash, &secret, &answer), Ok(()));
    let other = OfferHash::of(b"other");
    assert_eq!(open(&other, &secret, &answer), Err(OpenError::Sealed));
    let other = AgreementSecret::new(Secret::new([1; 32]));
    assert_eq!(open(&hash, &other, &answer), Err(OpenError::Sealed));
    for place in [0, 32, 56, 1_023] {
        let mut answer = answer.clone();
        answer[place] ^= 1;
        assert_eq!(open(&hash, &secret, &answer), Err(OpenError::Sealed));
    }
    let mut low = answer;
    low[..32].fill(0);
    assert_eq!(open(&hash, &secret, &low), Err(OpenError::Sealed));
}

#[test]
fn lengths_that_there_are_not_are_refused() {
    let secret = AgreementSecret::new(Secret::new([7; 32]));
    for length in [0, 1_023, 1_025, 16_385, 100_000] {
        let bytes = vec![0; length];
        assert_eq!(Offer::open(link(), &bytes), Err(OpenError::Length));
        let hash = OfferHash::of(b"");
        let opened = Introduction::open_answer(link(), &hash, &secret, &bytes);
        assert_eq!(opened, Err(OpenError::Length));
    }
}

#[test]
fn the_chain_says_whether_the_card_counts() {
    let (alice, chain) = introduce(1, "Alice");
    let (bob, bobs) = introduce(2, "Bob");
    let without = |introduction: &Introduction| {
        let mut introduction = introduction.clone();
        introduction.chain.clear();
        introduction
    };
    assert_eq!(without(&alice).check(None), Err(CheckError::NoChain));
    let fetched = chain.to_bytes();
    assert_eq!(without(&alice).check(Some(&fetched)), Ok(chain.clone()));
    assert_eq!(
        without(&bob).check(Some(&fetched)),
        Err(CheckError::Foreign)
    );
    // one that came along is not replaced
    assert_eq!(bob.check(Some(&fetched)), Ok(bobs));
    let garbage = without(&alice).check(Some(b"garbage"));
    assert!(matches!(garbage, Err(CheckError::Chain(_))), "{garbage:?}");

    let mut closed = chain;
    let moved = closed.propose(Change::MoveHome(home("home.example")), Time::ZERO);
    closed.append(moved.sign(&key(1))).unwrap();
    assert_eq!(
        without(&alice).check(Some(&closed.to_bytes())).map(drop),
        Ok(())
    );
    let close = closed.propose(Change::Close, Time::ZERO);
    closed
        .append(close.sign(&key(1)).countersign(&server()))
        .unwrap();
    let old = without(&alice).check(Some(&closed.to_bytes()));
    assert_eq!(old, Err(CheckError::Old));
}

#[test]
fn a_chain_that_does_not_fit_is_left_out_of_an_offer() {
    let (_, chain) = introduce(1, "Alice");
    let mut long = chain;
    let mut number = 0;
    while long.to_bytes().len() < Introduction::MAX {
        let home = home(&format!("{number}.example"));
        let moved = long
            .propose(Change::MoveHome(home), Time::ZERO)
            .sign(&key(1));
        let moved = match number {
            0 => moved,
            _ => moved.countersign(&server()),
        };
        long.append(moved).unwrap();
        number += 1;
    }
    let contents = Contents::new("Alice".parse().unwrap());
    let card = Card::issue(
        &key(1),
        long.user_id(),
        long.generation(),
        contents,
        Time::ZERO,
    );
    let introduction = Introduction::new(card.unwrap(), &long);
    let secret = AgreementSecret::new(Secret::new([7; 32]));
    let offer = Offer::new(introduction.clone(), &secret);
    let sealed = offer.seal(link(), &key(1), [1; 24]).unwrap();
    assert_eq!(sealed.len(), 1024);
    let opened = Offer::open(link(), &sealed).unwrap();
    assert!(!opened.introduction().has_chain());
    // an inviter asks nobody for one
    let answer = offer.answer((link(), &sealed), &introduction, &key(1), &seed());
    assert_eq!(answer, Err(SealError::TooLong));
}

#[test]
fn who_hands_over_a_card_holds_its_key() {
    let (alice, _) = introduce(1, "Alice");
    let (carol, _) = introduce(3, "Carol");
    let secret = AgreementSecret::new(Secret::new([7; 32]));
    let others = Offer::new(carol.clone(), &secret).seal(link(), &key(1), [1; 24]);
    assert_eq!(others, Err(SealError::OtherKey));
    let offer = Offer::new(alice, &secret);
    let sealed = offer.seal(link(), &key(1), [1; 24]).unwrap();
    let answer = offer.answer((link(), &sealed), &carol, &key(1), &seed());
    assert_eq!(answer, Err(SealError::OtherKey));
}

#[test]
fn extras_keep_their_order_and_bounds() {
    let (mut alice, _) = introduce(1, "Alice");
    let extra = |tag, length| Extra {
        tag,
        bytes: vec![1; length],
    };
    let signature = key(1).sign(Label::SignAnswer, b"").to_bytes();
    let read = |alice: &Introduction| {
        let bytes = [alice.body(None), signature.clone()].concat();
        Read::decode(&bytes, ANSWER).map(|read| read.introduction == *alice)
    };
    alice.extras = vec![extra(1, 1), extra(9, Extra::MAX)];
    assert_eq!(read(&alice), Ok(true));
    alice.extras = vec![extra(9, 1), extra(9, 1)];
    assert_eq!(read(&alice), Err(DecodeError::Order.into()));
    alice.extras = vec![extra(1, Extra::MAX + 1)];
    let len = Extra::MAX + 1;
    assert_eq!(read(&alice), Err(DecodeError::Length { len }.into()));
    // a role is not the other
    let offer = [alice.body(Some(&[9; 32])), signature.clone()].concat();
    let refused = Read::decode(&offer, ANSWER).map(drop);
    assert_eq!(refused, Err(DecodeError::Meaning.into()));

    let sealed = |first, second| {
        let mut alice = alice.clone();
        alice.extras = vec![extra(1, first), extra(2, second)];
        let secret = AgreementSecret::new(Secret::new([7; 32]));
        let offer = Offer::new(alice.clone(), &secret);
        let length = offer.introduction.body(Some(&[9; 32])).len() + signature.len();
        (
            length,
            offer
                .seal(link(), &key(1), [1; 24])
                .map(|sealed| sealed.len()),
        )
    };
    let (length, _) = sealed(7_500, 7_500);
    let spare = Introduction::MAX - length;
    let without_chain = spare + alice.chain.len();
    assert_eq!(
        sealed(7_500, 7_500 + spare),
        (Introduction::MAX, Ok(16_384))
    );
    // one more, and the chain goes; then nothing is left to go
    assert_eq!(sealed(7_500, 7_500 + without_chain).1, Ok(16_384));
    let (_, over) = sealed(7_501, 7_500 + without_chain);
    assert_eq!(over, Err(SealError::TooLong));
}
