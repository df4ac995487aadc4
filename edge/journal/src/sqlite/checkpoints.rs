use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, Result};

use super::schema;
use super::writer::Shared;
use crate::Fault;

/// Copies the write-ahead log into the file, so that it can start again at its beginning.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// Pages in the log, as of the last commit.
    pages: Arc<AtomicI32>,
    /// From here on the copy waits for readers. Farther away after each vain wait: a backup may
    /// read for minutes.
    restart: i32,
}

impl Checkpoints {
    pub(super) fn of(connection: &mut Connection) -> Result<Self> {
        let pages = Arc::new(AtomicI32::new(0));
        let counter = Arc::clone(&pages);
        connection.wal_hook(Some(move |_: &mut Wal, pages| {
            counter.store(pages, Ordering::SeqCst);
            Ok(())
        }))?;
        let restart = RESTART_PAGES;
        Ok(Self { pages, restart })
    }

    /// Copies all of it and cuts it off. Only the time of the next start depends on that.
    pub(super) fn finish(connection: &Connection) {
        drop(connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::TRUNCATE));
    }

    /// Copies if the log is long. A full disk is no reason to stop: the log keeps everything.
    pub(super) fn run(&mut self, connection: &Connection, shared: &Shared) {
        let pages = self.pages.load(Ordering::SeqCst);
        if pages < CHECKPOINT_PAGES {
            self.restart = RESTART_PAGES;
            return;
        }
        let result = if pages < self.restart {
            connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE)
        } else {
            self.restart = pages.saturating_mul(2);
            restart(connection)
        };
        if let Err(error) = result {
            shared.fault(&error, Fault::Stopped);
        }
    }
}

fn restart(connection: &Connection) -> Result<(i32, i32)> {
    connection.busy_timeout(PATIENCE)?;
    let copied = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::RESTART);
    connection.busy_timeout(schema::PATIENCE)?;
    copied
}

/// Pages in the write-ahead log (4 KiB each) from which on they are copied into the file.
const CHECKPOINT_PAGES: i32 = 4_096;
/// From here on the copy waits for readers, so that the log can start again.
const RESTART_PAGES: i32 = 16_384;
/// How long it waits, while nobody can write.
const PATIENCE: Duration = Duration::from_millis(100);
