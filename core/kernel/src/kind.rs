/// What the caller of a failed operation can do about it.
///
/// Retry, exit code and HTTP status follow from the kind alone, in one `match` per program.
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever forgets a kind must not compile"
)]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// The input is wrong; the person or the caller can correct it.
    BadInput,
    /// Something needed is not there now: network, server, peer, disk. Trying later may work.
    Unavailable,
    /// A peer or server broke the protocol, or is not who it should be.
    PeerMisbehaved,
    /// A limit is reached: size, count, rate or quota.
    Exhausted,
    /// An invariant of ours is broken. Report it.
    Bug,
}

impl Kind {
    /// The name used in `--json` output, logs and metrics: lower case with underscores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadInput => "bad_input",
            Self::Unavailable => "unavailable",
            Self::PeerMisbehaved => "peer_misbehaved",
            Self::Exhausted => "exhausted",
            Self::Bug => "bug",
        }
    }
}
