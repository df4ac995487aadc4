use alloc::string::String;
use alloc::vec::Vec;

/// The named values behind the `?` of a link.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads text of anyone's: what is no name and value is dropped, and so is everything behind the
    /// first 32.
    pub(super) fn read(text: &str) -> Self {
        let mut values = Vec::new();
        for part in text.split('&').take(MOST) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if let (Some(name), Some(value)) = (plain(name), plain(value)) {
                values.push((name, value));
            }
        }
        Self(values)
    }

    /// The first value of that name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter();
        let (_, value) = values.find(|(found, _)| found == name)?;
        Some(value)
    }
}

/// Text without `%` and two digits for a byte.
fn plain(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let [high, low] = [digit(bytes.next()?)?, digit(bytes.next()?)?];
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

const MOST: usize = 32;
