/// What both sides of a channel speak once they know each other.
#[expect(clippy::exhaustive_enums, reason = "a driver handles both")]
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Mode {
    /// What every program of Kamune 0.7 does.
    Kamune,
    /// What two of ours do: keys that stand on both key exchanges, a ratchet, messages that are
    /// acknowledged, and nothing that can be shown to others.
    Ours,
}

impl Mode {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Kamune => 1,
            Self::Ours => 2,
        }
    }

    pub(crate) const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Kamune),
            2 => Some(Self::Ours),
            _ => None,
        }
    }
}
