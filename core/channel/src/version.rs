use core::fmt;

/// The version of a program, as far as it says whether two can talk.
///
/// # Spec
///
/// `spec/20-channel.md` 5.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Version {
    major: i64,
    minor: i64,
    patch: i64,
}

impl Version {
    /// What we speak, and say.
    pub const OURS: Self = Self {
        major: 0,
        minor: 7,
        patch: 0,
    };

    /// Reads `major.minor.patch`: three decimal numbers of 64 bits, which may have a sign, as Go reads
    /// them.
    ///
    /// `None`: something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        let version = Self {
            major: parts.next()??,
            minor: parts.next()??,
            patch: parts.next()??,
        };
        parts.next().is_none().then_some(version)
    }

    /// Whether programs of these two versions understand each other: equal majors, and below 1.0
    /// equal minors.
    #[must_use]
    pub const fn talks_to(self, other: Self) -> bool {
        self.major == other.major && (self.major != 0 || self.minor == other.minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_minors_of_zero_part_people() {
        let ours = |text| Version::parse(text).is_some_and(|it| it.talks_to(Version::OURS));
        for text in ["0.7.0", "0.7.1", "0.7.4294967296", "+0.07.+0", "0.7.-1"] {
            assert!(ours(text), "{text}");
        }
        for text in ["0.6.0", "0.8.0", "1.7.0", "1.0.0"] {
            assert!(!ours(text) && Version::parse(text).is_some(), "{text}");
        }
        let [old, new] = ["1.2.0", "1.9.3"].map(|text| Version::parse(text).unwrap());
        assert!(old.talks_to(new));
    }

    #[test]
    fn anything_but_three_numbers_is_no_version() {
        for text in [
            "",
            "0",
            "0.7",
            "0.7.0.0",
            "v0.7.0",
            "0.7.0-rc1",
            "0..0",
            "0.7.x",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        let huge = "0.7.9223372036854775808";
        assert_eq!(Version::parse(huge), None);
    }
}
