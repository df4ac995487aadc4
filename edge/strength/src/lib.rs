//! How well a passphrase that a person chose stands against guessing.
//!
//! Not a core: the tables need a standard library, and the estimator looks at the clock. Phrases that
//! our programs draw need no rating; `identity::words::Phrase::bits` says what they are worth.
//!
//! ```
//! use strength::{Guessing, rate};
//!
//! let weak = rate("Summer2026!", &["alice"]);
//! assert!(!weak.withstands(Guessing::Owner));
//! println!("refused: {}", weak.reason());
//!
//! assert!(rate("grated moon under 4 tame kettles", &[]).withstands(Guessing::Anyone));
//! ```
//!
//! Spec: `spec/15-identity.md` section 7.1.

use zxcvbn::zxcvbn;

/// Who can try passphrases as fast as their machines allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "each use must choose")]
pub enum Guessing {
    /// Whoever has the device or its backup: what is sealed lies there only.
    Owner,
    /// Everyone, at any time: what is sealed can be fetched by anybody.
    Anyone,
}

impl Guessing {
    /// The least worth of a passphrase, in bits.
    #[must_use]
    pub const fn least_bits(self) -> f64 {
        match self {
            Self::Owner => 33.0,
            Self::Anyone => 50.0,
        }
    }
}

/// What guessing a passphrase costs whoever knows how people choose them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    bits: f64,
    reason: &'static str,
}

impl Rating {
    /// The logarithm to base 2 of the number of guesses.
    #[must_use]
    pub const fn bits(&self) -> f64 {
        self.bits
    }

    /// Whether it is enough for this use.
    #[must_use]
    pub fn withstands(&self, guessing: Guessing) -> bool {
        self.bits >= guessing.least_bits()
    }

    /// What makes it easier to guess than it looks, as a phrase without a capital or a period. It holds
    /// nothing of the passphrase.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.reason
    }
}

/// Rates `passphrase`. `near` are words that an attacker would try first: the person's name, the
/// contact's, the host's. Characters beyond the hundredth do not count. Takes up to some milliseconds.
///
/// # Spec
///
/// `spec/15-identity.md` 7.1.
#[must_use]
pub fn rate(passphrase: &str, near: &[&str]) -> Rating {
    let end = passphrase.char_indices().nth(MAX_CHARS);
    let passphrase = end.map_or(Some(passphrase), |(end, _)| passphrase.get(..end));
    let estimate = zxcvbn(passphrase.unwrap_or_default(), near);
    let warning = estimate.feedback().and_then(|feedback| feedback.warning());
    Rating {
        // no guess at all for an empty one
        bits: (estimate.guesses_log10() * core::f64::consts::LOG2_10).max(0.0),
        reason: warning.map_or("too short, or made of words that come to mind first", text),
    }
}

/// In our words, without advice that does not hold for us.
fn text(warning: zxcvbn::feedback::Warning) -> &'static str {
    use zxcvbn::feedback::Warning as W;
    match warning {
        W::StraightRowsOfKeysAreEasyToGuess => "a row of keys",
        W::ShortKeyboardPatternsAreEasyToGuess => "a pattern of keys",
        W::RepeatsLikeAaaAreEasyToGuess => "one character again and again",
        W::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            "the same few characters again and again"
        }
        W::ThisIsATop10Password => "one of the ten most used passwords",
        W::ThisIsATop100Password => "one of the hundred most used passwords",
        W::ThisIsACommonPassword => "a password that many people use",
        W::ThisIsSimilarToACommonlyUsedPassword => "close to a password that many people use",
        W::SequencesLikeAbcAreEasyToGuess => "a sequence like abc or 6543",
        W::RecentYearsAreEasyToGuess => "a recent year",
        W::AWordByItselfIsEasyToGuess => "a word by itself",
        W::DatesAreOftenEasyToGuess => "a date",
        W::NamesAndSurnamesByThemselvesAreEasyToGuess => "a name by itself",
        W::CommonNamesAndSurnamesAreEasyToGuess => "a name that many people have",
    }
}

const MAX_CHARS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use identity::words::Phrase;
    use primitives::Secret;
    use proptest::prelude::*;

    #[test]
    fn what_people_choose_first_is_refused_with_a_reason() {
        let known = [
            ("", "too short, or made of words that come to mind first"),
            ("password", "one of the ten most used passwords"),
            ("qwertyuiop", "one of the hundred most used passwords"),
            ("aaaaaaaaaaaa", "one character again and again"),
            ("abcdefghijk", "a sequence like abc or 6543"),
            ("12.11.1984", "a date"),
        ];
        for (passphrase, reason) in known {
            let rating = rate(passphrase, &[]);
            assert!(!rating.withstands(Guessing::Owner), "{passphrase}");
            assert_eq!(rating.reason(), reason, "{passphrase}");
        }
    }

    #[test]
    fn what_is_near_counts_for_nothing() {
        let alone = rate("entrenous-alicorn-weaver", &[]).bits();
        let near = rate(
            "entrenous-alicorn-weaver",
            &["alicorn", "weaver", "entrenous"],
        )
        .bits();
        assert!(near < alone - 20.0, "{near} {alone}");
    }

    #[test]
    fn the_hundred_and_first_character_does_not_count() {
        let long = "é".repeat(90) + "Xk3!rT9z#q";
        assert_eq!(rate(&long, &[]), rate(&(long.clone() + "more"), &[]));
        assert!(rate(&"x7".repeat(5_000), &[]).bits() > 0.0);
    }

    #[test]
    fn drawn_phrases_withstand_anyone() {
        for seed in 0..20 {
            let phrase = Phrase::draw(8, &Secret::new([seed; 32]));
            let rating = rate(&phrase.to_text(), &[]);
            assert!(rating.withstands(Guessing::Anyone), "{}", rating.bits());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn rating_survives_anything(passphrase: String, near: Vec<String>) {
            let near: Vec<&str> = near.iter().map(String::as_str).collect();
            prop_assert!(rate(&passphrase, &near).bits() >= 0.0);
        }
    }
}
