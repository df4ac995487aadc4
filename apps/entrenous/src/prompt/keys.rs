//! What the bytes of a terminal mean.

/// A key that a line understands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Key {
    /// A character, perhaps a space.
    Letter(char),
    Enter,
    Tab,
    Back,
    /// Ctrl-W
    BackWord,
    /// Ctrl-U
    Clear,
    /// Ctrl-D
    End,
}

/// Puts bytes together to keys. Sequences that it does not know are dropped whole.
#[derive(Debug, Default)]
pub(super) struct Keys {
    within: Within,
    /// Whether what comes was pasted: then a line end is a space.
    is_paste: bool,
}

/// What the last byte has begun.
#[derive(Debug, Default)]
enum Within {
    #[default]
    Nothing,
    /// ESC
    Escape,
    /// ESC `[`, or `O`: the number so far.
    Sequence(u16),
    /// The beginning of a character.
    Character { bytes: [u8; 4], have: usize },
}

impl Keys {
    /// The key that `byte` completes, if it does.
    pub(super) fn take(&mut self, byte: u8) -> Option<Key> {
        match std::mem::take(&mut self.within) {
            Within::Nothing => self.begin(byte),
            Within::Escape => {
                if matches!(byte, b'[' | b'O') {
                    self.within = Within::Sequence(0);
                }
                None
            }
            Within::Sequence(number) => {
                self.sequence(number, byte);
                None
            }
            Within::Character { bytes, have } => self.character(bytes, have, byte),
        }
    }

    fn begin(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'\r' | b'\n' | b'\t' if self.is_paste => Some(Key::Letter(' ')),
            b'\r' | b'\n' => Some(Key::Enter),
            b'\t' => Some(Key::Tab),
            0x7f | 0x08 => Some(Key::Back),
            0x17 => Some(Key::BackWord),
            0x15 => Some(Key::Clear),
            0x04 => Some(Key::End),
            0x1b => {
                self.within = Within::Escape;
                None
            }
            0x20..0x7f => Some(Key::Letter(byte.into())),
            0x80.. => self.character([0; 4], 0, byte),
            _ => None,
        }
    }

    fn character(&mut self, mut bytes: [u8; 4], have: usize, byte: u8) -> Option<Key> {
        let is_more = byte & 0xc0 == 0x80;
        if is_more == (have == 0) {
            // Cut off by something else, or its beginning was lost.
            return if is_more { None } else { self.begin(byte) };
        }
        *bytes.get_mut(have)? = byte;
        let have = have.saturating_add(1);
        match std::str::from_utf8(bytes.get(..have)?) {
            Ok(text) => text
                .chars()
                .next()
                .filter(|c| !c.is_control())
                .map(Key::Letter),
            Err(error) if error.error_len().is_none() => {
                self.within = Within::Character { bytes, have };
                None
            }
            Err(_) => None,
        }
    }

    fn sequence(&mut self, number: u16, byte: u8) {
        match (number, byte) {
            (_, b'0'..=b'9') => {
                let digit = u16::from(byte.saturating_sub(b'0'));
                let number = number.saturating_mul(10).saturating_add(digit);
                self.within = Within::Sequence(number);
            }
            (200, b'~') => self.is_paste = true,
            (201, b'~') => self.is_paste = false,
            // Parameters go on until a byte that ends the sequence.
            (_, 0x20..0x40) => self.within = Within::Sequence(0),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|byte| keys.take(*byte)).collect()
    }

    fn letters(bytes: &[u8]) -> String {
        let letter = |key| match key {
            Key::Letter(letter) => letter,
            other => panic!("{other:?}"),
        };
        keys(bytes).into_iter().map(letter).collect()
    }

    #[test]
    fn characters_of_every_length_are_put_together() {
        assert_eq!(letters("aé字👩 ~".as_bytes()), "aé字👩 ~");
    }

    #[test]
    fn bytes_that_are_no_characters_are_dropped() {
        assert_eq!(letters(b"a\xffb\xc3c\x80d\xe5\xad"), "abcd");
        assert_eq!(letters(b"a\xc3\xc3\xa9"), "aé");
        assert_eq!(letters(b"\xc2\x9b31m\0\x01"), "31m", "controls of C1 too");
    }

    #[test]
    fn arrows_and_other_sequences_are_dropped_whole() {
        for sequence in [
            "\x1b[A",
            "\x1bOP",
            "\x1b[1;5C",
            "\x1b[?25h",
            "\x1b[15~",
            "\x1bx",
        ] {
            let typed = format!("a{sequence}b");
            assert_eq!(letters(typed.as_bytes()), "ab", "{typed:?}");
        }
    }

    #[test]
    fn line_ends_are_spaces_in_a_paste_only() {
        assert_eq!(letters(b"\x1b[200~a\nb\tc\x1b[201~"), "a b c");
        assert_eq!(keys(b"\x1b[200~\x1b[201~\r"), [Key::Enter]);
    }

    #[test]
    fn keys_that_edit_have_a_name() {
        let all = [Key::Tab, Key::Back, Key::Back, Key::BackWord];
        assert_eq!(keys(b"\t\x7f\x08\x17"), all);
        assert_eq!(keys(b"\x15\x04\n"), [Key::Clear, Key::End, Key::Enter]);
    }
}
