//! The directory: modes, the lock, what is and is not a store.

use vault::{CreateError, Key, LockError, OpenError, Setup, Vault};

use crate::tools::{NOTE, Profile, body, files, put};

#[test]
fn a_store_is_not_made_over_another() {
    let profile = Profile::new();
    let mut vault = profile.create();
    put(&mut vault, NOTE, "a", b"x");
    drop(vault);
    let keys = [Key::KeyFile(&profile.key)];
    let again = Vault::create(&profile.path(), &Setup::new(&keys));
    assert_eq!(again.unwrap_err(), CreateError::Exists);
    assert_eq!(body(&profile.open().unwrap(), NOTE, "a").unwrap(), b"x");
}

#[test]
fn no_store_is_not_an_empty_store() {
    let profile = Profile::new();
    let missing = profile.open().unwrap_err();
    assert!(matches!(missing, OpenError::NoStore { .. }), "{missing}");
    assert!(!profile.path().exists(), "looking makes nothing");
}

#[test]
fn what_an_interrupted_creation_left_is_cleared() {
    let profile = Profile::new();
    drop(profile.create());
    for file in ["store.db", "store.mark"] {
        std::fs::remove_file(profile.file(file)).unwrap();
    }
    for file in ["store.db.new", "store.db.new-wal"] {
        std::fs::write(profile.file(file), b"half").unwrap();
    }
    profile.create();
    assert!(!profile.file("store.db.new").exists());
    assert!(!profile.file("store.db.new-wal").exists());
}

#[test]
fn an_older_revision_than_the_caller_knows_is_refused() {
    let profile = Profile::new();
    let mut vault = profile.create();
    let revision = put(&mut vault, NOTE, "a", b"x");
    drop(vault);
    let since =
        |revision| Vault::open_since(&profile.path(), &Key::KeyFile(&profile.key), revision);
    since(revision).unwrap();
    let least = revision + 1;
    assert_eq!(
        since(least).unwrap_err(),
        OpenError::Older { revision, least }
    );
}

#[test]
fn a_second_opening_names_the_process_that_has_the_store() {
    let profile = Profile::new();
    let vault = profile.create();
    let error = profile.open().unwrap_err();
    let pid = Some(std::process::id());
    let path = profile.path();
    assert_eq!(error, OpenError::Lock(LockError::InUse { path, pid }));
    assert!(error.to_string().ends_with(&format!(
        "is in use by process {}: stop it first, or choose another profile",
        std::process::id()
    )));
    drop(vault);
    profile.open().unwrap();
}

#[test]
fn the_lock_file_may_be_removed_and_the_database_is_still_locked() {
    let profile = Profile::new();
    let vault = profile.create();
    std::fs::remove_file(profile.file("store.lock")).unwrap();
    assert_eq!(profile.open().unwrap_err(), OpenError::Busy);
    drop(vault);
    profile.open().unwrap();
}

#[cfg(unix)]
mod modes {
    use std::{
        fs::{Permissions, set_permissions},
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::*;
    use vault::{KeyFile, KeyFileError, ModeError};

    fn mode(path: &std::path::Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn everything_is_made_for_its_owner_alone() {
        let profile = Profile::new();
        let mut vault = profile.create();
        put(&mut vault, NOTE, "a", b"x");
        assert_eq!(mode(&profile.path()), 0o700);
        let names = ["store.db", "store.db-wal", "store.lock", "store.mark"];
        let there: Vec<_> = files(&profile.path())
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        assert_eq!(there, names.map(|name| profile.file(name)));
        for path in there {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
        assert_eq!(mode(&profile.around.path().join("key")), 0o600);
    }

    #[test]
    fn a_wrong_mode_is_refused_with_its_cure() {
        let profile = Profile::new();
        drop(profile.create());
        let wrong = [("", 0o750, 0o700), ("", 0o701, 0o700)];
        let files = ["store.db", "store.lock", "store.mark"].map(|file| (file, 0o640, 0o600));
        for (file, bad, good) in wrong.into_iter().chain(files) {
            let path = if file.is_empty() {
                profile.path()
            } else {
                profile.file(file)
            };
            set_permissions(&path, Permissions::from_mode(bad)).unwrap();
            let text = profile.open().unwrap_err().to_string();
            let shown = path.display();
            assert_eq!(
                text,
                format!(
                    "other users can get at {shown} (mode {bad:04o}): run `chmod {good:o} {shown}`"
                )
            );
            assert_eq!(mode(&path), bad, "it is not repaired silently");
            set_permissions(&path, Permissions::from_mode(good)).unwrap();
            profile.open().unwrap();
        }
    }

    #[test]
    fn a_directory_that_others_see_gets_no_store() {
        let profile = Profile::new();
        std::fs::create_dir(profile.path()).unwrap();
        set_permissions(profile.path(), Permissions::from_mode(0o755)).unwrap();
        let keys = [Key::KeyFile(&profile.key)];
        let error = Vault::create(&profile.path(), &Setup::new(&keys)).unwrap_err();
        assert!(
            matches!(error, CreateError::Lock(LockError::Mode(_))),
            "{error}"
        );
        assert!(files(&profile.path()).is_empty());
    }

    #[test]
    fn a_link_in_the_place_of_the_store_is_refused() {
        let profile = Profile::new();
        drop(profile.create());
        let away = profile.around.path().join("away");
        std::fs::rename(profile.file("store.db"), &away).unwrap();
        symlink(&away, profile.file("store.db")).unwrap();
        let error = profile.open().unwrap_err();
        let odd = |error: &OpenError| {
            matches!(
                error,
                OpenError::Lock(LockError::Mode(ModeError::Odd { .. }))
            )
        };
        assert!(odd(&error), "{error}");
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let profile = Profile::new();
        let path = profile.around.path().join("key");
        set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let error = KeyFile::read(&path).unwrap_err();
        assert!(matches!(error, KeyFileError::Mode(_)), "{error}");
    }
}
