use core::time::Duration;

/// The rhythms of a [`Client`](super::Client); the defaults are those of the spec.
///
/// # Spec
///
/// `spec/22-switch.md` 4.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// How long it may take until there is a place.
    pub within: Duration,
    /// How long after anything came from the relay to ask whether it is there.
    pub ping_every: Duration,
    /// How long to wait for its answer.
    pub ping_within: Duration,
    /// How often in a row none may come.
    pub strikes: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            within: Duration::from_secs(30),
            ping_every: Duration::from_secs(30),
            ping_within: Duration::from_secs(10),
            strikes: 3,
        }
    }
}
