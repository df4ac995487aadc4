use kernel::Kind;
use vault::{
    Argon2Cost, Key, KeyFile, KeyFileError, MAX_PASSPHRASE_LEN, MAX_WRAPS, OpenError, Passphrase,
    PassphraseError, Setup, SetupError, UnlockError, Vault, WrapError, WrapKind,
};

use crate::tools::{CHEAP, NOTE, Profile, body, files, passphrase, put};

#[test]
fn a_wrong_passphrase_is_told_and_changes_nothing() {
    let profile = Profile::new();
    let right = passphrase("right");
    let keys = [Key::Passphrase(&right)];
    let setup = Setup::new(&keys).with_cost(CHEAP);
    let mut vault = Vault::create(&profile.path(), &setup).unwrap();
    put(&mut vault, NOTE, "a", b"x");
    drop(vault);
    let before = files(&profile.path());
    let wrong = Vault::open(&profile.path(), &Key::Passphrase(&passphrase("wrong")));
    let error = wrong.unwrap_err();
    assert_eq!(error, OpenError::Unlock(UnlockError::WrongKey));
    assert_eq!(error.to_string(), "wrong passphrase or key file");
    assert_eq!(error.kind(), Kind::BadInput);
    let other = profile.open().unwrap_err();
    assert_eq!(
        other.to_string(),
        "this store does not open with a key file, only with another kind of key"
    );
    let after: Vec<_> = files(&profile.path())
        .into_iter()
        .filter(|(path, bytes)| !(path.ends_with("store.db-wal") && bytes.is_empty()))
        .collect();
    assert_eq!(after, before);
    let vault = Vault::open(&profile.path(), &Key::Passphrase(&right)).unwrap();
    assert_eq!(body(&vault, NOTE, "a").unwrap(), b"x");
}

#[test]
fn the_default_cost_opens_what_it_sealed() {
    let profile = Profile::new();
    let words = passphrase("correct horse");
    let keys = [Key::Passphrase(&words)];
    let vault = Vault::create(&profile.path(), &Setup::new(&keys)).unwrap();
    let kind = vault.wraps()[0].kind;
    assert_eq!(kind, WrapKind::Passphrase(vault::DEFAULT_COST));
    drop(vault);
    Vault::open(&profile.path(), &Key::Passphrase(&words)).unwrap();
}

#[test]
fn changing_the_passphrase_rewrites_no_record() {
    let profile = Profile::new();
    let (old, new) = (passphrase("old"), passphrase("new"));
    let keys = [Key::Passphrase(&old), Key::KeyFile(&profile.key)];
    let setup = Setup::new(&keys).with_cost(CHEAP);
    let mut vault = Vault::create(&profile.path(), &setup).unwrap();
    for number in 0..100_u32 {
        put(&mut vault, NOTE, &number.to_string(), &number.to_le_bytes());
    }
    vault.close().unwrap();
    let before = rows(&profile);
    assert_eq!(before.len(), 100);

    let mut vault = profile.open().unwrap();
    let wrong = vault.change_passphrase(&new, &old, CHEAP);
    assert_eq!(wrong, Err(WrapError::Unlock(UnlockError::WrongKey)));
    vault.change_passphrase(&old, &new, CHEAP).unwrap();
    assert_eq!(
        std::fs::metadata(profile.file("store.db-wal"))
            .unwrap()
            .len(),
        0
    );
    vault.close().unwrap();
    let after = rows(&profile);
    let rewritten = before.iter().zip(&after).filter(|(a, b)| a != b).count();
    assert_eq!((after.len(), rewritten), (100, 0));

    let open = |words: &Passphrase| Vault::open(&profile.path(), &Key::Passphrase(words));
    assert!(matches!(
        open(&old),
        Err(OpenError::Unlock(UnlockError::WrongKey))
    ));
    assert_eq!(open(&new).unwrap().records(), 100);
    assert_eq!(profile.open().unwrap().wraps().len(), 2);
}

/// Name, seal and body of every record, as they lie in the file.
fn rows(profile: &Profile) -> Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let db = rusqlite::Connection::open(profile.file("store.db")).unwrap();
    let query = "SELECT name, seal, body FROM name JOIN body USING (at) ORDER BY name";
    let mut statement = db.prepare(query).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn keys_are_added_and_removed_but_never_the_last() {
    let profile = Profile::new();
    let mut vault = profile.create();
    let words = passphrase("words");
    let number = vault.add_key(&Key::Passphrase(&words), CHEAP).unwrap();
    assert_eq!(number, 2);
    vault.remove_key(1).unwrap();
    assert_eq!(
        vault.remove_key(1),
        Err(WrapError::NoSuchWrap { number: 1 })
    );
    assert_eq!(vault.remove_key(2), Err(WrapError::Last));
    drop(vault);
    assert!(matches!(profile.open(), Err(OpenError::Unlock(_))));

    let mut vault = Vault::open(&profile.path(), &Key::Passphrase(&words)).unwrap();
    for count in 2..=MAX_WRAPS {
        let number = vault.add_key(&Key::KeyFile(&profile.key), CHEAP).unwrap();
        assert_eq!(usize::from(number), count + 1, "numbers do not come again");
    }
    let many = vault.add_key(&Key::KeyFile(&profile.key), CHEAP);
    assert_eq!(many, Err(WrapError::Setup(SetupError::Count)));
    assert_eq!(vault.wraps().len(), MAX_WRAPS);
    drop(vault);
    profile.open().unwrap().check().unwrap();
}

#[test]
fn a_cost_outside_its_range_is_refused() {
    let profile = Profile::new();
    let words = passphrase("words");
    let keys = [Key::Passphrase(&words)];
    for (memory_kib, passes) in [(7, 1), (8, 0), (8, 65), ((1 << 20) + 1, 1)] {
        let cost = Argon2Cost { memory_kib, passes };
        let setup = Setup::new(&keys).with_cost(cost);
        assert!(Vault::create(&profile.path(), &setup).is_err(), "{cost:?}");
    }
    assert!(Vault::create(&profile.path(), &Setup::new(&[])).is_err());
    // Nothing was left that is in the way.
    profile.create();
}

#[test]
fn passphrases_have_a_length() {
    let of = |length| Passphrase::new(vec![b'x'; length].into());
    assert_eq!(of(0).unwrap_err(), PassphraseError::Empty);
    assert!(of(1).is_ok());
    assert!(of(MAX_PASSPHRASE_LEN).is_ok());
    assert_eq!(
        of(MAX_PASSPHRASE_LEN + 1).unwrap_err(),
        PassphraseError::TooLong
    );
    assert_eq!(format!("{:?}", of(1).unwrap()), "Passphrase");
}

#[test]
fn a_key_file_has_its_length_and_is_never_replaced() {
    let around = tempfile::tempdir().unwrap();
    let path = around.path().join("key");
    KeyFile::create(&path).unwrap();
    KeyFile::read(&path).unwrap();
    assert!(matches!(
        KeyFile::create(&path),
        Err(KeyFileError::Store(_))
    ));
    let bytes = std::fs::read(&path).unwrap();
    for wrong in [&bytes[..31], &[&bytes[..], b"\n"].concat()] {
        std::fs::write(&path, wrong).unwrap();
        assert_eq!(KeyFile::read(&path).unwrap_err(), KeyFileError::Length);
    }
    assert!(KeyFile::read(&around.path().join("none")).is_err());
}
