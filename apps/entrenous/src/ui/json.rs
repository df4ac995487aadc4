//! JSON lines that are harmless on a terminal too.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use super::filter::is_hostile;

/// One line: `value` as JSON, with hostile characters escaped, so nothing is lost and nothing acts.
pub(crate) fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Careful))?;
    bytes.push(b'\n');
    Ok(bytes)
}

struct Careful;

impl Formatter for Careful {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        for part in fragment.split_inclusive(is_hostile) {
            let mut chars = part.chars();
            match chars.next_back().filter(|c| is_hostile(*c)) {
                None => CompactFormatter.write_string_fragment(writer, part)?,
                Some(hostile) => {
                    CompactFormatter.write_string_fragment(writer, chars.as_str())?;
                    for unit in hostile.encode_utf16(&mut [0; 2]) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_or_reader_would_obey() {
        let hostile = "é\u{1b}[m\u{9b}\u{202e}\u{e0041}\u{7f}\n\"";
        let line = String::from_utf8(line(&hostile).unwrap()).unwrap();
        assert_eq!(
            line,
            "\"é\\u001b[m\\u009b\\u202e\\udb40\\udc41\\u007f\\n\\\"\"\n"
        );
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), hostile);
    }
}
