//! Every byte of every file, flipped: an error that says so, or no effect; and nothing lost.

use std::{fs, path::Path};

use vault::{OpenError, Part, ReadError, StoreError, UnlockError, Vault};

use crate::tools::{NOTE, Profile, body, files, put};

/// What the store holds.
const BODIES: [(&str, usize); 6] = [
    ("a", 0),
    ("b", 1),
    ("c", 100),
    ("d", 3_000),
    ("e", 9_000),
    ("f", 40),
];

/// Whether every record reads as it was written. `Err`: what says that it does not.
fn read_all(vault: &Vault) -> Result<(), ReadError> {
    let mut listed = vault.list(NOTE)?;
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(
        listed.len(),
        BODIES.len(),
        "a record is missing and nobody says so"
    );
    for (record, (name, length)) in listed.iter().zip(BODIES) {
        assert_eq!(record.name, name.as_bytes());
        assert_eq!(record.body[..], vec![0x5a; length][..]);
        assert_eq!(vault.get(NOTE, name.as_bytes())?.as_ref(), Some(record));
    }
    Ok(())
}

fn filled() -> Profile {
    let profile = Profile::new();
    let mut vault = profile.create();
    for (name, length) in BODIES {
        put(&mut vault, NOTE, name, &vec![0x5a; length]);
    }
    drop(vault);
    profile
}

/// Puts `files` in place of what is in `directory`.
fn put_back(directory: &Path, whole: &[(std::path::PathBuf, Vec<u8>)]) {
    for (path, _) in files(directory) {
        fs::remove_file(path).unwrap();
    }
    for (path, bytes) in whole {
        fs::write(path, bytes).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// Opens and reads a profile one of whose files is `damaged`; returns what was wrong.
fn trouble(profile: &Profile, path: &Path, damaged: &[u8]) -> Option<String> {
    fs::write(path, damaged).unwrap();
    // The lock file is written by whoever looks; an empty log is as good as none.
    let kept = || {
        let mut kept = files(&profile.path());
        kept.retain(|(path, bytes)| !path.ends_with("store.lock") && !bytes.is_empty());
        kept
    };
    let before = kept();
    match profile.open() {
        Err(error) => {
            let told = matches!(
                error,
                OpenError::Store(StoreError::Damaged(_) | StoreError::Newer { .. })
                    | OpenError::Unlock(UnlockError::WrongKey)
            );
            assert!(told, "{error}");
            assert!(kept() == before, "it was written to");
            Some(error.to_string())
        }
        Ok(vault) => match read_all(&vault) {
            Err(ReadError::Store(StoreError::Damaged(_))) => {
                vault.check().unwrap_err();
                Some("on reading".into())
            }
            Err(error) => panic!("{error}"),
            Ok(()) => None,
        },
    }
}

#[test]
fn a_flipped_byte_of_the_database_is_told_or_does_nothing() {
    let profile = filled();
    let whole = files(&profile.path());
    let path = profile.file("store.db");
    let bytes = fs::read(&path).unwrap();
    let mut told = 0;
    let mut wrong_key = 0;
    // Every 13th byte meets each region of each page; with the first 100 and all of the small tables.
    let places = (0..bytes.len()).filter(|place| place % 13 == 0 || *place < 100);
    for place in places {
        for mask in [0xff, 0x01] {
            let mut damaged = bytes.clone();
            damaged[place] ^= mask;
            let trouble = trouble(&profile, &path, &damaged);
            told += usize::from(trouble.is_some());
            wrong_key += usize::from(trouble.is_some_and(|text| text.starts_with("wrong")));
            put_back(&profile.path(), &whole);
        }
    }
    assert_eq!(wrong_key, 0, "damage was taken for a wrong key");
    assert!(told > 1_000, "only {told} were told");
    read_all(&profile.open().unwrap()).unwrap();
}

#[test]
fn a_cut_database_is_told() {
    let profile = filled();
    let whole = files(&profile.path());
    let path = profile.file("store.db");
    let bytes = fs::read(&path).unwrap();
    for length in (0..bytes.len()).step_by(509) {
        let told = trouble(&profile, &path, &bytes[..length]);
        assert!(told.is_some(), "{length} bytes were taken for a store");
        put_back(&profile.path(), &whole);
    }
    read_all(&profile.open().unwrap()).unwrap();
}

/// The files as a killed process leaves them: all commits are in the log.
fn killed() -> (Profile, Vec<(std::path::PathBuf, Vec<u8>)>) {
    let profile = Profile::new();
    let mut vault = profile.create();
    for (name, length) in BODIES {
        put(&mut vault, NOTE, name, &vec![0x5a; length]);
    }
    let whole = files(&profile.path());
    drop(vault);
    put_back(&profile.path(), &whole);
    (profile, whole)
}

#[test]
fn a_flipped_byte_of_the_database_does_not_cost_the_log() {
    let (profile, whole) = killed();
    let path = profile.file("store.db");
    let bytes = fs::read(&path).unwrap();
    for place in (0..100).chain((100..bytes.len()).step_by(97)) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0xff;
        trouble(&profile, &path, &damaged);
        put_back(&profile.path(), &whole);
    }
    for length in [0, 99, 100, 4_095, 4_096, bytes.len() - 1] {
        trouble(&profile, &path, &bytes[..length]);
        put_back(&profile.path(), &whole);
    }
    read_all(&profile.open().unwrap()).unwrap();
}

#[test]
fn a_flipped_byte_of_the_log_is_told_or_does_nothing() {
    let (profile, whole) = killed();
    let path = profile.file("store.db-wal");
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 10_000, "nothing is in the log");
    let mut told = 0;
    for place in (0..bytes.len()).filter(|place| place % 31 == 0 || *place < 60) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x80;
        told += usize::from(trouble(&profile, &path, &damaged).is_some());
        put_back(&profile.path(), &whole);
    }
    assert!(told > 500, "only {told} were told");
    read_all(&profile.open().unwrap()).unwrap();
}

