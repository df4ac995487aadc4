use alloc::boxed::Box;

use kernel::{Kind, Time};

use crate::bucket::{Circuit, Entry, EntryKey, Hash, Host, KeyError, Line, Stretching, Trouble};

/// Something that happened outside an [`Invite`](super::Invite).
#[non_exhaustive]
#[derive(Debug)]
pub enum Input<'a> {
    /// The passphrase is stretched.
    Stretched(Result<EntryKey, KeyError>),
    /// The [`Output::Leave`] that was under way has ended: bytes of the server's choice, or why not.
    Left(Result<&'a [u8], Trouble>),
    /// The [`Output::Fetch`] that was under way has ended: bytes of the server's choice, or why not.
    Fetched(Result<&'a [u8], Trouble>),
    /// Only time has passed.
    Tick,
}

/// Something the driver must do, in this order.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that skips one is broken; let it not compile"
)]
#[derive(Debug)]
#[must_use]
pub enum Output {
    /// Run it on any thread, and bring back [`Input::Stretched`].
    Stretch(Stretching),
    /// Leave the entry; bring back [`Input::Left`].
    Leave {
        /// The rendezvous server.
        at: Host,
        /// What to leave.
        entry: Box<Entry>,
        /// Over which connection.
        circuit: Circuit,
    },
    /// Fetch the bucket; bring back [`Input::Fetched`].
    Fetch {
        /// The rendezvous server.
        at: Host,
        /// The bucket.
        hash: Hash,
        /// Over which connection.
        circuit: Circuit,
    },
    /// Tell the person.
    Tell(Event),
    /// Nothing to do before this time; `None`: before the next input.
    Wait(Option<Time>),
}

/// Something the person may want to know.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// A server took the entry, and named a bucket that can be.
    #[non_exhaustive]
    Left {
        /// Which server.
        at: Host,
    },
    /// The bucket is right; others are still waited for.
    #[non_exhaustive]
    Waiting {
        /// Entries that came since the own one was first seen.
        came: u32,
        /// How many are to come.
        wanted: u32,
    },
    /// The server has reached a limit, or does not answer; it is asked again at this time.
    Again(Time),
    /// This server is not used; the next one is tried, if there is one.
    #[non_exhaustive]
    Refused {
        /// Which server.
        at: Host,
        /// Why.
        why: Refusal,
    },
    /// Show this line, with the words or apart from them. Nothing comes after this.
    Ready(Line),
    /// There is no way on; nothing comes after this.
    Failed(Failed),
}

/// Why a rendezvous server is not used.
///
/// # Spec
///
/// `spec/11-buckets.md` section 4.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// What it answers to `leave` is no id.
    #[error("the server answered something that is no bucket id")]
    IdMalformed,
    /// The bucket is too old or from the future, by the own clock.
    #[error("the server named a bucket of another time: it is old, or a clock is wrong")]
    IdTime,
    /// More buckets in one second than can be.
    #[error("the server named bucket number {got} of one second")]
    IdNumber {
        /// The number.
        got: u32,
    },
    /// What it answers to `fetch` is no bucket.
    #[error("the server answered something that is no bucket")]
    BucketMalformed,
    /// It does not show strangers the bucket that it named.
    #[error("the server does not have the bucket that it named")]
    NoSuchBucket,
    /// The bucket is without the own entry.
    #[error("the server lost the entry")]
    EntryMissing,
    /// A slot changed that cannot.
    #[error("the server changed an entry")]
    SlotRewritten,
    /// Fewer others came than wanted.
    #[error("only {came} others left an entry in the time of this bucket")]
    CohortShort {
        /// How many.
        came: u32,
    },
    /// It asks to come back later, too late or too often.
    #[error("the server is busy")]
    Busy,
    /// It does not answer.
    #[error("the server does not answer")]
    Away,
    /// It refuses the request.
    #[error("the server refuses the request")]
    Declined,
}

impl Refusal {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::CohortShort { .. } | Self::Busy | Self::Away => Kind::Unavailable,
            _ => Kind::PeerMisbehaved,
        }
    }

    /// The name of the refusal in the spec.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::IdMalformed => "id_malformed",
            Self::IdTime => "id_time",
            Self::IdNumber { .. } => "id_number",
            Self::BucketMalformed => "bucket_malformed",
            Self::NoSuchBucket => "no_such_bucket",
            Self::EntryMissing => "entry_missing",
            Self::SlotRewritten => "slot_rewritten",
            Self::CohortShort { .. } => "cohort_short",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Declined => "declined",
        }
    }
}

/// Why there is no line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// Every server was refused; each was told, with the reason.
    #[error("no rendezvous server is left to try")]
    NoServer,
    /// The passphrase could not be stretched.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Failed {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoServer => Kind::Unavailable,
            Self::Key(error) => error.kind(),
        }
    }
}
