use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use rusqlite::ErrorCode;

use crate::{
    bytes::Reader,
    error::{Part, StoreError},
};

/// What SQLite would act upon before we could judge it: an empty file or one in another mode makes it
/// throw away the log.
pub(super) fn check_start(path: &Path) -> Result<(), StoreError> {
    let mut start = Vec::with_capacity(START_LEN);
    let most = u64::try_from(START_LEN).unwrap_or(0);
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut start))
        .map_err(|error| StoreError::io("read", path, &error))?;
    match format(&start) {
        Some(FORMAT) => Ok(()),
        Some(format) if format > FORMAT => {
            let part = Part::Database;
            Err(StoreError::Newer { part, format })
        }
        _ => Err(StoreError::Damaged(Part::Database)),
    }
}

/// The format in the file's first 100 bytes, if they are of one of ours. <https://sqlite.org/fileformat.html>
fn format(start: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(start);
    let magic = reader.array()? == *b"SQLite format 3\0";
    reader.take(2)?;
    let in_wal_mode = reader.array()? == [2, 2];
    reader.take(60 - 20)?;
    let format = u32::from_be_bytes(reader.array()?);
    reader.take(4)?;
    let ours = u32::from_be_bytes(reader.array()?) == APPLICATION;
    reader.take(START_LEN - 72)?;
    (magic && in_wal_mode && ours).then_some(format)
}

/// What SQLite's error means to us.
pub(super) fn fault(act: &'static str, path: &Path, error: &rusqlite::Error) -> StoreError {
    let io = |why| StoreError::Io {
        act,
        path: path.to_owned(),
        why,
    };
    let rusqlite::Error::SqliteFailure(error, _) = error else {
        // No row where one must be, or a value of another type.
        return StoreError::Damaged(Part::Database);
    };
    match error.code {
        ErrorCode::DiskFull => StoreError::DiskFull {
            path: path.to_owned(),
        },
        ErrorCode::SystemIoFailure if error.extended_code == SHORT_READ => {
            StoreError::Damaged(Part::Database)
        }
        ErrorCode::SystemIoFailure => io(io::ErrorKind::Other),
        ErrorCode::CannotOpen => io(io::ErrorKind::NotFound),
        ErrorCode::ReadOnly => io(io::ErrorKind::ReadOnlyFilesystem),
        ErrorCode::PermissionDenied => io(io::ErrorKind::PermissionDenied),
        ErrorCode::OutOfMemory => io(io::ErrorKind::OutOfMemory),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => io(io::ErrorKind::ResourceBusy),
        // Our statements are right, so what else SQLite dislikes is the file.
        _ => StoreError::Damaged(Part::Database),
    }
}

pub(super) const APPLICATION: u32 = 0x656e_7476;
pub(super) const FORMAT: u32 = 1;
const START_LEN: usize = 100;
/// `SQLITE_IOERR_SHORT_READ`
const SHORT_READ: i32 = 522;
