use kernel::Kind;

/// The bytes are no public key that may verify anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a public key")]
#[non_exhaustive]
pub struct KeyError;

impl KeyError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::PeerMisbehaved
    }
}

/// The signature is not one of this message by this key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("signature does not verify")]
#[non_exhaustive]
pub struct VerifyError;

impl VerifyError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::PeerMisbehaved
    }
}
