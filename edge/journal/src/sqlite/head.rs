use kernel::Time;
use rusqlite::{Connection, OptionalExtension as _, Result};

use super::number::{moment, signed, unsigned};
use crate::{Seq, Subject};

/// The counters of one log.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The log's number in this file.
    pub(super) sid: i64,
    pub(super) last: Seq,
    /// Rows, expired ones included.
    pub(super) rows: u64,
    /// No row expires before.
    pub(super) soonest: Option<i64>,
    /// All its ids are over by then.
    pub(super) ids_until: i64,
    /// Someone relies on `last`.
    pub(super) kept: bool,
}

impl Head {
    pub(super) fn find(connection: &Connection, subject: &Subject) -> Result<Option<Self>> {
        let mut find = connection.prepare_cached(
            "SELECT sid, last, live, soonest, ids_until, kept FROM heads WHERE subject = ?1",
        )?;
        find.query_row([subject.as_bytes()], |row| {
            Ok(Self {
                sid: row.get(0)?,
                last: unsigned(row, 1)?,
                rows: unsigned(row, 2)?,
                soonest: row.get(3)?,
                ids_until: row.get(4)?,
                kept: row.get(5)?,
            })
        })
        .optional()
    }

    /// A log that has nothing yet; its row is made at once.
    pub(super) fn create(connection: &Connection, subject: &Subject) -> Result<Self> {
        connection
            .prepare_cached(
                "INSERT INTO heads (subject, last, live, soonest, ids_until, kept)
                 VALUES (?1, 0, 0, NULL, 0, FALSE)",
            )?
            .execute([subject.as_bytes()])?;
        Ok(Self {
            sid: connection.last_insert_rowid(),
            last: 0,
            rows: 0,
            soonest: None,
            ids_until: 0,
            kept: false,
        })
    }

    pub(super) fn save(&self, connection: &Connection) -> Result<()> {
        let mut save = connection.prepare_cached(
            "UPDATE heads SET last = ?2, live = ?3, soonest = ?4, ids_until = ?5, kept = ?6
             WHERE sid = ?1",
        )?;
        save.execute((
            self.sid,
            signed(self.last),
            signed(self.rows),
            self.soonest,
            self.ids_until,
            self.kept,
        ))?;
        Ok(())
    }

    /// How many entries are live; counts them only when some may have expired.
    pub(super) fn live(&self, connection: &Connection, now: Time) -> Result<u32> {
        let mut live = self.rows;
        if self.soonest.is_some_and(|soonest| soonest <= moment(now)) {
            let mut count = connection.prepare_cached(
                "SELECT count(*) FROM entries WHERE sid = ?1 AND (expires IS NULL OR expires > ?2)",
            )?;
            live = count.query_row((self.sid, moment(now)), |row| unsigned(row, 0))?;
        }
        Ok(u32::try_from(live).unwrap_or(u32::MAX))
    }

    /// Removes this log's expired rows, and looks up the next one to expire. Not saved.
    pub(super) fn purge(&mut self, connection: &Connection, now: Time) -> Result<u64> {
        let purged = connection
            .prepare_cached("DELETE FROM entries WHERE sid = ?1 AND expires <= ?2")?
            .execute((self.sid, moment(now)))?;
        self.soonest = connection
            .prepare_cached("SELECT min(expires) FROM entries WHERE sid = ?1")?
            .query_row([self.sid], |row| row.get(0))?;
        let purged = u64::try_from(purged).unwrap_or(u64::MAX);
        self.rows = self.rows.saturating_sub(purged);
        Ok(purged)
    }
}
