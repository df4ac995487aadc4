use std::fs;

use vault::{
    BackupError, BackupKey, Batch, Key, KeyFile, OpenError, Part, RestoreError, Setup, StoreError,
    UnlockError, Vault, check_backup,
};

use crate::tools::{CHEAP, LETTER, NOTE, Profile, body, files, passphrase, put};

/// A store with records of all sizes; some longer than a backup's chunk, some ending with one.
fn filled(profile: &Profile) -> Vault {
    let mut vault = profile.create();
    for (number, length) in [0, 1, 60_000, 65_536, 200_000, 131_072 - 40]
        .into_iter()
        .enumerate()
    {
        put(&mut vault, NOTE, &number.to_string(), &vec![7; length]);
    }
    let mut batch = Batch::new();
    for number in 0..200_u32 {
        batch.put(LETTER, number.to_le_bytes(), number.to_string());
    }
    vault.commit(&batch).unwrap();
    vault
}

fn same_records(one: &Vault, other: &Vault) {
    for kind in [NOTE, LETTER] {
        let sorted = |vault: &Vault| {
            let mut records = vault.list(kind).unwrap();
            records.sort_by(|a, b| a.name.cmp(&b.name));
            records
        };
        assert!(sorted(one) == sorted(other));
    }
}

#[test]
fn a_backup_restores_every_record_into_an_empty_profile() {
    let profile = Profile::new();
    let vault = filled(&profile);
    let path = profile.around.path().join("backup");
    let summary = vault.backup(&path, &BackupKey::Same).unwrap();
    assert_eq!((summary.revision, summary.records), (vault.revision(), 206));
    let key = Key::KeyFile(&profile.key);
    assert_eq!(check_backup(&path, &key).unwrap(), summary);
    assert_eq!(
        files(profile.around.path().join("profile").as_path()).len(),
        4
    );

    let to = profile.around.path().join("restored");
    let words = passphrase("another");
    let keys = [Key::Passphrase(&words)];
    let setup = Setup::new(&keys).with_cost(CHEAP);
    let restored = Vault::restore(&path, &key, &to, &setup).unwrap();
    same_records(&vault, &restored);
    assert_eq!(restored.restored(), Some(summary.revision));
    assert_eq!(restored.revision(), summary.revision + 1);
    drop(restored);
    let mut restored = Vault::open(&to, &Key::Passphrase(&words)).unwrap();
    restored.check().unwrap();
    assert_eq!(restored.restored(), Some(summary.revision));
    put(&mut restored, NOTE, "new", b"x");
    assert_eq!(restored.restored(), Some(summary.revision));
    drop(restored);
    let old_key = Vault::open(&to, &key).unwrap_err();
    assert!(
        matches!(old_key, OpenError::Unlock(_)),
        "the new store has its own keys"
    );
}

#[test]
fn a_backup_can_have_its_own_passphrase() {
    let profile = Profile::new();
    let vault = filled(&profile);
    let path = profile.around.path().join("backup");
    let words = passphrase("for the safe");
    let own = BackupKey::Own(Key::Passphrase(&words), CHEAP);
    let summary = vault.backup(&path, &own).unwrap();
    assert_eq!(
        check_backup(&path, &Key::Passphrase(&words)).unwrap(),
        summary
    );
    let wrong = check_backup(&path, &Key::Passphrase(&passphrase("wrong"))).unwrap_err();
    assert_eq!(wrong, BackupError::Unlock(UnlockError::WrongKey));
    let other = check_backup(&path, &Key::KeyFile(&profile.key)).unwrap_err();
    assert!(matches!(
        other,
        BackupError::Unlock(UnlockError::NoSuchWrap { .. })
    ));
}

#[test]
fn a_backup_of_the_same_keys_opens_with_those_it_was_made_under() {
    let profile = Profile::new();
    let mut vault = profile.create();
    let (old, new) = (passphrase("old"), passphrase("new"));
    vault.add_key(&Key::Passphrase(&old), CHEAP).unwrap();
    let path = profile.around.path().join("backup");
    vault.backup(&path, &BackupKey::Same).unwrap();
    vault.change_passphrase(&old, &new, CHEAP).unwrap();
    check_backup(&path, &Key::Passphrase(&old)).unwrap();
    check_backup(&path, &Key::KeyFile(&profile.key)).unwrap();
    check_backup(&path, &Key::Passphrase(&new)).unwrap_err();
}

