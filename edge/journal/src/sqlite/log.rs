//! The changes of a log, inside the writer's transaction.

use kernel::Time;
use rusqlite::{Connection, OptionalExtension as _, Result};

use super::head::Head;
use super::ids;
use super::meta;
use super::number::{moment, signed, unsigned};
use crate::{Append, AppendError, Appended, Entry, Id, Limits, Seq, Subject};

/// See [`Store::append`](crate::Store::append); the size is checked before.
pub(super) fn append(
    connection: &Connection,
    now: Time,
    limits: &Limits,
    append: &Append,
) -> Result<Result<Appended, AppendError>> {
    let found = Head::find(connection, &append.subject)?;
    if let (Some(head), Some(id)) = (&found, append.dedupe)
        && let Some((seq, _)) = ids::find(connection, head.sid, ids::Role::Dedupe, &id, now)?
    {
        return Ok(Ok(Appended::Duplicate(seq)));
    }
    let last = found.as_ref().map_or(0, |head| head.last);
    if append.expect_last.is_some_and(|expected| expected != last) {
        return Ok(Err(AppendError::Conflict { last }));
    }
    if let Some(max) = append.max_live {
        let live = found
            .as_ref()
            .map_or(Ok(0), |head| head.live(connection, now))?;
        if live >= max {
            return Ok(Err(AppendError::Full { live }));
        }
    }
    let (mut head, floor) = match found {
        Some(head) => (head, 0),
        None => {
            let head = Head::create(connection, &append.subject)?;
            (head, meta::get(connection, meta::SEQ_FLOOR)?)
        }
    };
    head.last = head.last.max(floor).saturating_add(1);
    head.kept |= append.expect_last.is_some();
    head.rows = head.rows.saturating_add(1);
    let expires = append.ttl.map(|ttl| moment(now.after(ttl)));
    head.soonest = [head.soonest, expires].into_iter().flatten().min();
    connection
        .prepare_cached("INSERT INTO entries (sid, seq, expires, payload) VALUES (?1, ?2, ?3, ?4)")?
        .execute((head.sid, signed(head.last), expires, &append.payload[..]))?;
    if let Some(id) = append.dedupe {
        let until = now.after(limits.window);
        head.ids_until = head.ids_until.max(moment(until));
        ids::insert(
            connection,
            head.sid,
            ids::Role::Dedupe,
            &id,
            head.last,
            until,
            None,
        )?;
    }
    head.save(connection)?;
    Ok(Ok(Appended::New(head.last)))
}

/// See [`Store::take`](crate::Store::take).
pub(super) fn take(
    connection: &Connection,
    now: Time,
    limits: &Limits,
    subject: &Subject,
    claim: &Id,
) -> Result<Option<Entry>> {
    let Some(mut head) = Head::find(connection, subject)? else {
        return Ok(None);
    };
    if let Some((seq, payload)) = ids::find(connection, head.sid, ids::Role::Claim, claim, now)? {
        let payload = payload.into();
        return Ok(Some(Entry { seq, payload }));
    }
    let mut oldest = connection.prepare_cached(
        "SELECT id, seq, payload FROM entries
         WHERE sid = ?1 AND (expires IS NULL OR expires > ?2) ORDER BY seq LIMIT 1",
    )?;
    let oldest = oldest.query_row((head.sid, moment(now)), |row| {
        let row: (i64, u64, Vec<u8>) = (row.get(0)?, unsigned(row, 1)?, row.get(2)?);
        Ok(row)
    });
    let Some((id, seq, payload)) = oldest.optional()? else {
        return Ok(None);
    };
    delete(connection, id)?;
    let until = now.after(limits.window);
    let role = ids::Role::Claim;
    ids::insert(
        connection,
        head.sid,
        role,
        claim,
        seq,
        until,
        Some(&payload),
    )?;
    head.rows = head.rows.saturating_sub(1);
    head.ids_until = head.ids_until.max(moment(until));
    head.save(connection)?;
    let payload = payload.into();
    Ok(Some(Entry { seq, payload }))
}

/// See [`Store::remove`](crate::Store::remove).
pub(super) fn remove(
    connection: &Connection,
    now: Time,
    subject: &Subject,
    seq: Seq,
) -> Result<bool> {
    let Some(mut head) = Head::find(connection, subject)? else {
        return Ok(false);
    };
    let mut find =
        connection.prepare_cached("SELECT id, expires FROM entries WHERE sid = ?1 AND seq = ?2")?;
    let row = find.query_row((head.sid, signed(seq)), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
    });
    let Some((id, expires)) = row.optional()? else {
        return Ok(false);
    };
    delete(connection, id)?;
    head.rows = head.rows.saturating_sub(1);
    head.save(connection)?;
    Ok(expires.is_none_or(|expires| expires > moment(now)))
}

/// See [`Store::remove_through`](crate::Store::remove_through).
pub(super) fn remove_through(
    connection: &Connection,
    now: Time,
    subject: &Subject,
    seq: Seq,
) -> Result<u64> {
    let Some(mut head) = Head::find(connection, subject)? else {
        return Ok(0);
    };
    let mut count = connection.prepare_cached(
        "SELECT count(*) FILTER (WHERE expires IS NULL OR expires > ?3) FROM entries
         WHERE sid = ?1 AND seq <= ?2",
    )?;
    let through = signed(seq);
    let live = count.query_row((head.sid, through, moment(now)), |row| unsigned(row, 0))?;
    let removed = connection
        .prepare_cached("DELETE FROM entries WHERE sid = ?1 AND seq <= ?2")?
        .execute((head.sid, through))?;
    if removed > 0 {
        let removed = u64::try_from(removed).unwrap_or(u64::MAX);
        head.rows = head.rows.saturating_sub(removed);
        head.save(connection)?;
    }
    Ok(live)
}

fn delete(connection: &Connection, id: i64) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM entries WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}
