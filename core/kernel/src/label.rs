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
    /// The name of a bucket, from its id. Spec `11-buckets` 2.
    BucketHash,
    /// Salt of an entry's passphrase, from the rendezvous host. Spec `11-buckets` 2.3.
    BucketSalt,
    /// Key of an entry, from the stretched passphrase. Spec `11-buckets` 2.3.
    BucketEntry,
    /// Filler and order of a bucket's slots, from the server's secret. Spec `11-buckets` 3.1.
    BucketFiller,
    /// Nonce of an entry from a machine's seed, and the machine's next seed. Spec `11-buckets` 4.1.
    BucketNonce,
    /// Key and associated data of an inviter's introduction. Spec `12-introductions` 2.
    IntroductionOffer,
    /// Key and associated data of a joiner's introduction. Spec `12-introductions` 2.
    IntroductionAnswer,
    /// Signature of an inviter on an introduction. Spec `12-introductions` 1.
    SignOffer,
    /// Signature of a joiner on an introduction. Spec `12-introductions` 1.
    SignAnswer,
    /// The name of an account, from its genesis. Spec `15-identity` 3.1.
    UserId,
    /// What a statement of an identity chain points back to. Spec `15-identity` 3.2.
    StatementHash,
    /// What a statement of a device chain points back to. Spec `15-identity` 4.
    DeviceHash,
    /// What a chain shows of a recovery key. Spec `15-identity` 2.1.
    RecoveryHash,
    /// The words of a fingerprint. Spec `15-identity` 6.
    Fingerprint,
    /// The signing key behind 24 words. Spec `15-identity` 2.1.
    RecoverySeed,
    /// A device's signing key from its seed. Spec `15-identity` 2.3.
    DeviceEd25519,
    /// A device's agreement key from its seed. Spec `15-identity` 2.3.
    DeviceX25519,
    /// A phrase of random words from a seed. Spec `15-identity` 7.
    Phrase,
    /// Signature of an identity key on its genesis. Spec `15-identity` 3.1.
    SignGenesis,
    /// Signature of an identity key on a statement. Spec `15-identity` 3.2.
    SignStatement,
    /// Signature of a home server on a statement. Spec `15-identity` 3.2.
    CountersignStatement,
    /// Signature of a recovery key on a statement. Spec `15-identity` 3.2.
    RecoverStatement,
    /// Signature of a new identity key on the statement that brings it. Spec `15-identity` 3.2.
    AcceptRotate,
    /// Signature of an identity key on a device statement. Spec `15-identity` 4.
    SignDevice,
    /// Signature of a live device on a device statement. Spec `15-identity` 4.
    CountersignDevice,
    /// Signature of a recovery key on a device statement. Spec `15-identity` 4.
    RecoverDevice,
    /// Signature of an added device on the statement that brings it. Spec `15-identity` 4.
    AcceptDevice,
    /// Signature of an identity key on a contact card. Spec `15-identity` 5.
    SignCard,
    /// Signature of an identity key on what takes its place. Spec `15-identity` 3.5.
    SignSuccession,
    /// Signature of an identity key on what it takes the place of. Spec `15-identity` 3.5.
    AcceptSuccession,
    /// What a device key signs to prove who asks a server. Spec `40-server` 3.
    ServerProof,
    /// A server's nonce for a proof. Spec `40-server` 3.
    ServerNonce,
    /// The name under which a server keeps a board, from the board's name. Spec `10-rendezvous` 5.5.
    ServerBoard,
    /// Associated data of a wrapped data key. Spec `16-vault` 3.2.
    VaultWrap,
    /// The key that wraps a data key, from a key file. Spec `16-vault` 3.2.
    VaultKeyFile,
    /// Key of the names of records. Spec `16-vault` 3.
    VaultNames,
    /// Key of records. Spec `16-vault` 3.
    VaultRecords,
    /// Key of the head. Spec `16-vault` 3.
    VaultHead,
    /// Key of the hash of all records. Spec `16-vault` 3.
    VaultSet,
    /// Key of the mark. Spec `16-vault` 3.
    VaultMark,
    /// Key of a backup. Spec `16-vault` 6.
    VaultBackup,
    /// What both sides of a channel saw before their handshake. Spec `20-channel` 13.1.
    ChannelBinding,
    /// What the contexts of an exchange give to the keys of a channel. Spec `20-channel` 14.
    ChannelExport,
    /// What both sides saw of a handshake. Spec `20-channel` 14.
    ChannelTranscript,
    /// The secret that all keys of a channel stand on. Spec `20-channel` 14.
    ChannelMaster,
    /// Signature of an identity key on a transcript. Spec `20-channel` 14.
    ChannelConfirm,
    /// The key that hides such a signature. Spec `20-channel` 14.
    ChannelConfirmKey,
    /// The first root and chain of a direction. Spec `20-channel` 14.
    ChannelChain,
    /// What tokens of a channel stand on. Spec `20-channel` 14.
    ChannelResumption,
    /// The root and chain of a direction after a step. Spec `20-channel` 15.
    ChannelStep,
    /// What the encapsulation of a heavy step gives. Spec `20-channel` 15.
    ChannelStepSecret,
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
            Self::BucketHash => b"entrenous/v1/bucket/hash",
            Self::BucketSalt => b"entrenous/v1/bucket/salt",
            Self::BucketEntry => b"entrenous/v1/bucket/entry",
            Self::BucketFiller => b"entrenous/v1/bucket/filler",
            Self::BucketNonce => b"entrenous/v1/bucket/nonce",
            Self::IntroductionOffer => b"entrenous/v1/introduction/offer",
            Self::IntroductionAnswer => b"entrenous/v1/introduction/answer",
            Self::SignOffer => b"entrenous/v1/introduction/sign-offer",
            Self::SignAnswer => b"entrenous/v1/introduction/sign-answer",
            Self::UserId => b"entrenous/v1/identity/user-id",
            Self::StatementHash => b"entrenous/v1/identity/statement-hash",
            Self::DeviceHash => b"entrenous/v1/identity/device-hash",
            Self::RecoveryHash => b"entrenous/v1/identity/recovery-hash",
            Self::Fingerprint => b"entrenous/v1/identity/fingerprint",
            Self::RecoverySeed => b"entrenous/v1/identity/recovery-seed",
            Self::DeviceEd25519 => b"entrenous/v1/identity/device-ed25519",
            Self::DeviceX25519 => b"entrenous/v1/identity/device-x25519",
            Self::Phrase => b"entrenous/v1/identity/phrase",
            Self::SignGenesis => b"entrenous/v1/identity/sign-genesis",
            Self::SignStatement => b"entrenous/v1/identity/sign-statement",
            Self::CountersignStatement => b"entrenous/v1/identity/countersign-statement",
            Self::RecoverStatement => b"entrenous/v1/identity/recover-statement",
            Self::AcceptRotate => b"entrenous/v1/identity/accept-rotate",
            Self::SignDevice => b"entrenous/v1/identity/sign-device",
            Self::CountersignDevice => b"entrenous/v1/identity/countersign-device",
            Self::RecoverDevice => b"entrenous/v1/identity/recover-device",
            Self::AcceptDevice => b"entrenous/v1/identity/accept-device",
            Self::SignCard => b"entrenous/v1/identity/sign-card",
            Self::SignSuccession => b"entrenous/v1/identity/sign-succession",
            Self::AcceptSuccession => b"entrenous/v1/identity/accept-succession",
            Self::ServerProof => b"entrenous/v1/server/proof",
            Self::ServerNonce => b"entrenous/v1/server/nonce",
            Self::ServerBoard => b"entrenous/v1/server/board",
            Self::VaultWrap => b"entrenous/v1/vault/wrap",
            Self::VaultKeyFile => b"entrenous/v1/vault/key-file",
            Self::VaultNames => b"entrenous/v1/vault/names",
            Self::VaultRecords => b"entrenous/v1/vault/records",
            Self::VaultHead => b"entrenous/v1/vault/head",
            Self::VaultSet => b"entrenous/v1/vault/set",
            Self::VaultMark => b"entrenous/v1/vault/mark",
            Self::VaultBackup => b"entrenous/v1/vault/backup",
            Self::ChannelBinding => b"entrenous/v1/channel/binding",
            Self::ChannelExport => b"entrenous/v1/channel/export",
            Self::ChannelTranscript => b"entrenous/v1/channel/transcript",
            Self::ChannelMaster => b"entrenous/v1/channel/master",
            Self::ChannelConfirm => b"entrenous/v1/channel/confirm",
            Self::ChannelConfirmKey => b"entrenous/v1/channel/confirm-key",
            Self::ChannelChain => b"entrenous/v1/channel/chain",
            Self::ChannelResumption => b"entrenous/v1/channel/resumption",
            Self::ChannelStep => b"entrenous/v1/channel/step",
            Self::ChannelStepSecret => b"entrenous/v1/channel/step-secret",
        }
    }
}
