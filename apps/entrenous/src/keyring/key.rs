//! A key as the keyring keeps it: as text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::Kind;
use primitives::Secret;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// A key as base64url, 43 characters. Erased when dropped.
pub(super) struct KeyText(Zeroizing<[u8; TEXT_LEN]>);

impl KeyText {
    pub(super) fn of(key: &Secret<32>) -> Self {
        let mut text = Zeroizing::new([0; TEXT_LEN]);
        // 32 bytes have 43 characters.
        let _ = URL_SAFE_NO_PAD.encode_slice(key.expose(), text.as_mut_slice());
        Self(text)
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText")
    }
}

/// A new key, from the system's random bytes.
pub(super) fn draw() -> Result<Secret<32>, Failure> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|_| Failure::new(Kind::Bug, "this system gives no random bytes"))?;
    Ok(Secret::new(*bytes))
}

/// The key that a text is, which a line end may follow.
pub(super) fn read(text: &[u8]) -> Option<Secret<32>> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    if text.len() != TEXT_LEN {
        return None;
    }
    // One more than a key has: the decoder asks for room in steps of three.
    let mut bytes = Zeroizing::new([0; 33]);
    let decoded = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice());
    let key = bytes.get(..decoded.ok()?)?;
    Some(Secret::new(key.try_into().ok()?))
}

const TEXT_LEN: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_text_with_or_without_a_line_end() {
        let key = draw().unwrap();
        let text = KeyText::of(&key);
        assert_eq!(read(text.expose()), Some(key.clone()));
        let line = [text.expose(), b"\n"].concat();
        assert_eq!(read(&line), Some(key));
    }

    #[test]
    fn a_text_is_base64url_without_padding() {
        let text = KeyText::of(&Secret::new([0xfb; 32]));
        assert_eq!(
            text.expose(),
            b"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s"
        );
    }

    #[test]
    fn anything_else_is_no_key() {
        let text = KeyText::of(&Secret::new([0xfb; 32]));
        let text = text.expose();
        let longer = [text, b"A"].concat();
        let lines = [text, b"\n\n"].concat();
        let padded = [&text[..42], b"="].concat();
        let plain = text.iter().map(|&byte| match byte {
            b'_' => b'/',
            byte => byte,
        });
        let plain: Vec<u8> = plain.collect();
        let left_over = [&text[..42], b"t"].concat();
        let cut = &text[..42];
        for bytes in [
            cut,
            &[],
            &longer[..],
            &lines[..],
            &padded[..],
            &plain[..],
            &left_over[..],
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn debug_output_does_not_contain_the_key() {
        let text = KeyText::of(&Secret::new([0xfb; 32]));
        assert_eq!(format!("{text:?}"), "KeyText");
    }
}