#[test]
fn a_damaged_backup_is_told_and_leaves_the_profile_empty() {
    let profile = Profile::new();
    let vault = filled(&profile);
    let path = profile.around.path().join("backup");
    vault.backup(&path, &BackupKey::Same).unwrap();
    let whole = fs::read(&path).unwrap();
    let key = Key::KeyFile(&profile.key);
    let to = profile.around.path().join("restored");
    let keys = [key];

    let flipped = (0..whole.len()).filter(|place| place % 7_919 == 0 || *place < 200);
    let flipped = flipped.map(|place| {
        let mut bytes = whole.clone();
        bytes[place] ^= 4;
        bytes
    });
    let chunk = 65_536 + 16;
    let start = whole.len() - (whole.len() - 200) / chunk * chunk;
    let cut = [
        0,
        1,
        53,
        100,
        start + chunk,
        whole.len() - chunk,
        whole.len() - 1,
    ];
    let cut = cut.map(|length| whole[..length].to_vec());
    let longer = [
        [&whole[..], &[0]].concat(),
        [&whole[..], &whole[..chunk]].concat(),
    ];
    let mut swapped = whole.clone();
    swapped.copy_within(300..300 + chunk, 300 + chunk);
    for bytes in flipped.chain(cut).chain(longer).chain([swapped]) {
        fs::write(&path, bytes).unwrap();
        let told = |error: &StoreError| {
            let backup = |part: &Part| *part == Part::Backup;
            matches!(error, StoreError::Damaged(part) | StoreError::Newer { part, .. } if backup(part))
        };
        let checked = check_backup(&path, &key).unwrap_err();
        assert!(
            matches!(&checked, BackupError::Store(error) if told(error)),
            "{checked}"
        );
        let error = Vault::restore(&path, &key, &to, &Setup::new(&keys)).unwrap_err();
        assert!(
            matches!(&error, RestoreError::Store(error) if told(error)),
            "{error}"
        );
        if to.exists() {
            let left: Vec<_> = files(&to).into_iter().map(|(path, _)| path).collect();
            assert_eq!(left, [to.join("store.lock")], "the profile is not empty");
        }
    }
    fs::write(&path, &whole).unwrap();
    let restored = Vault::restore(&path, &key, &to, &Setup::new(&keys)).unwrap();
    same_records(&vault, &restored);
}

#[test]
fn nothing_is_ever_written_over() {
    let profile = Profile::new();
    let mut vault = profile.create();
    put(&mut vault, NOTE, "a", b"x");
    let path = profile.around.path().join("backup");
    vault.backup(&path, &BackupKey::Same).unwrap();
    let names = || {
        let names = fs::read_dir(profile.around.path()).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["backup", "key", "profile"]);
    let before = fs::read(&path).unwrap();
    let again = vault.backup(&path, &BackupKey::Same).unwrap_err();
    assert!(matches!(again, BackupError::Exists { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
    put(&mut vault, NOTE, "a", b"newer");
    drop(vault);

    let keys = [Key::KeyFile(&profile.key)];
    let over = Vault::restore(&path, &keys[0], &profile.path(), &Setup::new(&keys));
    assert_eq!(over.unwrap_err(), RestoreError::Exists);
    assert_eq!(body(&profile.open().unwrap(), NOTE, "a").unwrap(), b"newer");
}

#[test]
fn a_backup_to_where_nothing_can_be_written_leaves_nothing() {
    let profile = Profile::new();
    let vault = profile.create();
    let path = profile.around.path().join("missing").join("backup");
    let error = vault.backup(&path, &BackupKey::Same).unwrap_err();
    assert!(matches!(error, BackupError::Store(StoreError::Io { .. })));
    assert!(!path.exists());
}

#[test]
fn a_restored_store_does_not_share_its_data_key() {
    let profile = Profile::new();
    let mut vault = profile.create();
    put(&mut vault, NOTE, "a", b"x");
    let path = profile.around.path().join("backup");
    vault.backup(&path, &BackupKey::Same).unwrap();
    let to = Profile::new();
    let keys = [Key::KeyFile(&to.key)];
    let from = Key::KeyFile(&profile.key);
    drop(Vault::restore(&path, &from, &to.path(), &Setup::new(&keys)).unwrap());
    let second = to.around.path().join("backup");
    to.open()
        .unwrap()
        .backup(&second, &BackupKey::Same)
        .unwrap();
    check_backup(&second, &from).unwrap_err();
    KeyFile::read(&to.around.path().join("key")).unwrap();
}
