//! Files between two built programs.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::person::Person;
use crate::profile::{Owner, text};

const HERE: &str = "127.0.0.1:0";

fn knows(one: &Owner, other: &Owner) {
    let card = text(&other.told(&["id"], "", "profile")["card"]);
    one.told(&["contacts", "add", &card], "", "contact_added");
}

/// The next event about a file with this standing.
#[track_caller]
fn file(person: &Person, standing: &str) -> Value {
    loop {
        let line = person.line();
        let told: Value = serde_json::from_str(&line).expect(&line);
        assert_ne!(told["event"], "error", "{line}");
        if told["event"] == "file" && told["standing"] == standing {
            return told;
        }
    }
}

/// Somebody who takes calls, and where.
fn listen(alice: &Owner, more: &[&str]) -> (Person, String) {
    let args = ["listen", "--accept-known", "--tcp", HERE, "--json"];
    let person = alice.run(&[&args, more].concat(), "");
    let told: Value = serde_json::from_str(&person.line_with("listening")).unwrap();
    (person, text(&told["link"]))
}

/// Bytes without a pattern, enough to be caught in the middle.
fn bytes() -> Vec<u8> {
    let mut state = 7_u64;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(60_000_000).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_file_goes_on_where_it_was_after_either_program_was_killed() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    knows(&alice, &bob);
    knows(&bob, &alice);
    let (from, to) = (
        bob.folder.path().join("file"),
        alice.folder.path().join("in"),
    );
    let sent = bytes();
    fs::write(&from, &sent).unwrap();
    fs::create_dir(&to).unwrap();
    let path = from.to_str().unwrap();
    let inbox = ["--files", to.to_str().unwrap()];
    let (mut there, link) = listen(&alice, &inbox);
    let here = bob.run(&["send-file", &link, path, "--json"], "");
    let offered = file(&there, "offered");
    assert_eq!(
        (&offered["name"], &offered["size"]),
        (&"file".into(), &60_000_000.into())
    );
    there.say("/accept");
    assert_eq!(file(&here, "accepted")["done"], 0);
    file(&here, "progress");
    // killed when dropped
    drop(here);
    let here = bob.run(&["send-file", &link, path, "--json"], "");
    let done = file(&here, "accepted")["done"].as_u64().unwrap();
    assert!(done > 0);
    drop(there);
    let (there, link) = listen(&alice, &inbox);
    drop(here);
    let here = bob.run(&["send-file", &link, path, "--json"], "");
    assert!(file(&here, "accepted")["done"].as_u64().unwrap() >= done);
    file(&there, "done");
    assert_eq!(here.end().code, Some(0));
    assert_eq!(names(&to), ["file"]);
    assert!(fs::read(to.join("file")).unwrap() == sent);
}

#[test]
fn what_cannot_be_sent_is_said_before_anybody_is_called() {
    let bob = Owner::init("Bob", &[]);
    let folder = bob.folder.path().to_str().unwrap();
    for (path, said) in [(folder, "this is a folder"), ("nothing", "no such file")] {
        let ended = bob.run(&["send-file", "tcp://127.0.0.1:9", path], "").end();
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

#[test]
fn of_several_links_one_that_leads_there_is_taken() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    knows(&alice, &bob);
    // what has a scheme behind a folder is a file
    let name = "./tcp://name";
    fs::create_dir(bob.folder.path().join("tcp:")).unwrap();
    fs::write(bob.folder.path().join("tcp:/name"), "text").unwrap();
    let (mut there, link) = listen(&alice, &["--files", alice.folder.path().to_str().unwrap()]);
    let (_, sum) = link.split_once('?').unwrap();
    let nowhere = format!("tcp://127.0.0.1:9?{sum}");
    let here = bob.run(&["send-file", &nowhere, &link, name], "");
    assert_eq!(file(&there, "offered")["name"], "name");
    there.say("/accept");
    let ended = here.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fs::read(alice.folder.path().join("name")).unwrap(), b"text");

    let ended = bob.run(&["send-file", &nowhere, &link], "").end();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("no file to send"), "{}", ended.stderr);
}

#[test]
fn a_file_of_an_earlier_call_is_named() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    knows(&alice, &bob);
    fs::write(bob.folder.path().join("a letter"), "text").unwrap();
    let (mut there, link) = listen(&alice, &["--files", alice.folder.path().to_str().unwrap()]);
    let ended = bob.run(&["call", &link], "/send a letter\n").end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    file(&there, "offered");
    let mut here = bob.run(&["call", &link], "");
    file(&there, "offered");
    there.say("/accept");
    let said = here.talk_with("is there");
    assert!(said.contains("\"a letter\""), "{said}");
    here.end_input();
    assert_eq!(here.end().code, Some(0));
}

#[test]
fn where_files_go_is_said_as_a_whole_path() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    knows(&alice, &bob);
    fs::write(bob.folder.path().join("file"), "text").unwrap();
    // There is no folder for downloads: the current one is it.
    let there = alice.run(&["listen", "--accept-known", "--tcp", HERE], "");
    let link = there.line();
    let _here = bob.run(&["send-file", &link, "file"], "");
    let said = there.talk_with("they have a file for you");
    let folder = alice.folder.path().canonicalize().unwrap();
    assert!(said.contains(folder.to_str().unwrap()), "{said}");
}

#[test]
fn a_file_that_is_declined_says_so() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    knows(&alice, &bob);
    fs::write(bob.folder.path().join("file"), "text").unwrap();
    let path = bob.folder.path().join("file");
    let (mut there, link) = listen(&alice, &[]);
    let here = bob.run(&["send-file", &link, path.to_str().unwrap()], "");
    file(&there, "offered");
    there.say("/decline 1");
    let ended = here.end();
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("was declined"), "{}", ended.stderr);
}
