//! Frees what is expired, inside the writer's transaction.

use kernel::Time;
use rusqlite::{Connection, Result};

use super::fault::damaged;
use super::head::Head;
use super::number::{moment, signed, unsigned};
use super::{ids, meta};
use crate::Subject;

/// See [`Store::sweep`](crate::Store::sweep).
pub(super) fn sweep(connection: &Connection, now: Time, budget: u32) -> Result<u32> {
    let entries = entries(connection, now, budget)?;
    let left = u64::from(budget).saturating_sub(entries);
    let cells = cells(connection, now, left)?;
    let left = left.saturating_sub(cells);
    let heads = heads(connection, now, left)?;
    let ids = ids::turn(connection, now)?;
    let freed = entries
        .saturating_add(cells)
        .saturating_add(heads)
        .saturating_add(ids);
    Ok(u32::try_from(freed).unwrap_or(u32::MAX))
}

/// Removes the expired entries of the logs that have the first `budget` of them.
fn entries(connection: &Connection, now: Time, budget: u32) -> Result<u64> {
    let mut due = connection.prepare_cached(
        "SELECT DISTINCT subject FROM heads JOIN (
             SELECT sid FROM entries WHERE expires <= ?1 ORDER BY expires LIMIT ?2) USING (sid)",
    )?;
    let mut rows = due.query((moment(now), budget))?;
    let mut subjects = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(0)?.as_blob().map_err(|_| damaged(0))?;
        subjects.push(Subject::new(bytes).map_err(|_| damaged(0))?);
    }
    drop(rows);
    let mut freed = 0_u64;
    for subject in subjects {
        if let Some(mut head) = Head::find(connection, &subject)? {
            freed = freed.saturating_add(head.purge(connection, now)?);
            head.save(connection)?;
        }
    }
    Ok(freed)
}

fn cells(connection: &Connection, now: Time, budget: u64) -> Result<u64> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM cells WHERE rowid IN (
             SELECT rowid FROM cells WHERE expires <= ?1 ORDER BY expires LIMIT ?2)
         RETURNING rev",
    )?;
    let mut rows = delete.query((moment(now), signed(budget)))?;
    let (mut freed, mut highest) = (0_u64, 0);
    while let Some(row) = rows.next()? {
        freed = freed.saturating_add(1);
        highest = unsigned(row, 0)?.max(highest);
    }
    drop(rows);
    if freed > 0 {
        meta::lift(connection, meta::REV_FLOOR, highest)?;
    }
    Ok(freed)
}

/// Forgets logs that nobody could tell from new ones, among the next `budget` logs in a circle.
fn heads(connection: &Connection, now: Time, budget: u64) -> Result<u64> {
    let swept = meta::get(connection, meta::SWEPT)?;
    let mut select = connection.prepare_cached(
        "SELECT sid, last, live = 0 AND NOT kept AND ids_until <= ?3 FROM heads
         WHERE sid > ?1 ORDER BY sid LIMIT ?2",
    )?;
    let mut rows = select.query((signed(swept), signed(budget), moment(now)))?;
    let (mut next, mut floor, mut gone) = (0, 0, Vec::new());
    let mut seen = 0_u64;
    while let Some(row) = rows.next()? {
        seen = seen.saturating_add(1);
        next = unsigned(row, 0)?;
        if row.get(2)? {
            gone.push(row.get::<_, i64>(0)?);
            floor = unsigned(row, 1)?.max(floor);
        }
    }
    drop(rows);
    for &sid in &gone {
        ids::forget(connection, sid)?;
        connection
            .prepare_cached("DELETE FROM heads WHERE sid = ?1")?
            .execute([sid])?;
    }
    if !gone.is_empty() {
        meta::lift(connection, meta::SEQ_FLOOR, floor)?;
    }
    let next = if seen < budget { 0 } else { next };
    if next != swept {
        meta::set(connection, meta::SWEPT, next)?;
    }
    Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
}
