//! Every case of `vectors/vault/vault.json`, which a second program made: what it wrote we read, and
//! from the same randomness we write the same bytes.

use std::path::Path;

use primitives::{Argon2Cost, Secret, sha256};

use crate::{
    Key, KeyFile, Part, Passphrase, RecordKind, StoreError, Vault,
    backup::format::{Started, Writer, start},
    build::DEFAULT_COST,
    dir,
    head::Head,
    header::Header,
    keys::Keys,
    mark,
    record::{Plain, Row, row_name, set_item},
    unlock::unlock,
    wrap::{Salts, Wrap},
};
use file::{Backup, File, Hex, Opens, Record};

mod file;

fn vectors() -> File {
    serde_json::from_str(include_str!("../../../vectors/vault/vault.json")).unwrap()
}

fn keys(file: &File) -> Keys {
    Keys::new(
        Secret::new(file.store.data_key.array()),
        &file.store.id.array(),
    )
}

fn header(file: &File) -> Header {
    Header::decode(&file.store.header.0).unwrap()
}

/// Calls `with` the key and its cost.
fn with_key<T>(opens: &Opens, with: impl FnOnce(&Key<'_>, Argon2Cost) -> T) -> T {
    if let Some(words) = &opens.passphrase {
        let [memory_kib, passes] = opens.cost.unwrap();
        let words = Passphrase::new(words.0.clone().into()).unwrap();
        return with(&Key::Passphrase(&words), Argon2Cost { memory_kib, passes });
    }
    let file = KeyFile::from_secret(Secret::new(opens.key_file.as_ref().unwrap().array()));
    with(&Key::KeyFile(&file), DEFAULT_COST)
}

#[test]
fn the_file_is_whole() {
    let file = vectors();
    assert!(file.readme.starts_with("Spec 16."));
    let counts = [
        file.keys.len(),
        file.salts.len(),
        file.headers_refused.len(),
        file.records.len(),
        file.heads.len(),
        file.marks.len(),
        file.backups.len(),
        file.backups_refused.len(),
    ];
    assert_eq!(counts, [3, 3, 21, 5, 2, 2, 5, 13], "a case went missing");
}

#[test]
fn subkeys_match() {
    let file = vectors();
    let (keys, expected) = (keys(&file), &file.store.subkeys);
    for (key, expected) in [
        (&keys.names, &expected.names),
        (&keys.records, &expected.records),
        (&keys.head, &expected.head),
        (&keys.set, &expected.set),
        (&keys.mark, &expected.mark),
    ] {
        assert_eq!(key.expose()[..], expected.0[..]);
    }
}

#[test]
fn the_header_reads_and_opens_with_each_key() {
    let file = vectors();
    let header = header(&file);
    assert_eq!(header.next(), Some(file.store.next));
    assert_eq!(header.encode().unwrap(), file.store.header.0);
    let numbers: Vec<_> = header.wraps().iter().map(|wrap| wrap.number).collect();
    assert_eq!(numbers, [1, 4, 5, 6]);
    let longest = Header::decode(&file.store.longest_header.0).unwrap();
    assert_eq!(longest.encode().unwrap(), file.store.longest_header.0);
    for opens in &file.keys {
        let opened = with_key(opens, |key, _| unlock(&header, key)).unwrap();
        assert_eq!(opened.0, opens.number);
        assert_eq!(opened.1.expose()[..], file.store.data_key.0[..]);
    }
}

#[test]
fn wraps_are_written_to_the_same_bytes() {
    let file = vectors();
    let (header, keys) = (header(&file), keys(&file));
    for (opens, salt) in file.keys.iter().zip(&file.salts) {
        assert_eq!(opens.number, salt.number);
        let salts = Salts {
            salt: salt.salt.array(),
            nonce: salt.nonce.array(),
        };
        let wrap = with_key(opens, |key, cost| {
            Wrap::new((&header.id, opens.number), &keys.data, (key, cost), salts)
        });
        let wrap = wrap.unwrap();
        let expected = header.wraps().iter();
        let expected = expected.clone().find(|one| one.number == opens.number);
        assert_eq!(Some(&wrap), expected, "wrap {}", opens.number);
    }
}

#[test]
fn headers_are_refused() {
    for refused in vectors().headers_refused {
        assert_eq!(Header::decode(&refused.hex.0), None, "{}", refused.name);
    }
}

fn plain(record: &Record) -> Plain<'_> {
    Plain {
        revision: record.revision,
        kind: record.kind,
        version: record.version,
        name: &record.name.0,
        body: &record.body.0,
    }
}

#[test]
fn records_match_in_both_directions() {
    let file = vectors();
    let keys = keys(&file);
    for record in &file.records {
        let row = Row::seal(&keys, &plain(record), record.nonce.array()).unwrap();
        let name = row_name(&keys, record.kind, &record.name.0);
        assert_eq!(name[..], record.row_name.0[..]);
        assert_eq!(row.name, name);
        assert_eq!(row.seal[..], record.seal.0[..]);
        assert_eq!(row.body, record.sealed.0);
        let item = set_item(&keys.set, &row.name, &row.seal);
        assert_eq!(item[..], record.item.0[..]);
        let opened = row.clone().open(&keys).unwrap();
        let opened = opened.plain().unwrap();
        assert_eq!(
            (opened.revision, opened.kind, opened.version),
            (record.revision, record.kind, record.version)
        );
        assert_eq!(
            (opened.name, opened.body),
            (&record.name.0[..], &record.body.0[..])
        );
        // Bound to its name: no row opens in another's place.
        let mut moved = row;
        moved.name[31] ^= 1;
        assert!(moved.open(&keys).is_none());
    }
}

