//! Dedupe and claim ids: two tables that change places.
//!
//! New ids go to the young table. Once a window has passed since the last change of places, all
//! ids of the old one are over: it is emptied as a whole, which costs far less than row by row.

use kernel::Time;
use rusqlite::{Connection, OptionalExtension as _, Result};

use super::meta;
use super::number::{moment, signed, unsigned};
use crate::{Id, Seq};

#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Dedupe = 0,
    Claim = 1,
}

/// What came of an id that is not over: the entry's number, and for a claim its payload.
pub(super) fn find(
    connection: &Connection,
    sid: i64,
    role: Role,
    id: &Id,
    now: Time,
) -> Result<Option<(Seq, Vec<u8>)>> {
    let mut find = connection.prepare_cached(
        "SELECT seq, payload FROM ids_0
         WHERE sid = ?1 AND role = ?2 AND id = ?3 AND until > ?4
         UNION ALL
         SELECT seq, payload FROM ids_1
         WHERE sid = ?1 AND role = ?2 AND id = ?3 AND until > ?4
         LIMIT 1",
    )?;
    find.query_row((sid, role as i64, id, moment(now)), |row| {
        let payload: Option<Vec<u8>> = row.get(1)?;
        Ok((unsigned(row, 0)?, payload.unwrap_or_default()))
    })
    .optional()
}

/// Remembers an id; one that is over makes room.
pub(super) fn insert(
    connection: &Connection,
    sid: i64,
    role: Role,
    id: &Id,
    seq: Seq,
    until: Time,
    payload: Option<&[u8]>,
) -> Result<()> {
    let insert = match meta::get(connection, meta::YOUNG)? {
        0 => "INSERT OR REPLACE INTO ids_0 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        _ => "INSERT OR REPLACE INTO ids_1 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    };
    connection.prepare_cached(insert)?.execute((
        sid,
        role as i64,
        id,
        signed(seq),
        moment(until),
        payload,
    ))?;
    Ok(())
}

/// Forgets all ids of a log that is forgotten itself.
pub(super) fn forget(connection: &Connection, sid: i64) -> Result<()> {
    for delete in [
        "DELETE FROM ids_0 WHERE sid = ?1",
        "DELETE FROM ids_1 WHERE sid = ?1",
    ] {
        connection.prepare_cached(delete)?.execute([sid])?;
    }
    Ok(())
}

/// Empties the old table and lets the two change places, when it is time; returns how many ids
/// that freed.
pub(super) fn turn(connection: &Connection, now: Time) -> Result<u64> {
    let turned = meta::get(connection, meta::TURNED)?;
    let window = meta::get(connection, meta::WINDOW)?;
    if now.as_ms() < turned {
        // The clock was set back; without this the next turn might be years away.
        meta::set(connection, meta::TURNED, now.as_ms())?;
        return Ok(0);
    }
    if now.as_ms() < turned.saturating_add(window) {
        return Ok(0);
    }
    let young = meta::get(connection, meta::YOUNG)?;
    let (empty, old) = match young {
        0 => ("DELETE FROM ids_1", 1),
        _ => ("DELETE FROM ids_0", 0),
    };
    let freed = connection.prepare_cached(empty)?.execute([])?;
    meta::set(connection, meta::YOUNG, old)?;
    meta::set(connection, meta::TURNED, now.as_ms())?;
    Ok(u64::try_from(freed).unwrap_or(u64::MAX))
}
