/// Which side of a channel somebody is.
#[expect(clippy::exhaustive_enums, reason = "a channel has two sides")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Who dialled.
    Caller,
    /// Who was waiting.
    Called,
}

impl Role {
    /// Its number in hashes.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Caller => 1,
            Self::Called => 2,
        }
    }

    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Called,
            Self::Called => Self::Caller,
        }
    }
}
