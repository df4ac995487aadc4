use alloc::string::String;
use core::fmt;

use kernel::{Kind, Label};
use primitives::{Secret, SigningKey, VerifyingKey, Zeroizing, hkdf_sha256, sha256};

use crate::ids::RecoveryHash;

/// The key on paper: 24 words that win over everything else. Erased on drop.
///
/// # Spec
///
/// `spec/15-identity.md` 2.1.
pub struct RecoveryKey {
    secret: Secret<32>,
    signing: SigningKey,
}

impl RecoveryKey {
    /// Words of its written form.
    pub const WORDS: usize = 24;

    /// The key of 32 random bytes.
    #[must_use]
    pub fn from_secret(secret: Secret<32>) -> Self {
        let seed = hkdf_sha256(secret.expose(), b"", &[Label::RecoverySeed.bytes()]);
        Self {
            signing: SigningKey::from_seed(&seed),
            secret,
        }
    }

    /// Reads the 24 words: any capitals, any white space, the first four letters are enough.
    ///
    /// # Errors
    ///
    /// See [`RecoveryError`].
    pub fn from_words(typed: &str) -> Result<Self, RecoveryError> {
        let mut bits = Zeroizing::new([0; 33]);
        let mut count = 0_usize;
        for word in typed.split_whitespace() {
            let position = count.saturating_add(1);
            if position > Self::WORDS {
                return Err(RecoveryError::Count);
            }
            let number = number(word).ok_or(RecoveryError::Unknown { position })?;
            put(&mut bits, count, number);
            count = position;
        }
        if count != Self::WORDS {
            return Err(RecoveryError::Count);
        }
        let [secret @ .., check] = &*bits;
        if *check != checksum(secret) {
            return Err(RecoveryError::Checksum);
        }
        Ok(Self::from_secret(Secret::new(*secret)))
    }

    /// The 24 words in their one form, for the person to write down.
    #[must_use]
    pub fn to_words(&self) -> Zeroizing<String> {
        // grows once, so that no half of the secret stays behind in freed memory
        let mut text = Zeroizing::new(String::with_capacity(Self::WORDS * 9));
        let mut bits = Zeroizing::new([0; 33]);
        let [secret @ .., check] = &mut *bits;
        secret.copy_from_slice(self.secret.expose());
        *check = checksum(secret);
        for count in 0..Self::WORDS {
            if count > 0 {
                text.push(' ');
            }
            let number = usize::from(get(&bits, count));
            text.push_str(all().nth(number).unwrap_or_default());
        }
        text
    }

    /// The 32 bytes behind the words, to be sealed or stored.
    #[must_use]
    pub const fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    /// The public half. It shows itself only when the key is used.
    #[must_use]
    pub fn public(&self) -> VerifyingKey {
        self.signing.verifying_key()
    }

    /// What chains show before that.
    #[must_use]
    pub fn hash(&self) -> RecoveryHash {
        RecoveryHash::of_key(&self.public())
    }

    pub(crate) const fn signing(&self) -> &SigningKey {
        &self.signing
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey")
    }
}

/// Why typed words are no recovery key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// A word is not in the list. Count from 1.
    #[error("word {position} is not a recovery word")]
    Unknown {
        /// Which word, counted from 1.
        position: usize,
    },
    /// Fewer or more than 24 words.
    #[error("a recovery key has 24 words")]
    Count,
    /// Every word is one, but not all are the right ones in the right order.
    #[error("the words do not belong together: one is wrong, or two are swapped")]
    Checksum,
}

impl RecoveryError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

fn all() -> core::str::Lines<'static> {
    include_str!("../data/bip39.txt").lines()
}

/// The number of the word: as it stands, or by its first four letters or more.
fn number(typed: &str) -> Option<u16> {
    let typed = Zeroizing::new(typed.to_ascii_lowercase());
    let typed = typed.as_str();
    let exact = (0..).zip(all()).find(|(_, word)| *word == typed);
    let begins = || {
        (0..)
            .zip(all())
            .find(|(_, word)| typed.len() >= 4 && word.starts_with(typed))
    };
    exact.or_else(begins).map(|(number, _)| number)
}

fn checksum(secret: &[u8; 32]) -> u8 {
    let [first, ..] = sha256(&[secret]);
    first
}

