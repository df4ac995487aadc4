use alloc::boxed::Box;
use core::fmt;
use core::str::FromStr;

use kernel::{Kind, Label};
use primitives::hash;

use crate::Salt;

/// One board of a server.
#[expect(
    clippy::exhaustive_enums,
    reason = "there are these two; record sizes, salt and payload follow from the choice"
)]
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Board {
    /// The board of the reference program: routes `/t1 /t2 /t3`, zero salt, 96-byte payloads.
    Plain,
    /// A board with a name, which also salts its sessions: routes `/meet/<name>/..`.
    Named(BoardName),
}

impl Board {
    /// The salt of its sessions.
    ///
    /// # Spec
    ///
    /// `spec/10-rendezvous.md` section 5.1.
    #[must_use]
    pub fn salt(&self) -> Salt {
        match self {
            Self::Plain => Salt::ZERO,
            Self::Named(name) => {
                let parts = [Label::BoardSalt.bytes(), name.as_str().as_bytes()];
                // 32 bytes are within the bounds of a salt.
                Salt::new(&hash(&parts)).unwrap_or(Salt::ZERO)
            }
        }
    }
}

/// The name of a board: 1 to 64 of `a-z`, `0-9` and `-`.
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 5.1.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BoardName(Box<str>);

impl BoardName {
    /// The longest name, in bytes.
    pub const MAX: usize = 64;

    /// The name as it stands in a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BoardName {
    type Err = NameError;

    /// Takes `text` (user or peer chosen) as a name, unchanged.
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text.len() > Self::MAX {
            return Err(NameError::Length { got: text.len() });
        }
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        match text.chars().find(|&c| !allowed(c)) {
            Some(found) => Err(NameError::Character { found }),
            None => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for BoardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not the name of a board.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Empty or too long.
    #[error("board name has {got} bytes, not 1 to {max}", max = BoardName::MAX)]
    Length {
        /// Its length in bytes.
        got: usize,
    },
    /// A character that names may not have.
    #[error("board name has {found:?}; only a-z, 0-9 and - are allowed")]
    Character {
        /// The first such character.
        found: char,
    },
}

impl NameError {
    /// Always the user's to correct.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn a_name_has_1_to_64_characters_of_the_small_alphabet() {
        let longest: String = core::iter::repeat_n('z', 64).collect();
        let too_long: String = core::iter::repeat_n('z', 65).collect();
        for good in ["a", "-", "0", "garden-party-2", longest.as_str()] {
            assert_eq!(good.parse::<BoardName>().unwrap().as_str(), good);
        }
        for bad in ["", "A", "a_b", "a/b", "..", "é", "a b", too_long.as_str()] {
            assert!(bad.parse::<BoardName>().is_err(), "{bad}");
        }
    }
}
