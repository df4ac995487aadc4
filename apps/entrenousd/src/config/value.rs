//! Values as they stand in the file, and back.

use std::time::Duration;

use toml::Value;

/// What is wrong with one value; the caller names the key.
pub(super) type Refused = String;

pub(super) fn text(value: &Value) -> Result<&str, Refused> {
    value
        .as_str()
        .ok_or_else(|| "expected a text in quotes".into())
}

/// A text as one line of TOML.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if letter.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(letter))),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

pub(super) fn flag(value: &Value) -> Result<bool, Refused> {
    value
        .as_bool()
        .ok_or_else(|| "expected true or false".into())
}

pub(super) fn list<T>(
    value: &Value,
    one: fn(&str) -> Option<T>,
    what: &str,
) -> Result<Vec<T>, Refused> {
    let items = value
        .as_array()
        .ok_or_else(|| format!("expected a list of {what}"))?;
    let parse = |item: &Value| {
        let text = text(item)?;
        one(text).ok_or_else(|| format!("{text:?} does not fit; expected {what}"))
    };
    items.iter().map(parse).collect()
}

pub(super) fn number<T: TryFrom<i64>>(value: &Value) -> Result<T, Refused> {
    let number = value
        .as_integer()
        .and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| "expected a whole number".into())
}

/// A number that only works above zero.
pub(super) fn positive<T: TryFrom<i64>>(value: &Value) -> Result<T, Refused> {
    match value.as_integer() {
        Some(0) => Err("must not be zero".into()),
        _ => number(value),
    }
}

/// `90s`, `10m`, `2h`, `7d`.
pub(super) fn duration(value: &Value) -> Result<Duration, Refused> {
    duration_text(text(value)?)
}

/// The same without the quotes.
pub(crate) fn duration_text(text: &str) -> Result<Duration, Refused> {
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    let seconds = scaled(text, &units);
    let seconds =
        seconds.ok_or("expected a duration such as \"90s\", \"10m\", \"2h\" or \"7d\"")?;
    Ok(Duration::from_secs(seconds))
}

pub(super) fn show_duration(duration: &Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("d", 86_400), ("h", 3600), ("m", 60)];
    show_scaled(seconds, &units, "s")
}

/// `512B`, `64KiB`, `16MiB`, `2GiB`.
pub(super) fn size(value: &Value) -> Result<usize, Refused> {
    let units = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("B", 1),
    ];
    let bytes = scaled(text(value)?, &units).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.ok_or_else(|| "expected a size such as \"64KiB\" or \"16MiB\"".into())
}

pub(super) fn show_size(bytes: &usize) -> String {
    let bytes = u64::try_from(*bytes).unwrap_or(u64::MAX);
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    show_scaled(bytes, &units, "B")
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = units
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    number.trim().parse::<u64>().ok()?.checked_mul(*unit)
}

/// In the largest unit that divides it.
fn show_scaled(number: u64, units: &[(&str, u64)], smallest: &str) -> String {
    for (name, unit) in units {
        if let (Some(0), Some(count)) = (number.checked_rem(*unit), number.checked_div(*unit))
            && count > 0
        {
            return format!("\"{count}{name}\"");
        }
    }
    format!("\"{number}{smallest}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_come_back_as_they_were() {
        for text in ["0s", "90s", "10m", "1h", "25h", "7d"] {
            let value = Value::String(text.into());
            assert_eq!(
                show_duration(&duration(&value).unwrap()),
                format!("\"{text}\"")
            );
        }
        for text in ["0B", "1000B", "64KiB", "16MiB", "3GiB"] {
            let value = Value::String(text.into());
            assert_eq!(show_size(&size(&value).unwrap()), format!("\"{text}\""));
        }
        for bad in ["", "h", "-1s", "1.5h", "10", "99999999999999999d", "1 week"] {
            assert!(duration(&Value::String(bad.into())).is_err(), "{bad}");
            assert!(size(&Value::String(bad.into())).is_err(), "{bad}");
        }
        assert!(duration(&Value::Integer(5)).is_err());
    }
}
