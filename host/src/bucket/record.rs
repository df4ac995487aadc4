//! What is stored, and under which names.
//!
//! Spec: `spec/11-buckets.md` section 3.2.

use bytes::Bytes;
use journal::{Subject, SubjectError};
use primitives::sha256;
use rendezvous::bucket::{Entry, Hash, Id};

/// The kind of all names of buckets.
pub(super) const KIND: u8 = b'r';

/// The most bytes of the records of one bucket: 64 of 12 + 256.
pub(super) const BUCKET_BYTES: u32 = 64 * 268;

const VERSION: u8 = 1;

/// The log with the entries of a bucket.
pub(super) fn entries(hash: &Hash) -> Result<Subject, SubjectError> {
    Subject::of(KIND, &[hash.as_bytes()])
}

/// The cell with the id of the newest bucket.
pub(super) fn newest() -> Result<Subject, SubjectError> {
    Subject::of(KIND, &[b"open"])
}

/// The cell with the server's secret.
pub(super) fn secret() -> Result<Subject, SubjectError> {
    Subject::of(KIND, &[b"secret"])
}

pub(super) fn write_entry(id: Id, entry: &Entry) -> Bytes {
    Bytes::from([&id.to_bytes()[..], entry.as_bytes()].concat())
}

pub(super) fn read_entry(record: &[u8]) -> Option<(Id, Entry)> {
    let (id, entry) = record.split_at_checked(Id::LEN)?;
    Some((Id::from_bytes(id)?, Entry::from_bytes(entry)?))
}

/// Equal for equal entries only.
pub(super) fn dedupe(entry: &Entry) -> journal::Id {
    let digest = sha256(&[entry.as_bytes()]);
    digest.first_chunk().copied().unwrap_or_default()
}

pub(super) fn write_newest(id: Id) -> Bytes {
    Bytes::from([&[VERSION][..], &id.to_bytes()].concat())
}

pub(super) fn read_newest(record: &[u8]) -> Option<Id> {
    match record.split_first()? {
        (&VERSION, id) => Id::from_bytes(id),
        _ => None,
    }
}
