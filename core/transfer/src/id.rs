use core::fmt;

/// What names a transfer: 32 random bytes, drawn by whoever sends the file. No secret; the other side
/// may have chosen it.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Id([u8; 32]);

impl Id {
    /// The id of these bytes: fresh from the operating system, if it is for an offer of ours.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// That of a message, which has this length.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, two, three, four, ..] = self.0;
        write!(f, "Id({one:02x}{two:02x}{three:02x}{four:02x}..)")
    }
}
