//! Numbers of the whole store.

use rusqlite::{Connection, Result};

use super::number::{signed, unsigned};

/// No log that was forgotten ever had a higher number.
pub(super) const SEQ_FLOOR: &str = "seq_floor";
/// No cell that was removed ever had a higher revision.
pub(super) const REV_FLOOR: &str = "rev_floor";
/// Which of the two tables of ids takes new ones.
pub(super) const YOUNG: &str = "young";
/// When they last changed places, in ms.
pub(super) const TURNED: &str = "turned";
/// The longest window this file was ever used with, in ms.
pub(super) const WINDOW: &str = "window";
/// Up to which log the sweep has looked for forgettable ones.
pub(super) const SWEPT: &str = "swept";

pub(super) fn get(connection: &Connection, name: &str) -> Result<u64> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| unsigned(row, 0))
}

pub(super) fn set(connection: &Connection, name: &str, value: u64) -> Result<()> {
    connection
        .prepare_cached("UPDATE meta SET value = ?2 WHERE name = ?1")?
        .execute((name, signed(value)))?;
    Ok(())
}

/// Lifts a floor to `value` if it is lower.
pub(super) fn lift(connection: &Connection, name: &str, value: u64) -> Result<()> {
    connection
        .prepare_cached("UPDATE meta SET value = ?2 WHERE name = ?1 AND value < ?2")?
        .execute((name, signed(value)))?;
    Ok(())
}
