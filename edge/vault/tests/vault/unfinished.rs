//! Killed while a store is made or restored: there is none, or a whole one.

use std::{fs, path::Path, thread, time::Duration};

use vault::{BackupKey, Batch, Key, KeyFile, Setup, Vault};

use crate::{
    tools::{NOTE, Profile},
    twins::{Twin, say},
};

const KILLS: u32 = 60;
const RECORDS: u32 = 300;

/// The part of the twin: makes the store, or restores it from the backup beside.
pub(crate) fn make(path: &Path, key: &KeyFile) {
    let keys = [Key::KeyFile(key)];
    let (backup, setup) = (path.with_file_name("backup"), Setup::new(&keys));
    say("@begin ");
    if backup.exists() {
        drop(Vault::restore(&backup, &keys[0], path, &setup).unwrap());
    } else {
        drop(Vault::create(path, &setup).unwrap());
    }
    say("@made ");
}

/// Kills makers at every instant; returns how many had made a store. `records`: how many it then has.
fn kill_makers(profile: &Profile, records: u64) -> u32 {
    let mut made = 0;
    let mut lasts = Duration::from_millis(1);
    for kill in 0..KILLS {
        let mut twin = Twin::start("make", profile.around.path());
        twin.hear("@begin ").unwrap();
        thread::sleep(lasts * (kill * 7_919 % 64) / 64);
        twin.child.kill().unwrap();
        twin.child.wait().unwrap();
        // Longer each time until some get to the end.
        let done = twin.hear("@made ").is_some();
        if !done && made == 0 {
            lasts = lasts * 5 / 4;
        }
        if profile.file("store.db").exists() {
            let vault = profile.open().unwrap();
            assert_eq!(vault.records(), records, "kill {kill}");
            vault.check().unwrap();
            made += 1;
        } else {
            assert!(!done, "kill {kill}: it said that it was made");
            assert!(profile.open().is_err());
        }
        if profile.file("store.db").exists() {
            fs::remove_dir_all(profile.path()).unwrap();
        }
    }
    made
}

#[test]
fn a_creation_that_is_killed_leaves_nothing_or_a_whole_store() {
    let profile = Profile::new();
    kill_makers(&profile, 0);
    // Whatever the last one left is not in the way.
    profile.create();
}

#[test]
fn a_restore_that_is_killed_leaves_nothing_or_a_whole_store() {
    let profile = Profile::new();
    let mut vault = profile.create();
    let mut batch = Batch::new();
    for number in 0..RECORDS {
        batch.put(NOTE, number.to_le_bytes(), vec![0x44; 500]);
    }
    vault.commit(&batch).unwrap();
    let backup = profile.around.path().join("backup");
    vault.backup(&backup, &BackupKey::Same).unwrap();
    drop(vault);
    fs::remove_dir_all(profile.path()).unwrap();
    kill_makers(&profile, RECORDS.into());
    let keys = [Key::KeyFile(&profile.key)];
    let setup = Setup::new(&keys);
    let restored = Vault::restore(&backup, &keys[0], &profile.path(), &setup).unwrap();
    assert_eq!(restored.count(NOTE).unwrap(), 300);
}
