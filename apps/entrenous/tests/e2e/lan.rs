use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Command, Stdio};

use serde_json::Value;
use socket2::SockRef;

use crate::folder::Folder;
use crate::person::Person;

/// A room of its own: loopback, and a port that is kept for those who share it.
pub(crate) struct Room {
    port: String,
    _kept: UdpSocket,
}

impl Room {
    pub(crate) fn new() -> Self {
        // Another loopback address, so that it gets nothing that is for the people in the room.
        let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).unwrap();
        SockRef::from(&socket).set_reuse_address(true).unwrap();
        Self {
            port: socket.local_addr().unwrap().port().to_string(),
            _kept: socket,
        }
    }

    pub(crate) fn args<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let room = [
            "meet",
            "--bind-addr",
            "127.0.0.1",
            "--multicast-port",
            &self.port,
        ];
        [&room, more].concat()
    }

    fn person(&self, phrase: &str, message: &str, more: &[&str]) -> Person {
        let phrase = ["--passphrase", phrase, "--message", message];
        Person::run(&self.args(&[&phrase, more].concat()), "")
    }
}

#[test]
fn two_people_meet_and_a_third_with_another_passphrase_does_not() {
    let room = Room::new();
    let [ana, ben] = [("from ana", "tulip anchor"), ("from ben", "tulip anchor")]
        .map(|(message, phrase)| room.person(phrase, message, &[]));
    let cleo = room.person("another phrase", "from cleo", &["--timeout", "20"]);
    cleo.talk_with("2 others in the room");
    assert_eq!(ana.line(), "from ben");
    assert_eq!(ben.line(), "from ana");
    let cleo = cleo.end();
    assert_eq!(cleo.code, Some(3));
    assert_eq!(cleo.stdout, [""; 0]);
    let error = "error: nobody was met in 20s: 2 others were there, with another passphrase\n";
    assert!(cleo.stderr.contains(error), "{}", cleo.stderr);
    assert!(cleo.stderr.contains("hint: compare"), "{}", cleo.stderr);
    let stays = "answering others for 4s more, so that leaving does not show whether you met anybody; \
                 Ctrl-C leaves at once\n";
    assert!(cleo.stderr.contains(stays), "{}", cleo.stderr);
    for person in [ana, ben] {
        person.interrupt();
        person.talk_with("answering others for 4s more");
        let person = person.end();
        assert_eq!(person.code, Some(0), "somebody was met: {}", person.stderr);
        assert_eq!(person.stdout.len(), 1);
        assert!(
            person.stderr.ends_with("stopped: met one person\n"),
            "{}",
            person.stderr
        );
    }
}

#[test]
fn reveal_once_ends_with_the_first_match() {
    let room = Room::new();
    let people = ["ana", "ben"].map(|name| room.person("tulip anchor", name, &["--reveal-once"]));
    let [ana, ben] = people.map(Person::end);
    assert_eq!((ana.code, ana.stdout), (Some(0), vec!["ben".to_owned()]));
    assert_eq!((ben.code, ben.stdout), (Some(0), vec!["ana".to_owned()]));
}

#[test]
fn ctrl_c_twice_leaves_at_once_with_the_same_result() {
    let room = Room::new();
    let ana = room.person("tulip anchor", "hi", &["--json"]);
    let ben = room.person("tulip anchor", "ho", &[]);
    let cleo = room.person("another phrase", "he", &[]);
    ana.line_with("\"match\"");
    ben.line();
    cleo.talk_with("2 others in the room");
    for person in [&ana, &ben, &cleo] {
        person.interrupt();
    }
    let leaving: Value = serde_json::from_str(&ana.line_with("leaving")).unwrap();
    assert_eq!(leaving["reason"], "interrupted");
    assert_eq!(leaving["lasts_s"], 4);
    for person in [&ben, &cleo] {
        person.talk_with("Ctrl-C again leaves at once");
    }
    for person in [&ana, &ben, &cleo] {
        person.interrupt();
    }
    let [ana, ben, cleo] = [ana, ben, cleo].map(Person::end);
    assert_eq!(
        [ana.code, ben.code, cleo.code],
        [Some(0), Some(0), Some(130)]
    );
    let last: Value = serde_json::from_str(ana.stdout.last().unwrap()).unwrap();
    assert_eq!(last["event"], "done", "also after the second Ctrl-C");
    assert!(
        ben.stderr.ends_with("stopped: met one person\n"),
        "{}",
        ben.stderr
    );
    assert!(
        cleo.stderr.ends_with("stopped; nobody was met\n"),
        "{}",
        cleo.stderr
    );
}