/// Bit `place` of the 11 of word `word`, as (byte, mask) among all bits, highest first.
fn place(word: usize, place: usize) -> (usize, u8) {
    let bit = word.saturating_mul(11).saturating_add(place);
    (
        bit / 8,
        0x80_u8.wrapping_shr(u32::try_from(bit % 8).unwrap_or_default()),
    )
}

fn put(bits: &mut [u8; 33], word: usize, number: u16) {
    for (at, bit) in (0..11).rev().enumerate() {
        let (byte, mask) = place(word, at);
        if let Some(byte) = bits
            .get_mut(byte)
            .filter(|_| number.wrapping_shr(bit) & 1 == 1)
        {
            *byte |= mask;
        }
    }
}

fn get(bits: &[u8; 33], word: usize) -> u16 {
    (0..11).fold(0, |number: u16, at| {
        let (byte, mask) = place(word, at);
        let bit = bits.get(byte).is_some_and(|byte| byte & mask != 0);
        number.wrapping_shl(1) | u16::from(bit)
    })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use proptest::prelude::*;
    use std::string::ToString;
    use std::vec::Vec;
    use std::{format, string::String};

    use super::*;

    #[test]
    fn the_list_is_that_of_bip_39() {
        let known = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda";
        let bytes = include_bytes!("../data/bip39.txt");
        assert_eq!(hex::encode(sha256(&[bytes])), known);
    }

    #[test]
    fn zeros_and_ones_are_the_words_that_bip_39_prints() {
        let zeros = RecoveryKey::from_secret(Secret::new([0; 32])).to_words();
        assert_eq!(*zeros, "abandon ".repeat(23) + "art");
        let ones = RecoveryKey::from_secret(Secret::new([0xff; 32])).to_words();
        assert_eq!(*ones, "zoo ".repeat(23) + "vote");
    }

    #[test]
    fn a_fault_is_named() {
        let read = |words: &str| RecoveryKey::from_words(words).unwrap_err();
        let good = "abandon ".repeat(23) + "art";
        assert_eq!(read(&good.replace("art", "arm")), RecoveryError::Checksum);
        let unknown = read(&good.replace("art", "arz"));
        assert_eq!(unknown, RecoveryError::Unknown { position: 24 });
        assert_eq!(unknown.to_string(), "word 24 is not a recovery word");
        assert_eq!(read("art"), RecoveryError::Count);
        assert_eq!(read(&(good + " art")), RecoveryError::Count);
    }

    #[test]
    fn four_letters_are_enough_and_three_are_not() {
        let short = "ABAN\n".repeat(23) + "art";
        let key = RecoveryKey::from_words(&short).unwrap();
        assert_eq!(key.secret(), &Secret::new([0; 32]));
        let shorter = "aba ".repeat(23) + "art";
        let error = RecoveryKey::from_words(&shorter).unwrap_err();
        assert_eq!(error, RecoveryError::Unknown { position: 1 });
        assert_eq!(format!("{key:?}"), "RecoveryKey");
    }

    proptest! {
        #[test]
        fn words_give_the_key_back(secret: [u8; 32]) {
            let key = RecoveryKey::from_secret(Secret::new(secret));
            let words = key.to_words();
            prop_assert_eq!(words.split(' ').count(), RecoveryKey::WORDS);
            let again = RecoveryKey::from_words(&words).unwrap();
            prop_assert_eq!(again.secret(), key.secret());
            prop_assert_eq!(again.hash(), key.hash());
        }

        #[test]
        fn two_swapped_words_are_noticed(secret: [u8; 32], a in 0..24_usize, b in 0..24_usize) {
            let key = RecoveryKey::from_secret(Secret::new(secret));
            let words = key.to_words();
            let mut words: Vec<&str> = words.split(' ').collect();
            prop_assume!(words[a] != words[b]);
            words.swap(a, b);
            // one in 256 passes the checksum, and is then another key
            let read = RecoveryKey::from_words(&words.join(" "));
            prop_assert!(read.map_or(true, |read| read.secret() != key.secret()));
        }

        #[test]
        fn reading_survives_anything(typed: String) {
            let _ = RecoveryKey::from_words(&typed);
        }
    }
}