#[test]
fn a_lost_or_cut_log_is_told() {
    let (profile, whole) = killed();
    let path = profile.file("store.db-wal");
    let bytes = fs::read(&path).unwrap();
    for length in [0, 31, 32, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = profile.open().unwrap_err();
        assert_eq!(
            error,
            OpenError::Store(StoreError::Damaged(Part::Log)),
            "{length}"
        );
        put_back(&profile.path(), &whole);
    }
    fs::remove_file(&path).unwrap();
    let error = profile.open().unwrap_err();
    assert_eq!(error, OpenError::Store(StoreError::Damaged(Part::Log)));
    put_back(&profile.path(), &whole);
    read_all(&profile.open().unwrap()).unwrap();
}

#[test]
fn a_mark_that_does_not_verify_says_nothing() {
    let (profile, whole) = killed();
    let path = profile.file("store.mark");
    let bytes = fs::read(&path).unwrap();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        assert_eq!(trouble(&profile, &path, &damaged), None);
        assert_eq!(fs::read(&path).unwrap(), bytes, "written anew");
        put_back(&profile.path(), &whole);
    }
    for odd in [&[][..], &bytes[..39], &[&bytes[..], b"more"].concat()] {
        assert_eq!(trouble(&profile, &path, odd), None);
        assert_eq!(fs::read(&path).unwrap(), bytes);
        put_back(&profile.path(), &whole);
    }
}

#[test]
fn a_record_put_back_removed_or_added_is_told() {
    let profile = filled();
    let old = fs::read(profile.file("store.db")).unwrap();
    let mut vault = profile.open().unwrap();
    put(&mut vault, NOTE, "b", b"newer");
    drop(vault);
    let aside = profile.around.path().join("old.db");
    fs::write(&aside, old).unwrap();
    let attach = format!("ATTACH '{}' AS old;", aside.display());
    let whole = files(&profile.path());
    let schemes = [
        // One older row, with its older body.
        "UPDATE body SET body = (SELECT body FROM old.body o WHERE o.at = body.at);
         UPDATE name SET seal = (SELECT seal FROM old.name o WHERE o.name = name.name);",
        "DELETE FROM name WHERE at = 3; DELETE FROM body WHERE at = 3;",
        "DELETE FROM name WHERE at = 3;",
        "INSERT INTO name SELECT zeroblob(32), seal, at FROM name LIMIT 1;",
        "UPDATE vault SET head = (SELECT head FROM old.vault);",
        "UPDATE name SET at = 7 - at;",
        "UPDATE body SET body = zeroblob(64) WHERE at = 2;",
        "DELETE FROM body WHERE at = 2;",
        "DELETE FROM vault;",
    ];
    for scheme in schemes {
        let db = rusqlite::Connection::open(profile.file("store.db")).unwrap();
        db.execute_batch(&format!("{attach} {scheme}")).unwrap();
        drop(db);
        let bytes = fs::read(profile.file("store.db")).unwrap();
        let told = match profile.open() {
            Err(OpenError::Store(StoreError::Damaged(_))) => true,
            Err(error) => panic!("{scheme}: {error}"),
            Ok(vault) => vault.check().is_err() && vault.list(NOTE).is_err(),
        };
        assert!(told, "{scheme}");
        assert!(!bytes.is_empty());
        put_back(&profile.path(), &whole);
    }
    assert_eq!(body(&profile.open().unwrap(), NOTE, "b").unwrap(), b"newer");
}

#[test]
fn a_header_of_another_time_is_told() {
    let profile = filled();
    let old = fs::read(profile.file("store.db")).unwrap();
    let aside = profile.around.path().join("old.db");
    fs::write(&aside, old).unwrap();
    let mut vault = profile.open().unwrap();
    let words = crate::tools::passphrase("words");
    let key = vault::Key::Passphrase(&words);
    vault.add_key(&key, crate::tools::CHEAP).unwrap();
    drop(vault);
    let db = rusqlite::Connection::open(profile.file("store.db")).unwrap();
    let attach = format!("ATTACH '{}' AS old;", aside.display());
    let scheme = "UPDATE vault SET header = (SELECT header FROM old.vault);";
    db.execute_batch(&format!("{attach} {scheme}")).unwrap();
    drop(db);
    let error = profile.open().unwrap_err();
    assert_eq!(error, OpenError::Store(StoreError::Damaged(Part::Header)));
}
