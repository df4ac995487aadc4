use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kernel::Kind;
use wire::v1::KeptTransfer;
use wire::{DecodeError, decode, encode};

use crate::{File, Id, Reason, Way};

/// What a device keeps of a transfer, as a record under its way and id. Names of files are in it: encrypt
/// it.
///
/// # Spec
///
/// `spec/23-files.md` 3.2.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    pub(crate) id: Id,
    pub(crate) state: State,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum State {
    Offered(Known),
    Accepted(Known),
    Whole(Known),
    Over(Over),
}

/// What file it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Known {
    pub(crate) file: File,
    /// What the program wants to remember.
    pub(crate) note: Vec<u8>,
}

/// How a transfer to us ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Over {
    /// `None`: the file is there.
    pub(crate) reason: Option<Reason>,
    /// How many were over before.
    pub(crate) number: u64,
}

/// How far a transfer of a record is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Stage {
    /// We offered a file; it may be on its way.
    Offered,
    /// We want a file; some of it may be in the partial file.
    Accepted,
    /// The whole file is in the partial file, or was put where it belongs.
    Whole,
    /// It is over; the record is only there so that nobody asks again.
    Over,
}

impl Kept {
    /// Bytes that a note has at most.
    pub const NOTE: usize = 4096;

    /// Which way the file goes.
    #[must_use]
    pub const fn way(&self) -> Way {
        match self.state {
            State::Offered(_) => Way::Out,
            State::Accepted(_) | State::Whole(_) | State::Over(_) => Way::In,
        }
    }

    /// The transfer.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// How far it is.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self.state {
            State::Offered(_) => Stage::Offered,
            State::Accepted(_) => Stage::Accepted,
            State::Whole(_) => Stage::Whole,
            State::Over(_) => Stage::Over,
        }
    }

    /// What file it is; nothing in [`Stage::Over`].
    #[must_use]
    pub const fn file(&self) -> Option<&File> {
        match &self.state {
            State::Offered(known) | State::Accepted(known) | State::Whole(known) => {
                Some(&known.file)
            }
            State::Over(_) => None,
        }
    }

    /// What the program wanted to remember, at most [`NOTE`](Self::NOTE) bytes; nothing in
    /// [`Stage::Over`].
    #[must_use]
    pub fn note(&self) -> &[u8] {
        match &self.state {
            State::Offered(known) | State::Accepted(known) | State::Whole(known) => &known.note,
            State::Over(_) => &[],
        }
    }

    /// The bytes of the record, at most 4,700.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (number, known, over) = match &self.state {
            State::Offered(known) => (OFFERED, Some(known), None),
            State::Accepted(known) => (ACCEPTED, Some(known), None),
            State::Whole(known) => (WHOLE, Some(known), None),
            State::Over(over) => (OVER, None, Some(over)),
        };
        let file = known.map(|known| &known.file);
        let text = |text: Option<&str>| text.map(ToString::to_string).unwrap_or_default();
        let reason = over.and_then(|over| over.reason);
        encode(&KeptTransfer {
            id: self.id.as_bytes().to_vec(),
            state: number,
            name: text(file.map(File::name)),
            size: file.map(File::size).unwrap_or_default(),
            media_type: text(file.and_then(File::media_type)),
            note: known.map(|known| known.note.clone()).unwrap_or_default(),
            number: over.map(|over| over.number).unwrap_or_default(),
            outcome: reason.map(Reason::number).unwrap_or_default(),
        })
    }

    /// The record of these bytes.
    ///
    /// # Errors
    ///
    /// See [`RecordError`]. The transfer cannot be gone on with; forget it.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let kept: KeptTransfer = decode(bytes, RECORD_MAX)?;
        let id = Id::read(&kept.id).ok_or(RecordError::State)?;
        let name: &String = &kept.name;
        let known = Known {
            file: File::new(name, kept.size, &kept.media_type),
            note: kept.note,
        };
        let state = match kept.state {
            OFFERED => State::Offered(known),
            ACCEPTED => State::Accepted(known),
            WHOLE => State::Whole(known),
            OVER => State::Over(Over {
                reason: (kept.outcome != 0).then(|| Reason::read(kept.outcome)),
                number: kept.number,
            }),
            _ => return Err(RecordError::State),
        };
        Ok(Self { id, state })
    }
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// They are no message within the bounds.
    #[error("the record of a file cannot be read")]
    Malformed(#[from] DecodeError),
    /// Of a state that there is not: a newer program's.
    #[error("the record of a file is of a newer program")]
    State,
}

impl RecordError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

const OFFERED: u32 = 1;
const ACCEPTED: u32 = 2;
const WHOLE: u32 = 3;
const OVER: u32 = 4;
const RECORD_MAX: usize = 8192;
