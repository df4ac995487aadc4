//! The words that open an invitation: drawn, or chosen by people.

use identity::words::Phrase;
use kernel::Kind;
use primitives::Zeroizing;
use rendezvous::bucket::Passphrase;
use strength::{Guessing, rate};
use unicode_normalization::UnicodeNormalization;

use crate::now::{NoRandomness, secret};

/// A phrase of `count` words, 3 to 12, drawn now.
///
/// # Errors
///
/// [`WordsError::NoRandomness`].
pub fn draw(count: usize) -> Result<Passphrase, WordsError> {
    let phrase = Phrase::draw(count, &secret()?);
    passphrase(&phrase.to_text())
}

/// What a person typed or pasted to open an invitation, in its one form.
///
/// # Errors
///
/// [`WordsError::Length`].
///
/// # Spec
///
/// `spec/11-buckets.md` 2.3.
pub fn typed(text: &str) -> Result<Passphrase, WordsError> {
    if let Ok(phrase) = Phrase::read(text) {
        return passphrase(&phrase.to_text());
    }
    let mut form = Zeroizing::new(String::with_capacity(room(text)));
    let normal = Zeroizing::new(text.nfkc().collect::<String>());
    for word in normal.split_whitespace() {
        if !form.is_empty() {
            form.push(' ');
        }
        form.push_str(word);
    }
    passphrase(&form)
}

/// What a person chose for others to type: refused when it can be guessed. `near` are words that
/// somebody who guesses would try first, such as names.
///
/// # Errors
///
/// See [`WordsError`].
///
/// # Spec
///
/// `spec/15-identity.md` 7.1.
pub fn chosen(text: &str, near: &[&str]) -> Result<Passphrase, WordsError> {
    let passphrase = typed(text)?;
    let rating = rate(passphrase.expose(), near);
    match rating.withstands(Guessing::Anyone) {
        true => Ok(passphrase),
        false => Err(WordsError::Weak {
            reason: rating.reason(),
        }),
    }
}

fn passphrase(text: &str) -> Result<Passphrase, WordsError> {
    Passphrase::new(text).map_err(|_| WordsError::Length)
}

/// A character becomes 18 others at most.
fn room(text: &str) -> usize {
    text.len().saturating_mul(18).min(1 << 16)
}

/// Why a passphrase is none, or none that is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WordsError {
    /// Empty or too long.
    #[error("a passphrase has 1 to {max} bytes", max = Passphrase::MAX)]
    Length,
    /// It can be guessed by whoever fetches the bucket.
    #[error("the passphrase is too easy to guess: {reason}")]
    Weak {
        /// What makes it so.
        reason: &'static str,
    },
    /// No random bytes.
    #[error("this system gives no random bytes")]
    NoRandomness,
}

impl WordsError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Length | Self::Weak { .. } => Kind::BadInput,
            Self::NoRandomness => Kind::Unavailable,
        }
    }
}

impl From<NoRandomness> for WordsError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_words_read_as_themselves_however_they_are_typed() {
        let drawn = draw(Phrase::DEFAULT).unwrap();
        assert_eq!(drawn.expose().split(' ').count(), 8);
        for text in [
            drawn.expose().to_owned(),
            drawn.expose().to_uppercase(),
            drawn.expose().replace(' ', "-"),
            format!("  {}\n", drawn.expose().replace(' ', "   ")),
        ] {
            assert_eq!(typed(&text).unwrap(), drawn);
        }
        assert_ne!(draw(8).unwrap(), drawn);
    }

    #[test]
    fn other_texts_have_one_form_too() {
        let form = |text: &str| typed(text).map(|typed| typed.expose().to_owned());
        assert_eq!(form(" Große  Straße\t7 "), Ok("Große Straße 7".to_owned()));
        // composed or not, full width or not
        assert_eq!(form("Cafe\u{301}"), form("Café"));
        assert_eq!(form("\u{ff21}bc"), Ok("Abc".to_owned()));
        assert_eq!(form(" \n"), Err(WordsError::Length));
        assert_eq!(form(&"x".repeat(512)).map(|text| text.len()), Ok(512));
        assert_eq!(form(&"x".repeat(513)), Err(WordsError::Length));
    }

    #[test]
    fn what_can_be_guessed_is_refused_with_a_reason() {
        let weak = chosen("alice and bob", &["alice", "bob"]);
        assert!(matches!(weak, Err(WordsError::Weak { .. })), "{weak:?}");
        assert!(chosen("grated moon under 4 tame kettles", &[]).is_ok());
    }
}
