use std::fmt;

use primitives::Secret;

/// A registration pin: three characters of handle, seven of secret.
///
/// # Spec
///
/// `spec/40-server.md` section 4.1.
pub struct Pin {
    handle: Handle,
    secret: Secret<SECRET_LEN>,
}

/// The part of a pin that names it and is not secret.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Handle([u8; HANDLE_LEN]);

impl Pin {
    /// The pin of ten random bytes.
    #[must_use]
    pub fn draw(random: &[u8; 10]) -> Self {
        let mut characters = random.map(|byte| {
            let place = usize::from(byte & 31);
            ALPHABET.get(place).copied().unwrap_or(b'0')
        });
        let pin = Self::of(&characters);
        primitives::Zeroize::zeroize(&mut characters);
        pin
    }

    /// Reads what a person typed: any case, `O` for 0, `I` and `L` for 1, spaces and hyphens
    /// anywhere. `None` if it is no pin.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut characters = [0; LEN];
        let mut places = characters.iter_mut();
        for character in text.chars().filter(|c| !matches!(c, ' ' | '-')) {
            *places.next()? = canonical(character)?;
        }
        match places.next() {
            Some(_) => None,
            None => Some(Self::of(&characters)),
        }
    }

    /// Ten characters of the alphabet.
    fn of(characters: &[u8; LEN]) -> Self {
        let (mut handle, mut secret) = ([0; HANDLE_LEN], [0; SECRET_LEN]);
        let all = handle.iter_mut().chain(&mut secret);
        for (to, from) in all.zip(characters) {
            *to = *from;
        }
        Self {
            handle: Handle(handle),
            secret: Secret::new(secret),
        }
    }

    /// The part that names it.
    #[must_use]
    pub const fn handle(&self) -> Handle {
        self.handle
    }

    /// The part that is secret, as ASCII capitals.
    #[must_use]
    pub const fn secret(&self) -> &Secret<SECRET_LEN> {
        &self.secret
    }

    /// As it is shown, once: `ABC-DEFGHJK`.
    #[must_use]
    pub fn reveal(&self) -> String {
        let secret = self.secret.expose().iter().map(|&byte| char::from(byte));
        let mut text = self.handle.to_string();
        text.push('-');
        text.extend(secret);
        text
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin")
    }
}

impl Handle {
    /// Reads what a person typed, like [`Pin::parse`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut characters = text.chars();
        let handle = [characters.next()?, characters.next()?, characters.next()?];
        let [a, b, c] = handle.map(canonical);
        match characters.next() {
            Some(_) => None,
            None => Some(Self([a?, b?, c?])),
        }
    }

    pub(crate) const fn bytes(&self) -> &[u8; HANDLE_LEN] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        str::from_utf8(bytes).ok().and_then(Self::parse)
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|&byte| write!(f, "{}", char::from(byte)))
    }
}

/// A character as the alphabet has it.
fn canonical(character: char) -> Option<u8> {
    let byte = match character.to_ascii_uppercase() {
        'O' => b'0',
        'I' | 'L' => b'1',
        other => u8::try_from(other).ok()?,
    };
    ALPHABET.contains(&byte).then_some(byte)
}

/// Crockford's base 32.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HANDLE_LEN: usize = 3;
const SECRET_LEN: usize = 7;
const LEN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_people_type_it() {
        for text in [
            "ABC-DEFGH1K",
            "abcdefghik",
            " aBc dE-FghL k ",
            "ABC-DEFGHIK",
        ] {
            assert_eq!(Pin::parse(text).unwrap().reveal(), "ABC-DEFGH1K", "{text}");
        }
        for bad in [
            "",
            "ABC-DEFGH1",
            "ABC-DEFGH1KK",
            "ABC-DEFGHUK",
            "ABC_DEFGH1K",
            "ÄBC-DEFGH1K",
        ] {
            assert!(Pin::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn every_drawn_pin_is_read_back() {
        for byte in 0..=u8::MAX {
            let mut random = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
            random = random.map(|i| byte.wrapping_mul(7).wrapping_add(i));
            let pin = Pin::draw(&random);
            let read = Pin::parse(&pin.reveal()).unwrap();
            assert_eq!(read.handle(), pin.handle());
            assert_eq!(read.secret(), pin.secret());
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Pin::draw(&[0; 10])), "Pin");
    }
}
