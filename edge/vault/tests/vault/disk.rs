//! A full disk: a clear error, nothing lost, and it goes on when there is room again.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use vault::{BackupError, BackupKey, Batch, CommitError, Key, KeyFile, StoreError, Vault};

use crate::{
    tools::{NOTE, Profile, body, put},
    twins::{Twin, say},
};

/// The part of the twin: commits until the disk is full, and says what then works.
pub(crate) fn fill(path: &Path, key: &KeyFile) {
    let mut vault = Vault::open(path, &Key::KeyFile(key)).unwrap();
    let mut last = vault.revision();
    let error = loop {
        let mut batch = Batch::new();
        batch.put(NOTE, "last", (last + 1).to_le_bytes());
        batch.put(NOTE, last.to_le_bytes(), vec![0x33; 20_000]);
        match vault.commit(&batch) {
            Ok(revision) => last = revision,
            Err(error) => break error,
        }
    };
    say(&format!("@full {error}"));
    let last_body = |vault: &Vault| body(vault, NOTE, "last").unwrap();
    assert_eq!(vault.revision(), last);
    assert_eq!(
        last_body(&vault),
        last.to_le_bytes(),
        "the last commit is whole"
    );
    if matches!(error, CommitError::Store(StoreError::DiskFull { .. })) {
        let backup = path.with_file_name("backup");
        let error = vault.backup(&backup, &BackupKey::Same).unwrap_err();
        assert!(
            matches!(error, BackupError::Store(StoreError::DiskFull { .. })),
            "{error}"
        );
        assert!(!backup.exists());
        let beside = fs::read_dir(path.parent().unwrap()).unwrap();
        let mut names = beside.map(|entry| entry.unwrap().file_name());
        assert!(!names.any(|name| name.to_string_lossy().ends_with(".new")));
        // Room is made, and it goes on without being opened again.
        fs::remove_file(path.with_file_name("ballast")).unwrap();
        last = put(&mut vault, NOTE, "room", b"again");
    } else {
        let error = vault.commit(&{
            let mut batch = Batch::new();
            batch.put(NOTE, "more", "");
            batch
        });
        assert_eq!(error, Err(CommitError::Store(StoreError::Stopped)));
        assert_eq!(last_body(&vault), last.to_le_bytes(), "it still reads");
    }
    drop(vault);
    let vault = Vault::open(path, &Key::KeyFile(key)).unwrap();
    assert!(vault.revision() >= last, "an acknowledged commit is lost");
    vault.check().unwrap();
    say(&format!("@whole {}", vault.revision()));
}

/// `sh -c script sh <this program>`
fn shell(wrapper: &[&str], script: &str) -> Command {
    let mut words = wrapper.iter().copied().chain(["sh", "-c", script, "sh"]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).arg(std::env::current_exe().unwrap());
    command
}

/// On a file system of its own of two MiB, where this system lets us make one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let spaces: [&[&str]; 2] = [&["unshare", "-m"], &["unshare", "-Urm"]];
    let mount = "mount -t tmpfs -o size=2m,mode=700 tmpfs \"$AROUND\"";
    let works = |space: &&&[&str]| {
        let around = tempfile::tempdir().unwrap();
        let mut command = Command::new(space[0]);
        command.args(&space[1..]).args(["sh", "-c", mount]);
        command.env("AROUND", around.path()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let Some(space) = spaces.iter().find(works) else {
        let reason = "neither root nor user namespaces, so no small disk";
        assert!(std::env::var_os("CI").is_none(), "{reason}");
        // Not `eprintln`, which the test harness hides.
        let _ = writeln!(std::io::stderr(), "SKIPPED a full disk: {reason}");
        return;
    };
    let profile = Profile::new();
    drop(profile.create());
    // Copied into the small disk, with ballast that the twin throws out when it is full.
    let script = format!(
        "cp -rp \"$AROUND\" \"$AROUND.copy\" && {mount} && cp -rp \"$AROUND.copy\"/* \"$AROUND\" && \
         rm -r \"$AROUND.copy\" && head -c 300000 /dev/zero > \"$AROUND/ballast\" && exec \"$@\""
    );
    let mut command = shell(space, &script);
    command.env("AROUND", profile.around.path());
    let mut twin = Twin::start_by(command, "fill", profile.around.path());
    let full = twin.hear("@full ").unwrap();
    assert!(full.starts_with("no space left on the disk of "), "{full}");
    twin.hear("@whole ").unwrap();
    assert!(twin.child.wait().unwrap().success());
}

/// A write that the system refuses half-way: the store stops, and is whole when opened again.
#[cfg(unix)]
#[test]
fn a_limit_on_files_stops_the_store_and_loses_nothing() {
    let profile = Profile::new();
    drop(profile.create());
    // 400 blocks of 512 or 1,024 bytes; the signal that goes with it is ignored.
    let command = shell(&[], "trap '' XFSZ; ulimit -f 400; exec \"$@\"");
    let mut twin = Twin::start_by(command, "fill", profile.around.path());
    let full = twin.hear("@full ").unwrap();
    assert!(full.starts_with("cannot write "), "{full}");
    twin.hear("@whole ").unwrap();
    assert!(twin.child.wait().unwrap().success());
    let vault = profile.open().unwrap();
    vault.check().unwrap();
}
