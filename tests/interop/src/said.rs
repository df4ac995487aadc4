//! What a person types into any of the programs.

/// What a person types.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by tests")]
pub struct Said<'a> {
    /// The passphrase.
    pub passphrase: &'a str,
    /// What matches get.
    pub message: &'a str,
}

impl<'a> Said<'a> {
    /// Someone who knows the passphrase of the test.
    #[must_use]
    pub const fn right(message: &'a str) -> Self {
        Self {
            passphrase: "five words nobody would guess",
            message,
        }
    }

    /// Someone who does not.
    #[must_use]
    pub const fn wrong(message: &'a str) -> Self {
        Self {
            passphrase: "five words somebody had guessed",
            message,
        }
    }
}
