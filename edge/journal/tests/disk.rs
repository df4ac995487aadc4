//! The store as files: who may open them, what happens to odd ones, backup and restore.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Waker};

use journal::{
    Append, BackupError, Limits, OpenError, Sqlite, Store, Subject, SystemClock, backup, restore,
};

/// A directory of its own for each test, removed at its end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("disk-{}-{name}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn open(path: &Path) -> Result<Sqlite, OpenError> {
    Sqlite::open(path, Limits::default(), Arc::new(SystemClock))
}

fn mailbox() -> Subject {
    Subject::new(b"mailbox").unwrap()
}

async fn put(store: &Sqlite, payload: &'static str) -> u64 {
    let append = Append::new(mailbox(), payload);
    store.append(append).await.unwrap().seq()
}

async fn payloads(store: &Sqlite) -> Vec<String> {
    let page = store.read(&mailbox(), 0, 99, 99).await.unwrap();
    let text = |payload: &[u8]| String::from_utf8(payload.to_vec()).unwrap();
    page.entries
        .iter()
        .map(|entry| text(&entry.payload))
        .collect()
}

#[tokio::test]
async fn a_second_handle_is_told_who_has_the_first() {
    let place = Place::new("lock");
    let directory = place.join("store");
    let store = open(&directory).unwrap();
    let Err(OpenError::InUse { process, .. }) = open(&directory) else {
        panic!("opened twice")
    };
    assert_eq!(process, Some(std::process::id()));
    let text = open(&directory).unwrap_err().to_string();
    assert!(text.contains("is in use by another process"), "{text}");
    drop(store);
    assert!(open(&directory).is_ok());
}

#[cfg(unix)]
#[tokio::test]
async fn lets_nobody_else_in() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("mode");
    let directory = place.join("a/b/store");
    drop(open(&directory).unwrap());
    let mode = fs::metadata(&directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    for mode in [0o750, 0o701, 0o755] {
        fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
        let refused = open(&directory).unwrap_err();
        assert!(matches!(refused, OpenError::Mode { mode: found, .. } if found == mode));
    }
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(open(&directory).is_ok());
}

#[tokio::test]
async fn tells_a_later_schema_from_a_foreign_file_and_from_garbage() {
    let place = Place::new("odd");
    let change = |name: &str, sql: &str| {
        let directory = place.join(name);
        drop(open(&directory).unwrap());
        let file = directory.join("journal.sqlite3");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        open(&directory).unwrap_err()
    };
    let later = change("later", "PRAGMA user_version = 2");
    assert!(matches!(
        later,
        OpenError::Newer {
            found: 2,
            known: 1,
            ..
        }
    ));
    let foreign = change("foreign", "PRAGMA application_id = 7");
    assert!(matches!(foreign, OpenError::Foreign { .. }));

    let directory = place.join("garbage");
    drop(open(&directory).unwrap());
    fs::write(directory.join("journal.sqlite3"), [7; 9_000]).unwrap();
    let garbage = open(&directory).unwrap_err();
    assert!(matches!(garbage, OpenError::Damaged { .. }), "{garbage:?}");
}

#[tokio::test]
async fn what_was_asked_is_done_when_the_store_is_dropped_and_survives() {
    let place = Place::new("drop");
    let store = open(&place.join("store")).unwrap();
    let mut asked: Vec<_> = (0..50)
        .map(|_| store.append(Append::new(mailbox(), "x")))
        .collect();
    let mut context = Context::from_waker(Waker::noop());
    for answer in &mut asked {
        assert!(answer.as_mut().poll(&mut context).is_pending());
    }
    drop(asked);
    drop(store);
    let store = open(&place.join("store")).unwrap();
    assert_eq!(payloads(&store).await.len(), 50);
}

