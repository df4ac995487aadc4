use alloc::string::ToString;

use primitives::{Secret, SigningKey};

use super::*;

fn key(ml_dsa: bool) -> IdentityKey {
    let seed = Secret::new([1; 32]);
    IdentityKey::from_seeds(&seed, ml_dsa.then_some(&seed))
}

fn issue(ml_dsa: bool, contents: Contents) -> Result<Card, CardError> {
    let now = Time::from_ms(1_800_000_000_000);
    Card::issue(&key(ml_dsa), UserId::new([7; 32]), 3, contents, now)
}

/// The longest name and address, and `len` more bytes in fields.
fn full(len: usize) -> Contents {
    let server = SigningKey::from_seed(&Secret::new([3; 32]));
    let mut contents = Contents::new("n".repeat(64).parse().unwrap());
    contents.home = Home::new(&"h".repeat(128), server.verifying_key()).ok();
    contents.token = ContactToken::new([5; 16]);
    contents.fields = alloc::vec![Field::new(200, &alloc::vec![9; len]).unwrap()];
    contents
}

#[test]
fn a_card_comes_back_from_all_its_forms() {
    for ml_dsa in [false, true] {
        let card = issue(ml_dsa, full(100)).unwrap();
        assert_eq!(Card::decode(card.as_bytes()), Ok(card.clone()));
        assert_eq!(card.to_text().parse(), Ok(card.clone()));
        assert_eq!(
            alloc::format!(" {}\n", card.to_qr()).parse(),
            Ok(card.clone())
        );
        let qr = card.to_qr();
        let alphanumeric =
            |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b":/".contains(&b);
        assert!(qr.bytes().all(alphanumeric));
    }
}

#[test]
fn five_hundred_and_twelve_bytes_are_the_most() {
    let longest = 512 - issue(false, full(1)).unwrap().as_bytes().len() + 1;
    let len = |ml_dsa, more| issue(ml_dsa, full(more)).map(|card| card.as_bytes().len());
    assert_eq!(len(false, longest), Ok(Card::MAX));
    assert_eq!(len(true, longest), Ok(Card::MAX_ML_DSA));
    for (ml_dsa, len_over) in [(false, 513), (true, Card::MAX_ML_DSA + 1)] {
        let error = CardError::Decode(DecodeError::Length { len: len_over });
        assert_eq!(len(ml_dsa, longest + 1), Err(error));
    }
}

#[test]
fn tags_ascend_and_a_note_is_a_text() {
    let mut contents = full(1);
    let note = Field::note("ask for Bob").unwrap();
    contents.fields = alloc::vec![note.clone(), Field::new(2, b"x").unwrap()];
    let card = issue(false, contents.clone()).unwrap();
    assert_eq!(card.contents().fields[0].bytes(), b"ask for Bob");
    contents.fields.reverse();
    let order = Err(CardError::Decode(DecodeError::Order));
    assert_eq!(issue(false, contents.clone()), order);
    contents.fields = alloc::vec![note.clone(), note];
    assert_eq!(issue(false, contents), order);
    for text in ["", " a", "a\u{202e}", &"n".repeat(65)] {
        assert_eq!(Field::note(text), Err(FieldError));
    }
}

#[test]
fn other_texts_are_not_cards() {
    let text = issue(false, full(1)).unwrap().to_text();
    let read = |text: &str| text.parse::<Card>().unwrap_err();
    for text in ["", "entrenous:c/", "entrenous:r/AAAA", &text.to_uppercase()] {
        let error = read(text);
        assert!(
            matches!(error, CardError::NotACard | CardError::Decode(_)),
            "{text}"
        );
    }
    assert_eq!(read(&(text.clone() + "=")), CardError::NotACard);
    assert_eq!(
        read(&text.replace("entrenous:c/", "entrenous:c/ ")),
        CardError::NotACard
    );
    let error = read(text.trim_end_matches(|_: char| true));
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Kind::BadInput, "not a contact card")
    );
}

#[test]
fn bits_left_over_are_refused() {
    // 65 bytes of signature and so on; what matters is a length that leaves bits over
    let text = (1..4)
        .map(|len| issue(false, full(len)).unwrap())
        .find(|card| card.as_bytes().len() % 3 == 1)
        .unwrap()
        .to_text();
    let (head, last) = text.split_at(text.len() - 1);
    let second = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        _ => "x",
    };
    let error = (head.to_string() + second).parse::<Card>().unwrap_err();
    assert_eq!(error, CardError::NotACard);
}

#[test]
fn a_card_of_another_key_is_refused() {
    let card = issue(false, full(1)).unwrap();
    let mut bytes = card.as_bytes().to_vec();
    let other = IdentityKey::from_seeds(&Secret::new([2; 32]), None);
    // kind, version, flags, account, generation, flags of the key
    bytes[40..72].copy_from_slice(&other.public().ed25519().to_bytes());
    assert_eq!(
        Card::decode(&bytes),
        Err(CardError::Signature(SignatureError))
    );
}
