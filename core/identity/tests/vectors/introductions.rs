use identity::{
    AgreementSecret, AnswerSeed, Card, CheckError, IdentityChain, IdentityKey, Introduction, Link,
    Offer, OfferHash, OpenError,
};

use crate::file::{self, Hex, Introductions, Opened};

/// The offer or answer in sealed bytes, as far as an introduction goes.
fn open(
    (file, role): (&Introductions, &str),
    offer: &[u8],
    sealed: &[u8],
) -> Result<Introduction, OpenError> {
    let key = file.link_key.secret();
    let id = file.link_id.array();
    let link = Link::new(&key, &id);
    match role {
        "offer" => Offer::open(link, sealed).map(|offer| offer.introduction().clone()),
        "answer" => {
            let secret = AgreementSecret::new(file.agreement.secret());
            Introduction::open_answer(link, &OfferHash::of(offer), &secret, sealed)
        }
        other => panic!("no such role: {other}"),
    }
}

/// The same case sealed by us.
fn seal(file: &Introductions, case: &Opened) -> Vec<u8> {
    let key = file.link_key.secret();
    let id = file.link_id.array();
    let link = Link::new(&key, &id);
    let card = Card::decode(&case.card.0).unwrap();
    let chain = IdentityChain::replay(&case.chain.0).unwrap();
    let introduction = Introduction::new(card, &chain);
    let nonce = case.nonce.array();
    let ml_dsa = case.ml_dsa_seed.as_ref().map(Hex::secret);
    let signer = IdentityKey::from_seeds(&case.seed.secret(), ml_dsa.as_ref());
    if case.role == "offer" {
        let secret = AgreementSecret::new(case.agreement.secret());
        return Offer::new(introduction, &secret)
            .seal(link, &signer, nonce)
            .unwrap();
    }
    let offer = Offer::open(link, &case.offer.0).unwrap();
    let seed = AnswerSeed::new(case.scalar.secret(), nonce);
    offer
        .answer((link, &case.offer.0), &introduction, &signer, &seed)
        .unwrap()
}

#[test]
fn introductions() {
    let text = include_str!("../../../../vectors/identity/introductions.json");
    let file: Introductions = file::read(text);
    let counts = (file.opened.len(), file.refused.len(), file.unchecked.len());
    assert_eq!(counts, (4, 32, 4), "{}", file.source);
    for case in &file.opened {
        let opened = open((&file, &case.role), &case.offer.0, &case.sealed.0).unwrap();
        assert_eq!(opened.card().as_bytes(), case.card.0, "{}", case.name);
        let chain = opened.check(None).unwrap();
        assert_eq!(chain.to_bytes(), case.chain.0, "{}", case.name);
        assert_eq!(seal(&file, case), case.sealed.0, "{}", case.name);
        assert!(!case.introduction.0.is_empty());
    }
    for case in &file.refused {
        let error = open((&file, &case.role), &case.offer.0, &case.sealed.0).unwrap_err();
        let why = match error {
            OpenError::Length => "length",
            OpenError::Sealed => "sealed",
            OpenError::Padding => "padding",
            OpenError::Content(_) => "content",
            other => panic!("{other:?}"),
        };
        assert_eq!(why, case.why, "{} {}", case.role, case.name);
    }
    for case in &file.unchecked {
        let opened = open((&file, "answer"), &case.offer.0, &case.sealed.0).unwrap();
        let why = match opened.check(None).unwrap_err() {
            CheckError::NoChain => "no_chain",
            CheckError::Old => "old",
            CheckError::Foreign => "foreign",
            CheckError::Chain(_) => "chain",
            other => panic!("{other:?}"),
        };
        assert_eq!(why, case.why);
    }
}
