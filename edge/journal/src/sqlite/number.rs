//! The engine's integers are signed; ours are not. All ours stay below 2^63.

use kernel::Time;
use rusqlite::{Result, Row};

use super::fault::damaged;

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn moment(time: Time) -> i64 {
    signed(time.as_ms())
}

/// The number in a column; a negative one is damage.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| damaged(column))
}
