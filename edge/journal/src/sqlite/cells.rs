//! Cells: read on any connection, changed inside the writer's transaction.

use bytes::Bytes;
use kernel::Time;
use rusqlite::{Connection, OptionalExtension as _, Result};

use super::meta;
use super::number::{moment, signed, unsigned};
use crate::{Cell, Rev, SetError, Subject};

/// See [`Store::cell_get`](crate::Store::cell_get).
pub(super) fn get(connection: &Connection, now: Time, key: &Subject) -> Result<Option<Cell>> {
    let mut get = connection.prepare_cached(
        "SELECT rev, value FROM cells WHERE key = ?1 AND (expires IS NULL OR expires > ?2)",
    )?;
    get.query_row((key.as_bytes(), moment(now)), |row| {
        let (rev, value) = (unsigned(row, 0)?, row.get::<_, Vec<u8>>(1)?.into());
        Ok(Cell { rev, value })
    })
    .optional()
}

/// See [`Store::cell_set`](crate::Store::cell_set); the size is checked before.
pub(super) fn set(
    connection: &Connection,
    now: Time,
    key: &Subject,
    expect: Rev,
    value: Option<&Bytes>,
    expires: Option<Time>,
) -> Result<Result<Rev, SetError>> {
    let mut find = connection.prepare_cached("SELECT rev, expires FROM cells WHERE key = ?1")?;
    let row = find.query_row([key.as_bytes()], |row| {
        Ok((unsigned(row, 0)?, row.get::<_, Option<i64>>(1)?))
    });
    let row = row.optional()?;
    let live = row.filter(|(_, expires)| expires.is_none_or(|expires| expires > moment(now)));
    let rev = live.map_or(0, |(rev, _)| rev);
    if rev != expect {
        return Ok(Err(SetError::Conflict { rev }));
    }
    let stored = row.map_or(0, |(rev, _)| rev);
    let Some(value) = value else {
        if row.is_some() {
            connection
                .prepare_cached("DELETE FROM cells WHERE key = ?1")?
                .execute([key.as_bytes()])?;
            meta::lift(connection, meta::REV_FLOOR, stored)?;
        }
        return Ok(Ok(0));
    };
    let floor = match row {
        Some(_) => 0,
        None => meta::get(connection, meta::REV_FLOOR)?,
    };
    let rev = stored.max(floor).saturating_add(1);
    connection
        .prepare_cached(
            "INSERT INTO cells (key, rev, expires, value) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (key) DO UPDATE SET rev = ?2, expires = ?3, value = ?4",
        )?
        .execute((key.as_bytes(), signed(rev), expires.map(moment), &value[..]))?;
    Ok(Ok(rev))
}
