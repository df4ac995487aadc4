use core::time::Duration;

use identity::{Name, Succession};

use crate::{Mode, Padding};

/// The bounds and rhythms of a [`Channel`](crate::Channel); the defaults are those of the spec.
///
/// # Spec
///
/// `spec/20-channel.md` 11.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// What we call ourselves to the other side.
    pub name: Name,
    /// Which keys ours took the place of, for those who know us by one of them; everybody who speaks
    /// [`Mode::Ours`] is shown it. If it is not one of our key, they end the channel.
    pub succession: Option<Succession>,
    /// The best that we speak. [`Mode::Kamune`] leaves nothing in what we send that says which program
    /// it is.
    pub mode: Mode,
    /// How long our envelopes become.
    pub padding: Padding,
    /// How long the opening may take, the decisions of both people included. The other program has a
    /// limit of its own: of Go's, 30 s.
    pub within: Duration,
    /// How long after the last sign of life to ask for one.
    pub ping_every: Duration,
    /// How long to wait for it.
    pub ping_within: Duration,
    /// How often in a row none may come.
    pub strikes: u32,
    /// How long an acknowledgement waits for something that it can go along with.
    pub acknowledge: Duration,
    /// How long our first message waits for a program that begins with values of its own.
    pub hold: Duration,
    /// Bytes of messages that wait so.
    pub held: usize,
}

impl Config {
    /// The defaults, under `name`.
    #[must_use]
    pub const fn new(name: Name) -> Self {
        Self {
            name,
            succession: None,
            mode: Mode::Ours,
            padding: Padding::Direct,
            within: Duration::from_secs(30),
            ping_every: Duration::from_secs(30),
            ping_within: Duration::from_secs(10),
            strikes: 3,
            acknowledge: Duration::from_millis(100),
            hold: Duration::from_millis(1500),
            held: 1 << 20,
        }
    }
}
