use core::time::Duration;

/// A moment, in milliseconds since an origin that the driver chose (its own start, or 1970).
///
/// Cores never ask for the time; they are told. Arithmetic saturates, so a clock that jumps can
/// delay a machine but not stop it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Time(u64);

impl Time {
    /// The origin.
    pub const ZERO: Self = Self(0);

    /// The moment `ms` milliseconds after the origin.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the origin.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// This moment plus `duration` (whole milliseconds), at most the last representable moment.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(ms))
    }

    /// How long ago `earlier` was; zero if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let last = Time::from_ms(u64::MAX);
        assert_eq!(last.after(Duration::MAX), last);
        assert_eq!(Time::ZERO.since(last), Duration::ZERO);
        assert_eq!(
            Time::from_ms(5).after(Duration::from_secs(1)),
            Time::from_ms(1005)
        );
    }
}
