//! The tables, and what a connection is told before it does anything.
//!
//! Entries lie in the order of their arrival, whatever their log, so that a commit of many logs
//! writes few pages; a narrow index finds them by log. `live` and `soonest` save counting: `live`
//! counts rows, expired ones included; no row of the log expires before `soonest`. Of the two tables of
//! ids the older one is emptied as a whole once all of it is over.

use std::path::Path;
use std::time::Duration;

use kernel::Time;
use rusqlite::config::DbConfig;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, OpenFlags, Result};

use super::meta;

/// `PRAGMA application_id`: "ENTJ".
pub(super) const APPLICATION: i64 = 0x454e_544a;
/// `PRAGMA user_version`: the schema below.
pub(super) const VERSION: i64 = 1;

/// How long to wait for another process that looks into the file.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
CREATE TABLE heads (
    sid INTEGER PRIMARY KEY,
    subject BLOB NOT NULL UNIQUE,
    last INTEGER NOT NULL,
    live INTEGER NOT NULL,
    soonest INTEGER,
    ids_until INTEGER NOT NULL,
    kept INTEGER NOT NULL
) STRICT;
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    sid INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    expires INTEGER,
    payload BLOB NOT NULL
) STRICT;
CREATE INDEX entries_by_log ON entries (sid, seq, expires);
CREATE INDEX entries_by_expiry ON entries (expires) WHERE expires IS NOT NULL;
CREATE TABLE ids_0 (
    sid INTEGER NOT NULL,
    role INTEGER NOT NULL,
    id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    until INTEGER NOT NULL,
    payload BLOB,
    PRIMARY KEY (sid, role, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE ids_1 (
    sid INTEGER NOT NULL,
    role INTEGER NOT NULL,
    id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    until INTEGER NOT NULL,
    payload BLOB,
    PRIMARY KEY (sid, role, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE cells (
    key BLOB NOT NULL PRIMARY KEY,
    rev INTEGER NOT NULL,
    expires INTEGER,
    value BLOB NOT NULL
) STRICT;
CREATE INDEX cells_by_expiry ON cells (expires) WHERE expires IS NOT NULL;
CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES
    ('seq_floor', 0), ('rev_floor', 0), ('young', 0), ('turned', 0), ('window', 0), ('swept', 0);
";

/// What a connection is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Writer,
    Reader,
}

/// What stands in the file, before it is trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// Nothing at all.
    Empty,
    /// A journal of this version.
    Journal(i64),
    /// Something else.
    Foreign,
}

/// Opens the file for `role`; a writer makes it if need be. Nothing in it is looked at.
pub(super) fn connect(path: &Path, role: Role) -> Result<Connection> {
    let access = match role {
        Role::Writer => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Role::Reader => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(PATIENCE)?;
    let cache_kib = match role {
        Role::Writer => -32_768,
        Role::Reader => -8_192,
    };
    // After a failed write, closing must not copy what may not be there.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "cache_size", cache_kib)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Whose file it is.
pub(super) fn found(connection: &Connection) -> Result<Found> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version, tables) {
        (0, 0, 0) => Found::Empty,
        (APPLICATION, version, _) => Found::Journal(version),
        _ => Found::Foreign,
    })
}

/// Makes the tables, in one transaction, and has them in the file itself: a log that is lost later
/// must not leave what looks like a new store. Numbers of entries start at the time.
pub(super) fn create(connection: &mut Connection, now: Time) -> Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    meta::lift(&transaction, meta::SEQ_FLOOR, now.as_ms())?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::TRUNCATE)?;
    Ok(())
}

/// Makes every commit durable before it returns, and leaves checkpoints to the writer.
pub(super) fn make_durable(connection: &Connection) -> Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)
}
