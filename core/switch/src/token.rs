use core::fmt;

use kernel::Kind;
use primitives::Secret;

/// By what two people find each other at a relay or a broker: 16 or 32 bytes. Whoever knows it can take
/// the place that waits under it.
///
/// # Spec
///
/// `spec/22-switch.md` 2.
#[derive(Clone, Eq, PartialEq)]
pub struct Token(Form);

#[derive(Clone, Eq, PartialEq)]
enum Form {
    Short(Secret<16>),
    Long(Secret<32>),
}

/// What somebody wants at a relay or a broker.
#[expect(clippy::exhaustive_enums, reason = "there are two sides")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wish {
    /// To wait for a partner: under a token of one's own, or under a random one.
    Create(Option<Token>),
    /// To meet whoever waits under a token.
    Join(Token),
}

impl Token {
    /// Takes 16 or 32 bytes of anyone's.
    ///
    /// # Errors
    ///
    /// [`TokenError::Length`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TokenError> {
        if let Ok(short) = bytes.try_into() {
            return Ok(Self(Form::Short(Secret::new(short))));
        }
        match bytes.try_into() {
            Ok(long) => Ok(Self(Form::Long(Secret::new(long)))),
            Err(_) => Err(TokenError::Length { bytes: bytes.len() }),
        }
    }

    /// The bytes, 16 or 32.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Short(secret) => secret.expose(),
            Form::Long(secret) => secret.expose(),
        }
    }

    /// The first 16 bytes, which is all that a broker hears of it.
    #[must_use]
    pub fn to_short(&self) -> Secret<16> {
        let (short, _) = self
            .as_bytes()
            .split_first_chunk()
            .unwrap_or((&[0; 16], &[]));
        Secret::new(*short)
    }

    /// Whether a relay lets somebody create a place under it: 32 bytes with more than 3 bits of Shannon
    /// entropy a byte.
    #[must_use]
    pub fn may_be_own(&self) -> bool {
        matches!(&self.0, Form::Long(token) if is_varied(token.expose()))
    }
}

impl From<Secret<32>> for Token {
    fn from(secret: Secret<32>) -> Self {
        Self(Form::Long(secret))
    }
}

impl From<Secret<16>> for Token {
    fn from(secret: Secret<16>) -> Self {
        Self(Form::Short(secret))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Whether the bytes have more than 3 bits of Shannon entropy each.
///
/// With `c` for how often each value occurs, entropy is 5 - sum(c log2 c) / 32, so it is above 3 exactly
/// while the product of all `c^c` is below 2^64.
fn is_varied(bytes: &[u8; 32]) -> bool {
    let mut product = 1_u64;
    for (place, byte) in bytes.iter().enumerate() {
        let earlier = bytes.iter().take(place);
        if earlier.clone().any(|other| other == byte) {
            continue;
        }
        let count = bytes.iter().filter(|other| *other == byte).count();
        let power = u32::try_from(count)
            .ok()
            .and_then(|n| u64::from(n).checked_pow(n));
        match power.and_then(|power| product.checked_mul(power)) {
            Some(next) => product = next,
            None => return false,
        }
    }
    true
}

/// Why bytes are no token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Of neither length.
    #[error("a token has 16 or 32 bytes, not {bytes}")]
    Length {
        /// How many there are.
        bytes: usize,
    },
    /// A broker would take it for none: its first 16 bytes are zeros.
    #[error("a token of zeros stands for none")]
    Zero,
}

impl TokenError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    fn long(fill: impl Fn(usize) -> usize) -> Token {
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(fill(place)).unwrap();
        }
        Token::from_bytes(&bytes).unwrap()
    }

    #[test]
    fn tokens_have_one_of_two_lengths() {
        for length in 0..70 {
            let bytes = std::vec![5; length];
            let token = Token::from_bytes(&bytes);
            match length {
                16 | 32 => assert_eq!(token.unwrap().as_bytes(), bytes),
                _ => assert_eq!(token, Err(TokenError::Length { bytes: length })),
            }
        }
    }

    #[test]
    fn an_own_token_has_more_than_three_bits_a_byte() {
        // eight values, four times each: exactly 3 bits
        assert!(!long(|n| n % 8).may_be_own());
        // one of them once less, another value instead: above
        assert!(long(|n| if n == 31 { 8 } else { n % 8 }).may_be_own());
        // one of them once more instead of another: below
        assert!(!long(|n| if n == 31 { 0 } else { n % 8 }).may_be_own());
        assert!(long(|n| n).may_be_own());
        for n in [0, 1, 255] {
            assert!(!long(|_| n).may_be_own());
        }
    }

    #[test]
    fn the_rule_agrees_with_logarithms() {
        for values in 1..=32_usize {
            let token = long(|n| n % values);
            let mut entropy = 0.0;
            for value in 0..values {
                let count = token
                    .as_bytes()
                    .iter()
                    .filter(|byte| usize::from(**byte) == value);
                let part = f64::from(u32::try_from(count.count()).unwrap()) / 32.0;
                entropy -= part * part.log2();
            }
            assert_eq!(token.may_be_own(), entropy > 3.0, "{values}");
        }
    }

    #[test]
    fn a_short_token_is_no_token_of_ones_own() {
        let token = Token::from_bytes(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        assert!(!token.unwrap().may_be_own());
    }

    #[test]
    fn a_broker_hears_the_first_half() {
        assert_eq!(
            long(|n| n).to_short(),
            Secret::new(core::array::from_fn(|n| u8::try_from(n).unwrap()))
        );
    }

    #[test]
    fn debug_shows_no_byte() {
        assert_eq!(std::format!("{:?}", long(|n| n)), "Token");
    }
}
