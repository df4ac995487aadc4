//! The line on which words are typed, as a value: keys in, what to show out.

use identity::words::{Phrase, PhraseError, Word, complete, is_separator};
use zeroize::Zeroizing;

use super::keys::{Key, Keys};

/// What a question takes as an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Accept {
    /// A phrase of words of the list, and nothing else.
    Phrase,
    /// Also another text, once the person has been told that it is no such phrase.
    Anything,
}

/// What a person typed.
#[derive(Debug)]
pub(crate) struct Typed {
    /// As it was typed, without spaces at the ends: 1 to [`MAX_BYTES`] bytes.
    pub(crate) text: Zeroizing<String>,
    /// The words it means. Always there if only a phrase was accepted.
    pub(crate) phrase: Option<Phrase>,
}

/// What comes of a key.
#[derive(Debug)]
pub(super) enum Step {
    /// Perhaps the line has changed.
    Draw,
    /// Something to say; perhaps the line has changed too.
    Say(String),
    /// The answer.
    Done(Typed),
    /// The person wants to give none.
    End,
}

/// A line that is being typed.
#[derive(Debug)]
pub(super) struct Editor {
    text: Zeroizing<String>,
    accept: Accept,
    keys: Keys,
    /// Whether the person knows that the text, as it is, is no phrase.
    is_told: bool,
}

impl Editor {
    pub(super) fn new(accept: Accept) -> Self {
        Self {
            // Room for everything at once: a text that grows leaves copies behind.
            text: Zeroizing::new(String::with_capacity(MAX_BYTES)),
            accept,
            keys: Keys::default(),
            is_told: false,
        }
    }

    /// Takes one byte of what the terminal sends.
    pub(super) fn press(&mut self, byte: u8) -> Step {
        let Some(key) = self.keys.take(byte) else {
            return Step::Draw;
        };
        if key == Key::Enter {
            return self.enter();
        }
        self.is_told = false;
        match key {
            Key::Letter(letter) => return self.push(letter),
            Key::Tab => return self.complete(),
            Key::Back => drop(self.text.pop()),
            Key::BackWord => self.back_word(),
            Key::Clear => self.text.clear(),
            Key::End if self.text.is_empty() => return Step::End,
            Key::End | Key::Enter => {}
        }
        Step::Draw
    }

    /// The line as it is to be shown: a `?` stands behind each finished word that is none.
    pub(super) fn shown(&self) -> Zeroizing<String> {
        let mut shown = Zeroizing::new(String::with_capacity(MAX_BYTES.saturating_mul(2)));
        let mut word = "";
        for part in self.text.split_inclusive(is_separator) {
            word = part.trim_end_matches(is_separator);
            let (end, is_finished) = (part.get(word.len()..).unwrap_or_default(), part != word);
            shown.push_str(word);
            if is_finished && is_wrong(word) {
                shown.push('?');
            }
            shown.push_str(end);
        }
        if self.is_told && !self.text.ends_with(is_separator) && is_wrong(word) {
            shown.push('?');
        }
        shown
    }

    fn push(&mut self, letter: char) -> Step {
        if self.text.len().saturating_add(letter.len_utf8()) > MAX_BYTES {
            return Step::Say(format!("no more than {MAX_BYTES} bytes fit"));
        }
        self.text.push(letter);
        Step::Draw
    }

    fn back_word(&mut self) {
        let kept = self.text.trim_end_matches(is_separator).len();
        self.text.truncate(kept);
        let start = self.start_of_word();
        self.text.truncate(start);
    }

    /// Completes the word that is being typed, as far as only one is possible.
    fn complete(&mut self) -> Step {
        let start = self.start_of_word();
        let typed = self.text.get(start..).unwrap_or_default();
        if typed.is_empty() {
            return Step::Draw;
        }
        let possible: Vec<&str> = complete(typed).map(Word::as_str).collect();
        let ending = match possible.as_slice() {
            [] => match Word::read(typed) {
                Some(word) => [word.as_str(), " "].concat(),
                None => return Step::Say("no word begins so".to_owned()),
            },
            [word] => [word, " "].concat(),
            several => {
                let common = common_start(several);
                if common.len() <= typed.len() {
                    return Step::Say(choice(several));
                }
                common.to_owned()
            }
        };
        self.text.truncate(start);
        self.text.push_str(&ending);
        Step::Draw
    }

    fn enter(&mut self) -> Step {
        let text = self.text.trim();
        if text.is_empty() {
            return Step::Say("type the words; Ctrl-C stops".to_owned());
        }
        let error = match Phrase::read(text) {
            Ok(phrase) => return self.done(Some(phrase)),
            Err(error) => error,
        };
        if self.accept == Accept::Anything && self.is_told {
            return self.done(None);
        }
        self.is_told = true;
        let mut says = match error {
            PhraseError::Unknown { position } => {
                let mut words = text.split(is_separator).filter(|word| !word.is_empty());
                let word = words.nth(position.saturating_sub(1)).unwrap_or_default();
                format!("word {position}, \"{word}\", is not in the list")
            }
            other => other.to_string(),
        };
        if self.accept == Accept::Anything {
            says.push_str("; Enter again takes it as it is");
        }
        Step::Say(says)
    }

    fn done(&self, phrase: Option<Phrase>) -> Step {
        let text = Zeroizing::new(self.text.trim().to_owned());
        Step::Done(Typed { text, phrase })
    }

    /// Where the word at the end begins.
    fn start_of_word(&self) -> usize {
        let word = self.text.rsplit(is_separator).next().unwrap_or_default();
        self.text.len().saturating_sub(word.len())
    }
}

fn is_wrong(word: &str) -> bool {
    !word.is_empty() && Word::read(word).is_none()
}

/// What all of `words` begin with.
fn common_start<'a>(words: &[&'a str]) -> &'a str {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return "";
    };
    // They are in alphabetical order, so the first and the last differ most.
    let same = first.bytes().zip(last.bytes());
    let same = same.take_while(|(a, b)| a == b).count();
    first.get(..same).unwrap_or_default()
}

fn choice(words: &[&str]) -> String {
    let more = words.len().saturating_sub(OFFERED);
    let mut choice = words
        .iter()
        .take(OFFERED)
        .copied()
        .collect::<Vec<_>>()
        .join("  ");
    if more > 0 {
        choice.push_str(&format!("  and {more} more"));
    }
    choice
}

/// Longest answer: the longest passphrase of an invitation.
pub(crate) const MAX_BYTES: usize = 512;
/// How many words are offered at once.
const OFFERED: usize = 24;

#[cfg(test)]
mod tests;
