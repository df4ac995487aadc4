/// A domain-separation label. All of them are listed here and in `spec/00-notation.md`; each is
/// used in exactly one function.
///
/// REUNION itself has none: its uses of the hash are told apart by lengths and keys only.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Label {
    /// Salt of a named board, from the board's name. Spec `10-rendezvous` 5.1.
    BoardSalt,
    /// The seeds of one session from a machine's seed, and the machine's next seed. Spec
    /// `10-rendezvous` 3.1.
    SessionSeeds,
    /// Randomness of one CTIDH group action. Spec `10-rendezvous` 3.1.
    ActionSeed,
    /// A delay drawn from a machine's seed, and the machine's next seed. Spec `10-rendezvous` 3.1.
    Jitter,
    /// The name of a job from its inputs; never leaves the process. Spec `10-rendezvous` 3.2.
    JobKey,
    /// What a device key signs to prove who asks a server. Spec `40-server` 3.
    ServerProof,
    /// A server's nonce for a proof. Spec `40-server` 3.
    ServerNonce,
}

impl Label {
    /// The bytes that go into the hash: ASCII, no terminator.
    #[must_use]
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::BoardSalt => b"entrenous/v1/rendezvous/board-salt",
            Self::SessionSeeds => b"entrenous/v1/rendezvous/session-seeds",
            Self::ActionSeed => b"entrenous/v1/rendezvous/action-seed",
            Self::Jitter => b"entrenous/v1/rendezvous/jitter",
            Self::JobKey => b"entrenous/v1/rendezvous/job-key",
            Self::ServerProof => b"entrenous/v1/server/proof",
            Self::ServerNonce => b"entrenous/v1/server/nonce",
        }
    }
}
