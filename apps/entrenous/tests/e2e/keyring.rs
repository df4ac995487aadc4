//! Profiles that the keyring of the desktop opens.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::folder::Folder;
use crate::person::{Ended, Person};
use crate::profile::{parsed, text};
use crate::session::{Session, has_programs, in_session};

/// Makes a profile that the keyring opens; `more` are further arguments.
fn init(session: &Session, more: &[&str]) -> Ended {
    let args = [
        "init",
        "--json",
        "--no-input",
        "--name",
        "Alice",
        "--keyring",
    ];
    session.run(&[&args, more].concat()).end()
}

#[track_caller]
fn done(person: Person) -> Ended {
    let ended = person.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended
}

#[track_caller]
fn refused(person: Person, says: &str) -> Ended {
    let ended = person.end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(says), "{ended:?}");
    ended
}

const ID: [&str; 2] = ["id", "--keyring"];

#[test]
fn a_profile_of_the_keyring_opens_without_a_question_and_so_does_its_backup() {
    let test = "a_profile_of_the_keyring_opens_without_a_question_and_so_does_its_backup";
    let Some(session) = Session::open(test) else {
        return;
    };
    let made = init(&session, &[]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let events = parsed(&made);
    assert_eq!(events[0]["event"], "warning");
    assert!(text(&events[0]["text"]).contains("only the keyring"));

    // By the flag, the environment, and the file.
    done(session.run(&ID));
    done(session.run_as(&["ENTRENOUS_KEYRING=1"], &["id"]));
    let nobody = session.run(&["id"]).end();
    assert_eq!(nobody.code, Some(2), "{nobody:?}");
    assert!(nobody.stderr.contains("or `--keyring`"), "{nobody:?}");
    let file = session.folder.path().join("entrenous/config.toml");
    fs::write(&file, "[profiles.default]\nkeyring = true\n").unwrap();
    done(session.run(&["id"]));

    // The key is there once, and no word of ours has it.
    let kept = session.kept();
    let secret = kept.lines().find_map(|line| line.strip_prefix("secret = "));
    let secret = secret.unwrap();
    assert_eq!((secret.len(), kept.matches("secret = ").count()), (43, 1));
    assert!(kept.contains("attribute.profile = default\n"), "{kept}");
    let told = session.run(&["id", "--verbose"]).end();
    assert!(!format!("{made:?} {told:?}").contains(secret));

    done(session.run(&["backup", "alice.backup"]));
    fs::remove_dir_all(session.folder.path().join("entrenous/default")).unwrap();
    done(session.run(&["restore", "alice.backup"]));
    done(session.run(&["id"]));
    let other = ["restore", "alice.backup", "--keyring", "--profile", "other"];
    refused(
        session.run(&other),
        "keeps no key for the profile \"other\"",
    );
}

#[test]
fn a_passphrase_opens_it_too_if_it_was_given_when_it_was_made() {
    let test = "a_passphrase_opens_it_too_if_it_was_given_when_it_was_made";
    let Some(session) = Session::open(test) else {
        return;
    };
    let file = session
        .folder
        .file("phrase", "wander orbit cactus velvet nine\n");
    let made = init(&session, &["--unlock-file", &file]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(
        parsed(&made)
            .iter()
            .all(|event| event["event"] != "warning")
    );
    done(session.run(&ID));
    done(session.run(&["id", "--unlock-file", &file]));
    let both = session.run(&["id", "--keyring", "--unlock-file", &file]);
    assert_eq!(both.end().code, Some(2));
}

#[test]
fn a_key_that_is_gone_or_another_or_no_key_at_all_is_told_apart() {
    let test = "a_key_that_is_gone_or_another_or_no_key_at_all_is_told_apart";
    let Some(session) = Session::open(test) else {
        return;
    };
    assert_eq!(init(&session, &[]).code, Some(0));
    let kept = session.kept();
    let store = kept
        .lines()
        .find_map(|line| line.strip_prefix("attribute.store = "));
    let store = ["store", store.unwrap()];
    let attributes = [&["service", "entrenous", "profile", "default"], &store[..]].concat();
    let put = |secret: &str| {
        let args = [&["store", "--label=x"], &attributes[..]].concat();
        assert!(session.secret_tool(&args, secret).status.success());
    };

    put(&"A".repeat(43));
    refused(
        session.run(&ID),
        "does not open with the key that the keyring keeps",
    );
    put("rubbish");
    refused(session.run(&ID), "is no key");
    let clear = [&["clear"], &attributes[..]].concat();
    assert!(session.secret_tool(&clear, "").status.success());
    let ended = refused(
        session.run(&ID),
        "the keyring keeps no key for the profile \"default\"",
    );
    assert!(
        ended.stderr.contains("hint: leave `--keyring` out"),
        "{ended:?}"
    );
}

#[test]
fn a_profile_whose_folder_was_moved_still_opens() {
    let Some(session) = Session::open("a_profile_whose_folder_was_moved_still_opens") else {
        return;
    };
    assert_eq!(init(&session, &[]).code, Some(0));
    let moved = session.folder.path().join("moved");
    fs::create_dir(&moved).unwrap();
    fs::rename(
        session.folder.path().join("entrenous"),
        moved.join("entrenous"),
    )
    .unwrap();
    let home = format!("XDG_DATA_HOME={}", moved.display());
    done(session.run_as(&[&home], &ID));
}

#[test]
fn a_profile_that_is_made_again_takes_the_key_that_is_there() {
    let test = "a_profile_that_is_made_again_takes_the_key_that_is_there";
    let Some(session) = Session::open(test) else {
        return;
    };
    assert_eq!(init(&session, &[]).code, Some(0));
    done(session.run(&["backup", "first.backup", "--keyring"]));
    let folder = session.folder.path().join("entrenous/default");
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(init(&session, &[]).code, Some(0));
    done(session.run(&ID));
    fs::remove_dir_all(&folder).unwrap();
    done(session.run(&["restore", "first.backup", "--keyring"]));
}

#[test]
fn a_profile_that_cannot_be_made_leaves_no_key_behind() {
    let test = "a_profile_that_cannot_be_made_leaves_no_key_behind";
    let Some(session) = Session::open(test) else {
        return;
    };
    let folder = session.folder.path().join("entrenous/default");
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let ended = init(&session, &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(session.kept(), "");

    // One that was there before stays.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(init(&session, &[]).code, Some(0));
    let kept = session.kept();
    fs::remove_file(folder.join("store.db")).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(init(&session, &[]).code, Some(1));
    assert_eq!(session.kept(), kept);
}

#[test]
fn a_locked_keyring_says_so_and_is_given_nothing() {
    let test = "a_locked_keyring_says_so_and_is_given_nothing";
    let Some(session) = Session::open(test) else {
        return;
    };
    assert_eq!(init(&session, &[]).code, Some(0));
    session.lock();
    refused(session.run(&ID), "the keyring stays locked");
    let more = ["init", "--name", "Bob", "--keyring", "--profile", "bob"];
    refused(session.run(&more), "the keyring stays locked");
    let bob = session.folder.path().join("entrenous/bob/store.db");
    assert!(!bob.exists());
}

#[test]
fn a_keyring_that_does_not_answer_can_be_left() {
    let test = "a_keyring_that_does_not_answer_can_be_left";
    if !has_programs(test, &["secret-tool"]) {
        return;
    }
    let folder = Folder::new();
    let made = ["init", "--name", "Alice", "--key-file", "key"];
    done(Person::run_in(folder.path(), &made, ""));
    let bus = UnixListener::bind(folder.path().join("bus")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrenous"));
    command.args(ID);
    let address = format!("unix:path={}", folder.path().join("bus").display());
    let person = Person::spawn(in_session(command, folder.path(), &address), "");
    let mut asked = bus.accept().unwrap().0;
    person.talk_with("waiting for the keyring");
    person.interrupt();
    assert_eq!(person.end().code, Some(130));
    // Nor does the command stay behind: its end of the line is closed.
    asked.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn without_a_session_or_the_command_the_person_is_told_what_to_install() {
    let folder = Folder::new();
    let made = ["init", "--name", "Alice", "--key-file", "key"];
    done(Person::run_in(folder.path(), &made, ""));
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrenous"));
        command.args(ID);
        in_session(command, folder.path(), "unix:path=/nowhere/bus")
    };
    let mut without = run();
    without.env("PATH", folder.path());
    let ended = refused(Person::spawn(without, ""), "`secret-tool` is not installed");
    assert!(ended.stderr.contains("libsecret-tools"), "{ended:?}");

    let test = "without_a_session_or_the_command_the_person_is_told_what_to_install";
    if has_programs(test, &["secret-tool"]) {
        let ended = refused(Person::spawn(run(), ""), "there is no D-Bus session");
        assert!(ended.stderr.contains("dbus-run-session"), "{ended:?}");
    }
}