#[test]
fn json_is_one_object_per_line_and_nothing_else() {
    let room = Room::new();
    let hostile = "see \u{1b}[2J you\u{202e}";
    let ana = room.person("tulip anchor", "hi", &["--json"]);
    let ben = room.person("tulip anchor", hostile, &[]);
    assert_eq!(ben.line(), "hi");
    let mut missing = vec!["\"room\"", "\"match\""];
    while !missing.is_empty() {
        let line = ana.line();
        missing.retain(|name| !line.contains(name));
    }
    ana.interrupt();
    let ana = ana.end();
    assert_eq!(ana.code, Some(0));
    assert_eq!(ana.stderr, "");
    let lines: Vec<Value> = ana
        .stdout
        .iter()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    let names: Vec<_> = lines
        .iter()
        .map(|line| line["event"].as_str().unwrap())
        .collect();
    assert_eq!(names.first(), Some(&"warning"), "arguments are visible");
    assert_eq!(names.last(), Some(&"done"));
    let find = |name| &lines[names.iter().position(|n| *n == name).expect(name)];
    assert_eq!(find("started")["place"], "lan");
    assert_eq!(find("started")["interfaces"][0]["address"], "127.0.0.1");
    assert_eq!(find("started")["timeout_s"], 600);
    assert_eq!(find("room")["others"], 1);
    assert_eq!(
        find("match")["text"],
        hostile,
        "programs get every character"
    );
    assert_eq!(find("match")["payload"], "c2VlIBtbMkogeW914oCu");
    assert_eq!(find("done")["matches"], 1);
    assert!(
        !ana.stdout.concat().contains(['\u{1b}', '\u{202e}']),
        "and terminals none of them"
    );
}

#[test]
fn passphrase_and_message_come_from_file_and_stdin() {
    let room = Room::new();
    let folder = Folder::new();
    let phrase = folder.file("phrase", "tulip anchor\n");
    let ana = Person::run(
        &room.args(&["--passphrase-file", &phrase, "--message", "-"]),
        "one\ntwo\n",
    );
    let ben = Person::run(
        &room.args(&["--passphrase-file", "-", "--message", "hi"]),
        "tulip anchor\n",
    );
    assert_eq!(ben.line(), "one\\ntwo", "one line for one message");
    assert_eq!(ana.line(), "hi");
    ana.interrupt();
    let talk = ana.end().stderr;
    assert!(!talk.contains("warning"), "nothing is visible: {talk}");
}

#[test]
fn bytes_that_are_not_text_are_shown_in_hexadecimal() {
    let room = Room::new();
    let folder = Folder::new();
    let bytes = folder.path().join("bytes");
    std::fs::write(&bytes, [0xff, 0x00, 0x80]).unwrap();
    let mut command = Command::new("sh");
    let script = "exec \"$0\" \"$@\" --message - --passphrase p < bytes";
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_entrenous")])
        .args(room.args(&[]));
    command.current_dir(folder.path());
    let ana = Person::spawn(command, "");
    let ben = room.person("p", "hi", &[]);
    assert_eq!(ben.line(), "ff0080");
    ben.talk_with("message 1 is not text");
    assert_eq!(ana.line(), "hi");
}

#[test]
fn ctrl_c_stops_at_once_and_leaves_nothing_behind() {
    let room = Room::new();
    let folder = Folder::new();
    let args = room.args(&["--passphrase", "tulip anchor", "--message", "hi", "--json"]);
    let ana = Person::run_in(folder.path(), &args, "");
    ana.line_with("started");
    ana.interrupt();
    let ana = ana.end();
    assert_eq!(ana.code, Some(130));
    let last: Value = serde_json::from_str(ana.stdout.last().unwrap()).unwrap();
    assert_eq!(last["kind"], "interrupted");
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn a_termination_signal_is_as_good_as_ctrl_c() {
    let room = Room::new();
    let ana = room.person("tulip anchor", "hi", &[]);
    ana.talk_with("waiting 10m");
    ana.signal("-TERM");
    let ana = ana.end();
    assert_eq!(ana.code, Some(130));
    assert!(
        ana.stderr.ends_with("stopped; nobody was met\n"),
        "{}",
        ana.stderr
    );
}

#[test]
fn ctrl_c_also_stops_while_stdin_is_awaited() {
    let room = Room::new();
    let ana = Person::run(&room.args(&["--passphrase", "p", "--message", "-"]), "");
    ana.talk_with("can see");
    ana.interrupt();
    assert_eq!(ana.end().code, Some(130));
}

#[test]
fn a_port_in_use_is_named_with_a_way_out() {
    // Bound without sharing, as other programs do.
    let taken = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let args = [
        "meet",
        "--bind-addr",
        "127.0.0.1",
        "--multicast-port",
        &port,
    ];
    let secrets = ["--passphrase", "tulip anchor", "--message", "hi"];
    let ended = Person::run(&[&args[..], &secrets].concat(), "").end();
    assert_eq!(ended.code, Some(3));
    assert_eq!(ended.stdout, [""; 0]);
    let said = format!(
        "entrenous: error: another program keeps UDP port {port} to itself\n\
         entrenous: hint: end that program, or agree on another port with `--multicast-port`\n"
    );
    assert!(ended.stderr.ends_with(&said), "{}", ended.stderr);
}

#[test]
fn output_that_nobody_reads_is_an_end_like_any_other() {
    let room = Room::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrenous"));
    command.args(room.args(&["--passphrase", "p", "--message", "hi", "--json"]));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = command
        .stdout(writer)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
}
