//! What is seen of a store without a key.

use std::fs;

use vault::{LockError, OpenError, Part, StoreError, peek};

use crate::tools::{NOTE, Profile, files, put};

#[test]
fn the_format_is_seen_without_a_key_while_the_store_is_in_use() {
    let profile = Profile::new();
    let mut vault = profile.create();
    put(&mut vault, NOTE, "a", b"x");
    assert_eq!(peek(&profile.path()).unwrap().format, 1);
    put(&mut vault, NOTE, "b", b"still ours");
}

#[test]
fn a_look_changes_nothing_and_makes_nothing() {
    let profile = Profile::new();
    let missing = peek(&profile.path()).unwrap_err();
    assert!(matches!(missing, OpenError::NoStore { .. }), "{missing}");
    assert!(!profile.path().exists());
    drop(profile.create());
    let before = files(&profile.path());
    peek(&profile.path()).unwrap();
    assert_eq!(files(&profile.path()), before);
}

#[test]
fn a_store_of_a_later_program_is_known_as_such() {
    let profile = Profile::new();
    drop(profile.create());
    let mut bytes = fs::read(profile.file("store.db")).unwrap();
    bytes[60..64].copy_from_slice(&2_u32.to_be_bytes());
    fs::write(profile.file("store.db"), bytes).unwrap();
    let (part, format) = (Part::Database, 2);
    assert_eq!(
        peek(&profile.path()).unwrap_err(),
        OpenError::Store(StoreError::Newer { part, format })
    );
}

#[cfg(unix)]
#[test]
fn a_directory_or_file_that_others_can_read_is_named_with_the_cure() {
    use std::os::unix::fs::PermissionsExt as _;

    let profile = Profile::new();
    drop(profile.create());
    for (path, mode, cure) in [
        (profile.path(), 0o750, 0o700),
        (profile.file("store.db"), 0o640, 0o600),
        (profile.file("store.mark"), 0o604, 0o600),
        (profile.file("store.lock"), 0o620, 0o600),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = peek(&profile.path()).unwrap_err();
        assert!(
            matches!(error, OpenError::Lock(LockError::Mode(_))),
            "{error}"
        );
        let text = error.to_string();
        assert!(text.contains(&format!("run `chmod {cure:o} ")), "{text}");
        fs::set_permissions(&path, fs::Permissions::from_mode(cure)).unwrap();
    }
    peek(&profile.path()).unwrap();
}
