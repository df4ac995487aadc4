//! The records of a profile: one message of `kept.proto` or `file.proto` each. Spec: `spec/16-vault.md` section 7.

use vault::{Batch, Record, RecordKind};
use wire::{Bounded, decode, encode};

use crate::keep::KeepError;

/// A message, and the kind of record it is kept in.
pub(crate) trait Kept: Bounded {
    const KIND: RecordKind;
    const TITLE: &'static str;
}

macro_rules! kept {
    ($message:ident, $id:literal, $title:literal) => {
        impl Kept for wire::v1::$message {
            const KIND: RecordKind = RecordKind::new($id, 1, $title);
            const TITLE: &'static str = $title;
        }
    };
}

kept!(KeptProfile, 1, "profile");
kept!(KeptContact, 2, "contact");
kept!(KeptInvitation, 3, "invitation");
kept!(KeptJoin, 4, "link that is followed");
kept!(KeptSession, 5, "session");
kept!(KeptPin, 6, "pin");
kept!(KeptConversation, 7, "conversation");
kept!(KeptLine, 8, "line of a conversation");
kept!(KeptId, 9, "mark of a line");
kept!(KeptTransfer, 10, "transfer of a file");
kept!(KeptReached, 11, "place where somebody was reached");
kept!(KeptToken, 12, "token for a server");

/// The message in a record.
pub(crate) fn read<T: Kept>(record: &Record) -> Result<T, KeepError> {
    let broken = KeepError::Record { title: T::TITLE };
    decode(&record.body, MAX).map_err(|_| broken)
}

/// Puts a message into `batch`, as the record of this name.
pub(crate) fn put<T: Kept>(batch: &mut Batch, name: &[u8], message: &T) {
    batch.put(T::KIND, name, encode(message));
}

/// More than any message of `kept.proto` can have.
const MAX: usize = 1 << 20;
