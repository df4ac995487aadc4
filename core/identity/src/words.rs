//! The word list, and phrases of random words: what people say to each other, type and mistype.
//!
//! Spec: `spec/15-identity.md` section 7.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use kernel::{Kind, Label};
use primitives::{Secret, Zeroize, Zeroizing, hkdf_sha256};

use self::edits::one_edit;

mod edits;

/// How many words there are. One is worth 10.32 bits.
pub const COUNT: u16 = 1280;

/// Bits that one word of the list is worth when drawn at random: log2 of 1,280.
pub const BITS: f64 = 10.321_928_094_887_362;

/// A word of the list.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Word(u16);

impl Word {
    /// The word with this number, counted from 0 in the list's order.
    #[must_use]
    pub const fn at(number: u16) -> Option<Self> {
        if number < COUNT {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The word of a number of any size, modulo the list.
    pub(crate) fn modulo(number: u64) -> Self {
        let rest = number.checked_rem(u64::from(COUNT)).unwrap_or_default();
        Self(u16::try_from(rest).unwrap_or_default())
    }

    /// Its number in the list.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The word, 3 to 10 lower-case letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        all().nth(usize::from(self.0)).unwrap_or_default()
    }

    /// The word that `typed` means: as it stands in the list, its first three letters or more, or
    /// with one letter wrong, missing, too many, or swapped with its neighbour (from four letters
    /// on). Capitals count as small letters.
    ///
    /// `None` if no word or more than one is meant.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 7.
    #[must_use]
    pub fn read(typed: &str) -> Option<Self> {
        let typed = Zeroizing::new(typed.to_ascii_lowercase());
        let exact = only(|word| word == typed.as_str());
        let begins = || only(|word| typed.len() >= 3 && word.starts_with(typed.as_str()));
        let near = || only(|word| typed.len() >= 4 && one_edit(word.as_bytes(), typed.as_bytes()));
        exact.or_else(begins).or_else(near)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // words make up passphrases
        f.write_str("Word")
    }
}

/// The words that begin with `prefix`, in the list's order: what completion offers. Capitals count
/// as small letters; an empty prefix gives the whole list.
pub fn complete(prefix: &str) -> impl Iterator<Item = Word> {
    let prefix = Zeroizing::new(prefix.to_ascii_lowercase());
    words()
        .filter(move |(_, text)| text.starts_with(prefix.as_str()))
        .map(|(word, _)| word)
}

/// Whether `c` stands between typed words: white space, `-`, `_`, `,` or `.`.
///
/// # Spec
///
/// `spec/15-identity.md` 7.
#[must_use]
pub fn is_separator(c: char) -> bool {
    c.is_whitespace() || "-_,.".contains(c)
}

/// Words drawn at random, to be told to somebody: a passphrase, or the words of an invitation.
///
/// Erased on drop; `Debug` prints the name only.
#[derive(Clone, Eq, PartialEq)]
pub struct Phrase(Vec<Word>);

impl Phrase {
    /// Words in a phrase of ours unless somebody asks for another number: 82.6 bits.
    pub const DEFAULT: usize = 8;
    /// The fewest words: 30.9 bits.
    pub const MIN: usize = 3;
    /// The most words: 123.9 bits.
    pub const MAX: usize = 12;

    /// The phrase of `count` words, brought into [`MIN`](Self::MIN) to [`MAX`](Self::MAX), from 32
    /// random bytes.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 7.
    #[must_use]
    pub fn draw(count: usize, seed: &Secret<32>) -> Self {
        let stream = hkdf_sha256::<{ 8 * Self::MAX }>(seed.expose(), b"", &[Label::Phrase.bytes()]);
        let (numbers, _) = stream.expose().as_chunks::<8>();
        let words = numbers
            .iter()
            .take(count.clamp(Self::MIN, Self::MAX))
            .map(|number| Word::modulo(u64::from_be_bytes(*number)));
        Self(words.collect())
    }

    /// Reads what somebody typed or pasted; each word as [`Word::read`] takes it, between them what
    /// [`is_separator`] takes.
    ///
    /// # Errors
    ///
    /// See [`PhraseError`].
    pub fn read(typed: &str) -> Result<Self, PhraseError> {
        let mut phrase = Self(Vec::with_capacity(Self::MAX));
        let typed = typed.split(is_separator).filter(|word| !word.is_empty());
        for (word, position) in typed.zip(1..) {
            if position > Self::MAX {
                return Err(PhraseError::Count);
            }
            let word = Word::read(word).ok_or(PhraseError::Unknown { position })?;
            phrase.0.push(word);
        }
        if phrase.0.len() < Self::MIN {
            return Err(PhraseError::Count);
        }
        Ok(phrase)
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.0
    }

    /// The phrase in its one form: lower case, one space between words. This is what is shown and
    /// what is hashed.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(join(self.0.iter().copied()))
    }

    /// What guessing it costs, in bits, when it was drawn at random.
    #[must_use]
    pub fn bits(&self) -> f64 {
        self.0.iter().map(|_| BITS).sum()
    }
}

impl Drop for Phrase {
    fn drop(&mut self) {
        for word in &mut self.0 {
            word.0.zeroize();
        }
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase")
    }
}

/// Why a typed phrase is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PhraseError {
    /// A word is not in the list, or might be several. Count from 1.
    #[error("word {position} is not in the list")]
    Unknown {
        /// Which word, counted from 1.
        position: usize,
    },
    /// Fewer than [`Phrase::MIN`] words, or more than [`Phrase::MAX`].
    #[error("a phrase has 3 to 12 words")]
    Count,
}

impl PhraseError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

/// `words` with one space between them.
pub(crate) fn join(words: impl Iterator<Item = Word>) -> String {
    // grows once, so that no half of a secret stays behind in freed memory
    let mut text = String::with_capacity(Phrase::MAX * 11);
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word.as_str());
    }
    text
}

fn all() -> core::str::Lines<'static> {
    include_str!("../data/words.txt").lines()
}

fn words() -> impl Iterator<Item = (Word, &'static str)> {
    (0..).map(Word).zip(all())
}

/// The word that fits, if exactly one does.
fn only(fits: impl Fn(&str) -> bool) -> Option<Word> {
    let mut fitting = words().filter(|(_, text)| fits(text));
    match (fitting.next(), fitting.next()) {
        (Some((word, _)), None) => Some(word),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
