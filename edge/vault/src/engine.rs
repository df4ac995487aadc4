use std::path::{Path, PathBuf};

use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Row as SqlRow, Transaction, TransactionBehavior,
    config::DbConfig, params,
};

use crate::{
    dir,
    error::{Part, StoreError},
    record::{NAME_LEN, PREFIX_LEN, Row, RowName, SEAL_LEN},
};

use file::{APPLICATION, FORMAT, check_start, fault};

mod file;

/// The SQLite database, which sees only sealed bytes.
///
/// # Spec
///
/// `spec/16-vault.md` 4.
#[derive(Debug)]
pub(crate) struct Engine {
    db: Connection,
    path: PathBuf,
}

/// A row of `name`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) name: RowName,
    pub(crate) seal: [u8; SEAL_LEN],
    at: i64,
}

impl Engine {
    /// Makes an empty database in a new file. What is written to it is not flushed: it is worth
    /// nothing before it was flushed as a whole and renamed.
    pub(crate) fn create(path: &Path) -> Result<Self, StoreError> {
        let file = dir::private().create_new(true).open(path);
        drop(file.map_err(|error| StoreError::io("create", path, &error))?);
        let engine = Self::connect(path, "OFF")?;
        let set_up = || {
            engine.db.pragma_update(None, "journal_mode", "WAL")?;
            engine
                .db
                .pragma_update(None, "application_id", APPLICATION)?;
            engine.db.pragma_update(None, "user_version", FORMAT)?;
            engine.db.execute_batch(SCHEMA)
        };
        set_up().map_err(|error| fault("create", path, &error))?;
        engine.close_normally(true)?;
        Ok(engine)
    }

    /// Opens a database, and writes nothing until [`close_normally`](Self::close_normally) allows it.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        check_start(path)?;
        let engine = Self::connect(path, "FULL")?;
        // The first read takes SQLite's lock and reads the log.
        let format = engine
            .db
            .pragma_query_value(None, "user_version", |row| row.get(0));
        match format {
            Ok(FORMAT) => Ok(engine),
            Ok(_) => Err(StoreError::Damaged(Part::Database)),
            Err(error) => Err(engine.fault("read", &error)),
        }
    }

    /// The format of the database at `path`, from its first bytes: no lock, nothing written.
    pub(crate) fn format(path: &Path) -> Result<u32, StoreError> {
        check_start(path).map(|()| FORMAT)
    }

    fn connect(path: &Path, synchronous: &str) -> Result<Self, StoreError> {
        let connect = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = Connection::open_with_flags(path, flags)?;
            for (config, on) in [
                (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
                (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
                (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
                (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
                (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
            ] {
                db.set_db_config(config, on)?;
            }
            // Exclusive before the first read: then the log's index is in memory, not in a file.
            for (name, value) in [
                ("locking_mode", "EXCLUSIVE"),
                ("synchronous", synchronous),
                ("fullfsync", "ON"),
                ("checkpoint_fullfsync", "ON"),
                ("secure_delete", "ON"),
                ("cell_size_check", "ON"),
                ("temp_store", "MEMORY"),
                ("mmap_size", "0"),
            ] {
                db.pragma_update_and_check(None, name, value, |_| Ok(()))
                    .or_else(no_answer)?;
            }
            Ok(db)
        };
        let (db, path) = (
            connect().map_err(|error| fault("open", path, &error))?,
            path.into(),
        );
        Ok(Self { db, path })
    }

    /// Whether closing may move the log into the database: not before all was verified, and not
    /// after a failed write.
    pub(crate) fn close_normally(&self, yes: bool) -> Result<(), StoreError> {
        let config = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        let set = self.db.set_db_config(config, !yes);
        set.map(drop)
            .map_err(|error| self.fault("configure", &error))
    }

    /// Header and head.
    pub(crate) fn vault(&self) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        let query = "SELECT header, head FROM vault WHERE id = 1";
        let row = self
            .db
            .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)));
        row.map_err(|error| self.fault("read", &error))
    }

    /// Calls `each` with all rows of `name`, in their order, or those of one kind.
    pub(crate) fn list<E: From<StoreError>>(
        &self,
        prefix: Option<[u8; PREFIX_LEN]>,
        mut each: impl FnMut(Listed) -> Result<(), E>,
    ) -> Result<(), E> {
        let (low, high) = bounds(prefix);
        let fault = |error: &rusqlite::Error| E::from(self.fault("read", error));
        let query = "SELECT name, seal, at FROM name WHERE name BETWEEN ?1 AND ?2 ORDER BY name";
        let mut statement = self
            .db
            .prepare_cached(query)
            .map_err(|error| fault(&error))?;
        let mut rows = statement
            .query([low, high])
            .map_err(|error| fault(&error))?;
        while let Some(row) = rows.next().map_err(|error| fault(&error))? {
            each(listed(row).map_err(|error| fault(&error))?)?;
        }
        Ok(())
    }

    pub(crate) fn find(&self, name: &RowName) -> Result<Option<Listed>, StoreError> {
        find(&self.db, name).map_err(|error| self.fault("read", &error))
    }

    /// The whole row behind `listed`. A body that is not there is damage.
    pub(crate) fn row(&self, listed: &Listed) -> Result<Row, StoreError> {
        body(&self.db, listed).map_err(|error| self.fault("read", &error))
    }

    /// What SQLite itself can find wrong with the file.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let query = "PRAGMA integrity_check(1)";
        let answer = self.db.query_row(query, [], |row| row.get::<_, String>(0));
        match answer {
            Ok(text) if text == "ok" => Ok(()),
            Ok(_) => Err(StoreError::Damaged(Part::Database)),
            Err(error) => Err(self.fault("read", &error)),
        }
    }

    /// Moves the log into the database and empties it, so that nothing replaced stays in it.
    pub(crate) fn empty_log(&self) -> Result<(), StoreError> {
        let query = "PRAGMA wal_checkpoint(TRUNCATE)";
        let done = self.db.query_row(query, [], |_| Ok(()));
        done.map_err(|error| self.fault("write", &error))
    }

    pub(crate) fn begin(&mut self) -> Result<Tx<'_>, StoreError> {
        let path = &self.path;
        let begun = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate);
        let tx = begun.map_err(|error| fault("write", path, &error))?;
        Ok(Tx { tx, path })
    }

    /// Closes the file.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        let closed = self.db.close();
        closed.map_err(|(_, error)| fault("close", &self.path, &error))
    }

    fn fault(&self, act: &'static str, error: &rusqlite::Error) -> StoreError {
        fault(act, &self.path, error)
    }
}

