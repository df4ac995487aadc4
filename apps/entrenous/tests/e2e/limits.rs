//! Messages at the limit of each place, and one byte above it.

use crate::folder::Folder;
use crate::lan::Room;
use crate::person::{Ended, Person};

/// Nobody listens there; whoever gets as far as sending finds out.
const NOWHERE: [&str; 3] = ["meet", "--at", "http://127.0.0.1:1"];

fn try_to_send(args: &[&str], bytes: usize) -> Ended {
    let folder = Folder::new();
    let phrase = folder.file("phrase", "four random words here");
    let rest = ["--passphrase-file", &phrase, "--message", "-"];
    Person::run(&[args, &rest].concat(), &"x".repeat(bytes)).end()
}

#[track_caller]
fn assert_refused(ended: &Ended, bytes: usize, max: usize) {
    let expected = format!("the message has {bytes} bytes; at most {max} fit: ");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
}

#[test]
fn the_plain_board_takes_96_bytes_and_cuts_only_when_told() {
    assert_eq!(try_to_send(&NOWHERE, 96).code, Some(3));
    assert_refused(&try_to_send(&NOWHERE, 97), 97, 96);
    let cut = try_to_send(&[&NOWHERE[..], &["--cut"]].concat(), 97);
    assert_eq!(cut.code, Some(3));
    assert!(
        cut.stderr
            .contains("warning: the message is cut to 96 of 97 bytes\n"),
        "{}",
        cut.stderr
    );
}

#[test]
fn a_named_board_takes_574_bytes() {
    let named = [&NOWHERE[..], &["--board", "garden"]].concat();
    assert_eq!(try_to_send(&named, 574).code, Some(3));
    assert_refused(&try_to_send(&named, 575), 575, 574);
}

#[test]
fn a_network_takes_829_bytes() {
    let room = Room::new();
    assert_refused(&try_to_send(&room.args(&[]), 830), 830, 829);
    let alone = try_to_send(&room.args(&["--timeout", "1"]), 829);
    assert!(
        alone.stderr.contains("nobody was met in 1s"),
        "{}",
        alone.stderr
    );
}
