use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use data_encoding::BASE64URL_NOPAD;
use kernel::Label;
use primitives::sha256;

use crate::key::IdentityPublic;
use crate::spki;
use crate::words::{Word, join};

/// An identity key in the forms that people compare.
///
/// All but [`words`](Self::words) are those of Kamune 0.7 and show the Ed25519 half only.
///
/// # Spec
///
/// `spec/15-identity.md` 6.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fingerprint {
    spki: [u8; spki::LEN],
    hash: [u8; 32],
    words: [u8; 32],
}

impl Fingerprint {
    /// The fingerprint of `key`.
    #[must_use]
    pub fn of(key: &IdentityPublic) -> Self {
        let spki = spki::encode(key.ed25519());
        Self {
            hash: sha256(&[&spki]),
            words: sha256(&[Label::Fingerprint.bytes(), &key.to_bytes()]),
            spki,
        }
    }

    /// 8 words of the list, which stand for the whole key: 82.6 bits.
    #[must_use]
    pub fn words(&self) -> [Word; 8] {
        numbers(&self.words).map(|number| Word::modulo(u64::from(number)))
    }

    /// [`words`](Self::words) with one space between them.
    #[must_use]
    pub fn to_words(&self) -> String {
        join(self.words().into_iter())
    }

    /// Capital hexadecimal with colons, of the 44 bytes of a public key file.
    #[must_use]
    pub fn to_hex(&self) -> String {
        let bytes: Vec<String> = self.spki.iter().map(|byte| format!("{byte:02X}")).collect();
        bytes.join(":")
    }

    /// The 44 bytes in base64url.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64URL_NOPAD.encode(&self.spki)
    }

    /// The SHA-256 of the 44 bytes.
    #[must_use]
    pub const fn sum(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The same in base64url.
    #[must_use]
    pub fn to_sum(&self) -> String {
        BASE64URL_NOPAD.encode(&self.hash)
    }

    /// 8 emoji of 96: 52.7 bits.
    #[must_use]
    pub fn emoji(&self) -> [&'static str; 8] {
        let list = include_str!("../data/emoji.txt");
        numbers(&self.hash).map(|number| item(list, EMOJI, number))
    }

    /// [`emoji`](Self::emoji) with bullets between them.
    #[must_use]
    pub fn to_emoji(&self) -> String {
        self.emoji().join(" \u{2022} ")
    }

    /// Two adjectives, an animal and a number from 1 to 99: 29.6 bits. A name to remember somebody
    /// by, too short to tell impostors.
    #[must_use]
    pub fn to_pseudonym(&self) -> String {
        let adjectives = include_str!("../data/adjectives.txt");
        let nouns = include_str!("../data/nouns.txt");
        let [a, b, c, d, ..] = numbers(&self.hash);
        let (a, b) = (
            item(adjectives, ADJECTIVES, a),
            item(adjectives, ADJECTIVES, b),
        );
        let noun = item(nouns, NOUNS, c);
        let number = d.checked_rem(99).unwrap_or_default().saturating_add(1);
        format!("{a} {b} {noun} {number}")
    }
}

/// A hash as 8 big-endian numbers.
fn numbers(hash: &[u8; 32]) -> [u32; 8] {
    let mut numbers = [0; 8];
    for (number, bytes) in numbers.iter_mut().zip(hash.as_chunks::<4>().0) {
        *number = u32::from_be_bytes(*bytes);
    }
    numbers
}

/// Line `number`, modulo `count`, of a list that has `count` lines.
fn item(list: &'static str, count: u32, number: u32) -> &'static str {
    let line = number.checked_rem(count).unwrap_or_default();
    let line = usize::try_from(line).unwrap_or_default();
    list.lines().nth(line).unwrap_or_default()
}

const EMOJI: u32 = 96;
const ADJECTIVES: u32 = 221;
const NOUNS: u32 = 171;

#[cfg(test)]
mod tests {
    use primitives::Secret;

    use super::*;
    use crate::key::IdentityKey;

    fn of(ml_dsa: Option<u8>) -> Fingerprint {
        let ml_dsa = ml_dsa.map(|seed| Secret::new([seed; 32]));
        let key = IdentityKey::from_seeds(&Secret::new([1; 32]), ml_dsa.as_ref());
        Fingerprint::of(key.public())
    }

    #[test]
    fn the_lists_have_the_lengths_that_the_sums_use() {
        let lines = |text: &str| u32::try_from(text.lines().count()).unwrap();
        assert_eq!(lines(include_str!("../data/emoji.txt")), EMOJI);
        assert_eq!(lines(include_str!("../data/adjectives.txt")), ADJECTIVES);
        assert_eq!(lines(include_str!("../data/nouns.txt")), NOUNS);
        let known = [
            (
                "b4ee3362b3080b6a30983841927321a240b29a082cee2742abcd1506ba368c91",
                EMOJI,
            ),
            (
                "43f887032801d8c926074eb88096dcd16e909d95361eaef1cbce982ff7b42364",
                ADJECTIVES,
            ),
            (
                "7b6cf010224b5d3e7d537d4cef33fb5fcde814fa9a4365bc1ff47b7247fe947d",
                NOUNS,
            ),
        ];
        let files: [&[u8]; 3] = [
            include_bytes!("../data/emoji.txt"),
            include_bytes!("../data/adjectives.txt"),
            include_bytes!("../data/nouns.txt"),
        ];
        for ((known, count), file) in known.iter().zip(files) {
            assert_eq!(hex::encode(sha256(&[file])), *known, "the list of {count}");
        }
    }

    #[test]
    fn only_the_words_show_the_second_half() {
        let (plain, both) = (of(None), of(Some(2)));
        assert_eq!(plain.to_hex(), both.to_hex());
        assert_eq!(plain.to_emoji(), both.to_emoji());
        assert_ne!(plain.to_words(), both.to_words());
    }

    #[test]
    fn the_key_of_ones_shows_as_in_kamune() {
        let fingerprint = of(None);
        assert_eq!(fingerprint.to_pseudonym(), "shallow hollow platypus 67");
        let sum = "_RENMB0vB33hQUuPmfRBsUA_qyB7IFL70sBl5O6OfcI";
        assert_eq!(fingerprint.to_sum(), sum);
        let base64 = "MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w";
        assert_eq!(fingerprint.to_base64(), base64);
        assert!(
            fingerprint
                .to_hex()
                .starts_with("30:2A:30:05:06:03:2B:65:70:03:21:00:8A:88")
        );
        let list: Vec<&str> = include_str!("../data/emoji.txt").lines().collect();
        assert_eq!(
            fingerprint.emoji(),
            [16, 61, 79, 81, 0, 59, 68, 66].map(|n: usize| list[n])
        );
        assert_eq!(fingerprint.to_emoji().matches(" \u{2022} ").count(), 7);
    }
}
