use rusqlite::ErrorCode;

use crate::Fault;

/// What an error of the engine means to whoever asked.
///
/// `halfway` is the answer to an error of the disk: [`Fault::Unknown`] for a commit, which may
/// have reached it, else [`Fault::Stopped`].
pub(super) fn fault(error: &rusqlite::Error, halfway: Fault) -> Fault {
    use rusqlite::Error;
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => Fault::DiskFull,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory => {
                Fault::Unavailable
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Fault::Corrupt,
            _ => halfway,
        },
        // A row that holds what we never write.
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::QueryReturnedNoRows
        | Error::Utf8Error(..) => Fault::Corrupt,
        _ => halfway,
    }
}

/// A row that holds what we never write, in column `column`.
pub(super) fn damaged(column: usize) -> rusqlite::Error {
    rusqlite::Error::IntegralValueOutOfRange(column, 0)
}
