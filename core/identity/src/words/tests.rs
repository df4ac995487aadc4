extern crate std;

use primitives::sha256;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::format;
use std::string::ToString;

use super::*;

#[test]
fn the_list_is_the_one_of_the_spec() {
    let known = "0d0b08df93d2865c1915eb0cf0867e2ba377807c78a09e989238ad94dbf9e2cb";
    let bytes = include_bytes!("../../data/words.txt");
    assert_eq!(hex::encode(sha256(&[bytes])), known);
    assert!(include_str!("../../../../spec/15-identity.md").contains(known));
    assert_eq!(all().count(), usize::from(COUNT));
    assert!(all().is_sorted());
    assert!((BITS - f64::from(COUNT).log2()).abs() < 1e-12);
}

#[test]
fn three_letters_name_a_word() {
    let prefixes: BTreeSet<&str> = all().map(|word| word.split_at(3).0).collect();
    assert_eq!(prefixes.len(), usize::from(COUNT));
    for (word, text) in words() {
        assert_eq!(Word::read(text), Some(word));
        assert_eq!(Word::read(text.split_at(3).0), Some(word));
        assert_eq!(Word::read(&text.to_ascii_uppercase()), Some(word));
        assert!(text.bytes().all(|letter| letter.is_ascii_lowercase()));
    }
}

#[test]
fn any_two_words_are_more_than_two_edits_apart() {
    let all: Vec<&[u8]> = all().map(str::as_bytes).collect();
    for (number, a) in all.iter().enumerate() {
        for b in &all[..number] {
            assert!(distance(a, b) > 2);
        }
    }
}

/// Levenshtein's distance.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "lengths of words of the list"
)]
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = core::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[test]
fn words_with_a_fault_are_read_or_refused() {
    let read = |typed| Word::read(typed).map(Word::as_str);
    assert_eq!(read("tigre"), Some("tiger"));
    assert_eq!(read("tiher"), Some("tiger"));
    assert_eq!(read("tige"), Some("tiger"));
    assert_eq!(read("zerbra"), Some("zebra"));
    for refused in ["", "t", "ti", "tgr", "tigress", "kaffee", "żebra"] {
        assert_eq!(read(refused), None, "{refused}");
    }
}

#[test]
fn completion_offers_what_begins_so() {
    let offered: Vec<&str> = complete("Ti").map(Word::as_str).collect();
    assert!(offered.contains(&"tiger") && offered.len() > 2);
    assert!(offered.iter().all(|word| word.starts_with("ti")));
    assert_eq!(complete("").count(), usize::from(COUNT));
    assert_eq!(complete("qqq").count(), 0);
}

#[test]
fn an_error_says_which_word() {
    let error = Phrase::read("tiger zebra xxxx").unwrap_err();
    assert_eq!(error, PhraseError::Unknown { position: 3 });
    assert_eq!(error.to_string(), "word 3 is not in the list");
    assert_eq!(error.kind(), Kind::BadInput);
    assert_eq!(Phrase::read("tiger zebra"), Err(PhraseError::Count));
    let twelve = "tiger ".repeat(12);
    assert!(Phrase::read(&twelve).is_ok());
    assert_eq!(Phrase::read(&(twelve + "tiger")), Err(PhraseError::Count));
}

#[test]
fn separators_capitals_and_first_letters_do_not_matter() {
    let plain = Phrase::read("tiger zebra yogurt walrus").unwrap();
    let typed = Phrase::read("  TIG-zebar_yog.\twalrus,\n").unwrap();
    assert_eq!(plain, typed);
    assert_eq!(typed.to_text().as_str(), "tiger zebra yogurt walrus");
}

#[test]
fn debug_shows_no_word() {
    let phrase = Phrase::draw(4, &Secret::new([1; 32]));
    assert_eq!(
        format!("{phrase:?} {:?}", phrase.words()),
        "Phrase [Word, Word, Word, Word]"
    );
}

proptest! {
    #[test]
    fn what_is_drawn_can_be_read(seed: [u8; 32], count in 0..20_usize) {
        let phrase = Phrase::draw(count, &Secret::new(seed));
        prop_assert_eq!(phrase.words().len(), count.clamp(3, 12));
        prop_assert_eq!(Phrase::read(&phrase.to_text()), Ok(phrase.clone()));
    }

    #[test]
    fn reading_survives_anything(typed: String) {
        let _ = Phrase::read(&typed);
    }
}
