use alloc::string::{String, ToString};
use core::fmt;

use primitives::Generator;

/// The name of a session: 24 characters of `A-Z2-7`, half of them drawn by each side. Not secret from
/// the two; the wire shows it to nobody else.
///
/// # Spec
///
/// `spec/20-channel.md` 6.1.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct SessionId([u8; Self::LEN]);

impl SessionId {
    /// Characters.
    pub const LEN: usize = 24;

    /// Reads a name.
    ///
    /// `None`: another length, or other characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; Self::LEN] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(is_one).then_some(Self(bytes))
    }

    /// Its characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Both halves of a new one.
    pub(crate) fn of(first: Half, second: Half) -> Self {
        let mut name = [0; Self::LEN];
        for (to, from) in name.iter_mut().zip(first.0.into_iter().chain(second.0)) {
            *to = from;
        }
        Self(name)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId")
    }
}

/// One side's part of a new name.
#[derive(Clone, Copy)]
pub(crate) struct Half([u8; Self::LEN]);

impl Half {
    const LEN: usize = 12;

    pub(crate) fn draw(generator: &mut Generator) -> Self {
        Self(characters(generator))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; Self::LEN] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(is_one).then_some(Self(bytes))
    }

    pub(crate) fn to_text(self) -> String {
        text(&self.0)
    }
}

/// A name for one message, which nobody reads.
pub(crate) fn message_id(generator: &mut Generator) -> String {
    text(&characters::<26>(generator))
}

fn characters<const N: usize>(generator: &mut Generator) -> [u8; N] {
    generator.bytes::<N>().map(|byte| {
        let at = usize::from(byte % 32);
        ALPHABET.get(at).copied().unwrap_or_default()
    })
}

fn text(characters: &[u8]) -> String {
    core::str::from_utf8(characters)
        .unwrap_or_default()
        .to_string()
}

fn is_one(character: &u8) -> bool {
    ALPHABET.contains(character)
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[cfg(test)]
mod tests {
    use primitives::Secret;

    use super::*;

    #[test]
    fn two_halves_are_a_name() {
        let mut generator = Generator::new(Secret::new([1; 32]));
        let halves = [Half::draw(&mut generator), Half::draw(&mut generator)];
        let name = SessionId::of(halves[0], halves[1]);
        assert_eq!(
            name.as_str(),
            [halves[0].to_text(), halves[1].to_text()].concat()
        );
        assert_eq!(SessionId::parse(name.as_str()), Some(name));
    }

    #[test]
    fn other_lengths_and_characters_are_refused() {
        for text in [
            "",
            "ABCDEFGHIJKL",
            "ABCDEFGHIJKLMNOPQRSTUVW1",
            "abcdefghijklmnopqrstuvwx",
        ] {
            assert_eq!(SessionId::parse(text), None, "{text}");
        }
        for text in [
            "",
            "ABCDEFGHIJK",
            "ABCDEFGHIJK=",
            "ABCDEFGHIJKLMNOPQRSTUVWX",
        ] {
            assert!(Half::parse(text).is_none(), "{text}");
        }
    }
}