/// Changes that happen together; dropped before [`commit`](Self::commit), none happens.
#[derive(Debug)]
pub(crate) struct Tx<'a> {
    tx: Transaction<'a>,
    path: &'a Path,
}

impl Tx<'_> {
    pub(crate) fn find(&self, name: &RowName) -> Result<Option<Listed>, StoreError> {
        find(&self.tx, name).map_err(|error| self.fault(&error))
    }

    pub(crate) fn row(&self, listed: &Listed) -> Result<Row, StoreError> {
        body(&self.tx, listed).map_err(|error| self.fault(&error))
    }

    pub(crate) fn insert(&self, row: &Row) -> Result<(), StoreError> {
        let insert = || {
            let sql = "INSERT INTO body (body) VALUES (?1)";
            self.tx.prepare_cached(sql)?.execute([&row.body])?;
            let at = self.tx.last_insert_rowid();
            let sql = "INSERT INTO name (name, seal, at) VALUES (?1, ?2, ?3)";
            self.tx
                .prepare_cached(sql)?
                .execute(params![row.name, row.seal, at])
        };
        self.one(insert())
    }

    pub(crate) fn replace(&self, old: &Listed, row: &Row) -> Result<(), StoreError> {
        let sql = "UPDATE body SET body = ?2 WHERE at = ?1";
        let update = || {
            self.tx
                .prepare_cached(sql)?
                .execute(params![old.at, row.body])
        };
        self.one(update())?;
        let sql = "UPDATE name SET seal = ?2 WHERE name = ?1";
        let update = || {
            self.tx
                .prepare_cached(sql)?
                .execute(params![row.name, row.seal])
        };
        self.one(update())
    }

    pub(crate) fn remove(&self, old: &Listed) -> Result<(), StoreError> {
        let sql = "DELETE FROM body WHERE at = ?1";
        let delete = || self.tx.prepare_cached(sql)?.execute([old.at]);
        self.one(delete())?;
        let sql = "DELETE FROM name WHERE name = ?1";
        let delete = || self.tx.prepare_cached(sql)?.execute([old.name]);
        self.one(delete())
    }

    pub(crate) fn set_vault(&self, header: Option<&[u8]>, head: &[u8]) -> Result<(), StoreError> {
        let set = || match header {
            None => {
                let sql = "UPDATE vault SET head = ?1 WHERE id = 1";
                self.tx.prepare_cached(sql)?.execute([head])
            }
            Some(header) => {
                let sql = "INSERT OR REPLACE INTO vault (id, header, head) VALUES (1, ?1, ?2)";
                self.tx.prepare_cached(sql)?.execute([header, head])
            }
        };
        self.one(set())
    }

    pub(crate) fn commit(self) -> Result<(), StoreError> {
        let path = self.path;
        self.tx
            .commit()
            .map_err(|error| fault("write", path, &error))
    }

    fn one(&self, changed: rusqlite::Result<usize>) -> Result<(), StoreError> {
        match changed {
            Ok(1) => Ok(()),
            Ok(_) => Err(StoreError::Damaged(Part::Database)),
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn fault(&self, error: &rusqlite::Error) -> StoreError {
        fault("write", self.path, error)
    }
}

fn find(db: &Connection, name: &RowName) -> rusqlite::Result<Option<Listed>> {
    let query = "SELECT name, seal, at FROM name WHERE name = ?1";
    db.prepare_cached(query)?
        .query_row([name], listed)
        .optional()
}

fn body(db: &Connection, listed: &Listed) -> rusqlite::Result<Row> {
    let mut statement = db.prepare_cached("SELECT body FROM body WHERE at = ?1")?;
    let body = statement.query_row([listed.at], |row| row.get(0))?;
    let (name, seal) = (listed.name, listed.seal);
    Ok(Row { name, seal, body })
}

fn listed(row: &SqlRow<'_>) -> rusqlite::Result<Listed> {
    Ok(Listed {
        name: row.get(0)?,
        seal: row.get(1)?,
        at: row.get(2)?,
    })
}

fn bounds(prefix: Option<[u8; PREFIX_LEN]>) -> ([u8; NAME_LEN], [u8; NAME_LEN]) {
    let (mut low, mut high) = ([0; NAME_LEN], [u8::MAX; NAME_LEN]);
    for ((low, high), byte) in low.iter_mut().zip(&mut high).zip(prefix.iter().flatten()) {
        (*low, *high) = (*byte, *byte);
    }
    (low, high)
}

/// Some pragmas answer with the new value, some with nothing.
fn no_answer(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        error => Err(error),
    }
}

const SCHEMA: &str = "
CREATE TABLE vault (id INTEGER PRIMARY KEY CHECK (id = 1), header BLOB NOT NULL, head BLOB NOT NULL) STRICT;
CREATE TABLE name (name BLOB PRIMARY KEY, seal BLOB NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE body (at INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
";