#[test]
fn heads_match_in_both_directions() {
    let file = vectors();
    let keys = keys(&file);
    for case in &file.heads {
        let mut head = Head::new(&file.store.header.0);
        head.revision = case.revision;
        head.restored = case.restored;
        for record in &file.records[..case.records] {
            head.toggle(record.item.array());
            head.records += 1;
        }
        assert_eq!(head.seal(&keys, case.nonce.array()), case.hex.0);
        assert_eq!(Head::open(&keys, &case.hex.0), Some(head));
        for place in 0..case.hex.0.len() {
            let mut altered = case.hex.0.clone();
            altered[place] ^= 1;
            assert_eq!(Head::open(&keys, &altered), None);
            assert_eq!(Head::open(&keys, &case.hex.0[..place]), None);
        }
    }
}

#[test]
fn marks_match_in_both_directions() {
    let file = vectors();
    let keys = keys(&file);
    for case in &file.marks {
        assert_eq!(mark::encode(&keys.mark, case.revision), case.hex.0);
        assert_eq!(mark::decode(&case.hex.0, &keys.mark), Some(case.revision));
    }
}

fn fill(seed: u8, length: usize) -> Vec<u8> {
    let bytes = std::iter::successors(Some(seed), |byte| Some(byte.wrapping_add(1)));
    bytes.take(length).collect()
}

fn write(file: &File, case: &Backup) -> Vec<u8> {
    let keys = keys(file);
    let start = start(&header(file), &case.salt.array()).unwrap();
    let mut writer = Writer::new(Vec::new(), &start, &keys.data).unwrap();
    for record in &case.records {
        let body = fill(record.seed, record.length);
        let plain = Plain {
            revision: record.revision,
            kind: record.kind,
            version: record.version,
            name: &record.name.0,
            body: &body,
        };
        writer.add(&plain).unwrap();
    }
    writer.finish(case.revision).unwrap()
}

#[test]
fn backups_match_in_both_directions() {
    let file = vectors();
    for case in &file.backups {
        let bytes = write(&file, case);
        let name = &case.name;
        assert_eq!(bytes.len(), case.length, "{name}");
        assert_eq!(sha256(&[&bytes])[..], case.sha256.0[..], "{name}");
        assert!(
            case.hex == Hex(bytes.clone()) || case.hex.0.is_empty(),
            "{name}"
        );

        let started = Started::read(&bytes[..], Path::new("backup")).unwrap();
        let mut seen = Vec::new();
        let mut items = started.with_key(&keys(&file).data).unwrap();
        let summary = items.finish(|plain| {
            seen.push((
                plain.revision,
                plain.kind,
                plain.version,
                plain.name.to_vec(),
                plain.body.to_vec(),
            ));
            Ok(())
        });
        assert_eq!(summary.unwrap().revision, case.revision, "{name}");
        let expected = case.records.iter().map(|record| {
            let body = fill(record.seed, record.length);
            (
                record.revision,
                record.kind,
                record.version,
                record.name.0.clone(),
                body,
            )
        });
        assert!(seen == expected.collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn backups_are_refused() {
    let file = vectors();
    for refused in &file.backups_refused {
        let started = Started::read(&refused.hex.0[..], Path::new("backup"));
        let read = started
            .and_then(|started| started.with_key(&keys(&file).data))
            .and_then(|mut items| items.finish(|_| Ok(())));
        let expected = match refused.name.as_str() {
            "a later format" => StoreError::Newer {
                part: Part::Backup,
                format: 2,
            },
            _ => StoreError::Damaged(Part::Backup),
        };
        assert_eq!(read, Err(expected), "{}", refused.name);
    }
}

/// The other program's rows, put into a database by the statements of spec 4, are a store.
#[test]
fn a_store_of_the_other_program_opens() {
    let file = vectors();
    let around = tempfile::tempdir().unwrap();
    let profile = around.path().join("profile");
    drop(dir::Directory::make(&profile).unwrap());
    let path = profile.join("store.db");
    drop(dir::private().create_new(true).open(&path).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "PRAGMA application_id = 1701737590; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;
         CREATE TABLE vault (id INTEGER PRIMARY KEY CHECK (id = 1), header BLOB NOT NULL, head BLOB NOT NULL) STRICT;
         CREATE TABLE name (name BLOB PRIMARY KEY, seal BLOB NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE body (at INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;",
    )
    .unwrap();
    let head = &file.heads[1];
    let vault = "INSERT INTO vault VALUES (1, ?1, ?2)";
    db.execute(vault, [&file.store.header.0, &head.hex.0])
        .unwrap();
    for record in &file.records {
        let body = "INSERT INTO body (body) VALUES (?1)";
        db.execute(body, [&record.sealed.0]).unwrap();
        let name = "INSERT INTO name VALUES (?1, ?2, last_insert_rowid())";
        db.execute(name, [&record.row_name.0, &record.seal.0])
            .unwrap();
    }
    drop(db);
    let mark = &file.marks[0].hex.0;
    drop(
        dir::private()
            .create_new(true)
            .open(profile.join("store.mark")),
    );
    std::fs::write(profile.join("store.mark"), mark).unwrap();

    for opens in &file.keys {
        let vault = with_key(opens, |key, _| Vault::open(&profile, key)).unwrap();
        assert_eq!(vault.revision(), head.revision);
        assert_eq!(vault.restored(), Some(head.restored));
        vault.check().unwrap();
        for record in &file.records {
            let kind = RecordKind::new(record.kind, record.version, "vector");
            let found = vault.get(kind, &record.name.0).unwrap().unwrap();
            assert_eq!(found.revision, record.revision);
            assert_eq!(found.body[..], record.body.0[..]);
        }
    }
}