#[tokio::test]
async fn changes_that_wait_together_share_a_commit() {
    let place = Place::new("group");
    let store = open(&place.join("store")).unwrap();
    let file = place.join("store/journal.sqlite3");
    let before = store.stats();
    // Someone else writes meanwhile, so that all of them wait.
    let other = rusqlite::Connection::open(file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut asked: Vec<_> = (0..100)
        .map(|_| store.append(Append::new(mailbox(), "x")))
        .collect();
    let mut context = Context::from_waker(Waker::noop());
    for answer in &mut asked {
        assert!(answer.as_mut().poll(&mut context).is_pending());
    }
    other.execute_batch("ROLLBACK").unwrap();
    for answer in asked {
        answer.await.unwrap();
    }
    let after = store.stats();
    assert_eq!(after.changes - before.changes, 100);
    // Those that came before it began to wait, and the others.
    assert!(after.commits - before.commits <= 2, "{after:?}");
}

#[tokio::test]
async fn a_backup_of_a_store_in_use_is_its_state_at_one_instant() {
    let place = Place::new("backup");
    let store = Arc::new(open(&place.join("store")).unwrap());
    // Two logs, written one after the other: no copy may have more of the second.
    let (a, b) = (Subject::new(b"a").unwrap(), Subject::new(b"b").unwrap());
    let writer = {
        let (store, a, b) = (Arc::clone(&store), a.clone(), b.clone());
        tokio::spawn(async move {
            loop {
                for log in [&a, &b] {
                    store.append(Append::new(log.clone(), "x")).await.unwrap();
                }
            }
        })
    };
    for round in 0..4 {
        let file = place.join(&format!("{round}.backup"));
        let from = place.join("store");
        let to = file.clone();
        tokio::task::spawn_blocking(move || backup(&from, &to))
            .await
            .unwrap()
            .unwrap();
        let directory = place.join(&format!("restored-{round}"));
        restore(&file, &directory).unwrap();
        let restored = open(&directory).unwrap();
        let a = restored.read(&a, 0, u32::MAX, u32::MAX).await.unwrap();
        let b = restored.read(&b, 0, u32::MAX, u32::MAX).await.unwrap();
        assert!(a.live == b.live || a.live == b.live + 1);
        assert_eq!(a.entries.len(), usize::try_from(a.live).unwrap());
    }
    writer.abort();
}

#[tokio::test]
async fn numbers_given_out_after_the_backup_are_not_given_out_again() {
    let place = Place::new("restore");
    let store = open(&place.join("store")).unwrap();
    put(&store, "kept").await;
    let cell = Subject::new(b"cell").unwrap();
    let mut rev = store
        .cell_set(&cell, 0, Some("kept".into()), None)
        .await
        .unwrap();
    backup(&place.join("store"), &place.join("file")).unwrap();
    let mut seen = 0;
    for _ in 0..9 {
        seen = put(&store, "lost").await;
        rev = store
            .cell_set(&cell, rev, Some("lost".into()), None)
            .await
            .unwrap();
    }
    drop(store);
    restore(&place.join("file"), &place.join("new")).unwrap();
    let store = open(&place.join("new")).unwrap();
    assert_eq!(payloads(&store).await, ["kept"]);
    assert!(put(&store, "next").await > seen);
    assert!(store.cell_get(&cell).await.unwrap().unwrap().rev > rev);
    assert!(store.cell_set(&cell, rev, None, None).await.is_err());
}

#[tokio::test]
async fn leaves_files_alone_that_have_the_name_of_an_unfinished_copy() {
    let place = Place::new("unfinished");
    let directory = place.join("store");
    let store = open(&directory).unwrap();
    put(&store, "kept").await;
    let others = ["file.unfinished", "file.unfinished-1-journal"];
    for other in others {
        fs::write(place.join(other), "somebody's").unwrap();
    }
    backup(&directory, &place.join("file")).unwrap();
    for other in others {
        assert_eq!(fs::read(place.join(other)).unwrap(), b"somebody's");
    }
    let left = fs::read_dir(place.join("")).unwrap().count();
    assert_eq!(left, 4, "the store, the copy, and the two");
    restore(&place.join("file"), &place.join("new")).unwrap();
    assert_eq!(payloads(&open(&place.join("new")).unwrap()).await, ["kept"]);
}

#[tokio::test]
async fn writes_over_nothing_and_refuses_what_is_no_backup() {
    let place = Place::new("refuse");
    let directory = place.join("store");
    let store = open(&directory).unwrap();
    put(&store, "x").await;
    let file = place.join("file");
    backup(&directory, &file).unwrap();
    let again = backup(&directory, &file).unwrap_err();
    assert!(matches!(again, BackupError::Exists { .. }));
    let running = restore(&file, &directory).unwrap_err();
    assert!(matches!(
        running,
        BackupError::Open(OpenError::InUse { .. })
    ));
    drop(store);
    let stopped = restore(&file, &directory).unwrap_err();
    assert!(matches!(stopped, BackupError::Exists { .. }));
    // What a killed process left beside the file that was moved away.
    let left = place.join("left");
    drop(open(&left).unwrap());
    fs::remove_file(left.join("journal.sqlite3")).unwrap();
    fs::write(left.join("journal.sqlite3-wal"), "changes").unwrap();
    let left = restore(&file, &left).unwrap_err();
    assert!(matches!(left, BackupError::Exists { path } if path.ends_with("journal.sqlite3-wal")));
    assert!(backup(&place.join("nowhere"), &place.join("other")).is_err());

    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(7);
    fs::write(place.join("torn"), &bytes).unwrap();
    fs::write(place.join("garbage"), [7; 9_000]).unwrap();
    fs::write(place.join("empty"), []).unwrap();
    for name in ["torn", "garbage", "empty", "missing"] {
        let target = place.join(&format!("from-{name}"));
        assert!(restore(&place.join(name), &target).is_err(), "{name}");
        assert!(!target.join("journal.sqlite3").exists(), "{name}");
        let empty = open(&target).unwrap();
        assert!(payloads(&empty).await.is_empty());
    }
    // The control: the sound one is taken.
    restore(&file, &place.join("sound")).unwrap();
    assert_eq!(payloads(&open(&place.join("sound")).unwrap()).await, ["x"]);
}
