//! What readers ask. Each question is one short transaction: a page is of one instant.

use kernel::Time;
use rusqlite::{Connection, Result, Rows};

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
        "SELECT subject FROM heads WHERE subject > ?1 AND subject < ?2 AND live > 0
           AND (soonest IS NULL OR soonest > ?3 OR EXISTS (
             SELECT 1 FROM entries
             WHERE entries.sid = heads.sid AND (expires IS NULL OR expires > ?3)))
         ORDER BY subject LIMIT ?4",
    )?;
    let (start, end) = (start(kind, after), end(kind));
    list(select.query((start, end, moment(now), limit))?)
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
        "SELECT key FROM cells
         WHERE key > ?1 AND key < ?2 AND (expires IS NULL OR expires > ?3)
         ORDER BY key LIMIT ?4",
    )?;
    let (start, end) = (start(kind, after), end(kind));
    list(select.query((start, end, moment(now), limit))?)
}

/// What every name of `kind` behind `after` is greater than: `after`, or the last name of the
/// kind before.
fn start(kind: u8, after: Option<&Subject>) -> Vec<u8> {
    let before = kind.checked_sub(1).map(last).unwrap_or_default();
    let after = after.map_or(&[][..], Subject::as_bytes);
    before.max(after.to_vec())
}

/// What every name of `kind` is less than.
fn end(kind: u8) -> Vec<u8> {
    let mut end = last(kind);
    end.push(0);
    end
}

/// The last name of a kind.
fn last(kind: u8) -> Vec<u8> {
    let rest = std::iter::repeat_n(u8::MAX, Subject::MAX_LEN.saturating_sub(1));
    std::iter::once(kind).chain(rest).collect()
}

fn list(mut rows: Rows<'_>) -> Result<Vec<Subject>> {
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(0)?.as_blob().map_err(|_| damaged(0))?;
        names.push(Subject::new(bytes).map_err(|_| damaged(0))?);
    }
    Ok(names)
}
