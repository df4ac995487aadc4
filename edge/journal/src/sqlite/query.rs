//! What readers ask. Each question is one short transaction: a page is of one instant.

use kernel::Time;
use rusqlite::{Connection, Result};

use super::fault::damaged;
use super::head::Head;
use super::number::{moment, signed, unsigned};
use crate::{Entry, Page, Seq, Subject};

/// See [`Store::read`](crate::Store::read).
pub(super) fn read(
    connection: &Connection,
    now: Time,
    subject: &Subject,
    after: Seq,
    limit: u32,
    max_bytes: u32,
) -> Result<Page> {
    let Some(head) = Head::find(connection, subject)? else {
        return Ok(Page::default());
    };
    let mut entries = Vec::new();
    let mut room = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let mut select = connection.prepare_cached(
        "SELECT seq, payload FROM entries
         WHERE sid = ?1 AND seq > ?2 AND (expires IS NULL OR expires > ?3)
         ORDER BY seq LIMIT ?4",
    )?;
    let mut rows = select.query((head.sid, signed(after), moment(now), limit))?;
    while let Some(row) = rows.next()? {
        let payload = row.get_ref(1)?.as_blob().map_err(|_| damaged(1))?;
        if !entries.is_empty() && payload.len() > room {
            break;
        }
        room = room.saturating_sub(payload.len());
        entries.push(Entry {
            seq: unsigned(row, 0)?,
            payload: payload.to_vec().into(),
        });
    }
    Ok(Page {
        entries,
        last: head.last,
        live: head.live(connection, now)?,
    })
}

/// See [`Store::subjects`](crate::Store::subjects).
pub(super) fn subjects(
    connection: &Connection,
    now: Time,
    kind: u8,
    after: Option<&Subject>,
    limit: u32,
) -> Result<Vec<Subject>> {
    let mut select = connection.prepare_cached(
        "SELECT subject FROM heads WHERE subject > ?1 AND live > 0
           AND (soonest IS NULL OR soonest > ?2 OR EXISTS (
             SELECT 1 FROM entries
             WHERE entries.sid = heads.sid AND (expires IS NULL OR expires > ?2)))
         ORDER BY subject",
    )?;
    let rows = select.query((start(kind, after), moment(now)))?;
    list(rows, kind, limit)
}

/// See [`Store::cells`](crate::Store::cells).
pub(super) fn cells(
    connection: &Connection,
    now: Time,
    kind: u8,
    after: Option<&Subject>,
    limit: u32,
) -> Result<Vec<Subject>> {
    let mut select = connection.prepare_cached(
        "SELECT key FROM cells WHERE key > ?1 AND (expires IS NULL OR expires > ?2) ORDER BY key",
    )?;
    let rows = select.query((start(kind, after), moment(now)))?;
    list(rows, kind, limit)
}

/// What every name of `kind` behind `after` is greater than. The empty name is less than all; the
/// name of a kind alone is found by starting behind all names of the kind before.
fn start(kind: u8, after: Option<&Subject>) -> Vec<u8> {
    let kinds = match kind.checked_sub(1) {
        None => Vec::new(),
        Some(before) => {
            let mut last = vec![u8::MAX; Subject::MAX_LEN];
            if let Some(first) = last.first_mut() {
                *first = before;
            }
            last
        }
    };
    after.map_or_else(
        || kinds.clone(),
        |after| kinds.clone().max(after.as_bytes().to_vec()),
    )
}

fn list(mut rows: rusqlite::Rows<'_>, kind: u8, limit: u32) -> Result<Vec<Subject>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut names = Vec::new();
    while names.len() < limit
        && let Some(row) = rows.next()?
    {
        let bytes = row.get_ref(0)?.as_blob().map_err(|_| damaged(0))?;
        let name = Subject::new(bytes).map_err(|_| damaged(0))?;
        if name.kind() != kind {
            break;
        }
        names.push(name);
    }
    Ok(names)
}
