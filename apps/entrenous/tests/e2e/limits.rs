//! Messages at the limit of each place, and one byte above it.

use crate::folder::Folder;
use crate::lan::Room;
use crate::person::{Ended, Person};

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
