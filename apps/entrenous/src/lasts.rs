use std::time::Duration;

/// A length of time as people type it: `10m`, `1h 30m`, or seconds as a plain number.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(text)
            .map_err(|_| "write it like 90s, 10m, 2h, or as seconds".to_owned())?,
    };
    if duration < SHORTEST || duration > LONGEST {
        return Err("must be between 1s and 7d".to_owned());
    }
    Ok(duration)
}

/// The two largest units of `duration`, in whole seconds: `9m 58s`.
pub(crate) fn show(duration: Duration) -> String {
    let seconds = Duration::from_secs(duration.as_secs());
    let text = humantime::format_duration(seconds).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units_and_plain_seconds() {
        assert_eq!(parse("60"), Ok(Duration::from_secs(60)));
        assert_eq!(parse("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(parse("7d"), Ok(LONGEST));
        for wrong in ["", "0", "7d 1s", "-1", "soon"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shows_two_units_at_most() {
        assert_eq!(show(Duration::from_millis(598_900)), "9m 58s");
        assert_eq!(show(Duration::from_secs(600)), "10m");
        assert_eq!(show(Duration::from_secs(93_784)), "1day 2h");
        assert_eq!(show(Duration::ZERO), "0s");
    }
}
