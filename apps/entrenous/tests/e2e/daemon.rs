//! The daemon, as a program that was written for Kamune's uses it.

mod client;
mod files;
mod history;
mod lines;
#[cfg(unix)]
mod socket;
mod ways;

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::person::Person;
use crate::profile::{Owner, text};
use client::Client;

const HERE: &str = "127.0.0.1:0";

/// A daemon with a profile of its own, which a client has had made.
fn daemon(folder: &Folder) -> Client<Person> {
    daemon_with(folder, &[])
}

/// The same, with more arguments.
fn daemon_with(folder: &Folder, more: &[&str]) -> Client<Person> {
    let args = [&["daemon"], more].concat();
    let mut daemon = Client::new(Person::run_in(folder.path(), &args, ""));
    let ready = daemon.event("ready");
    assert_eq!(ready["data"]["protocol_version"], "1");
    assert!(ready["data"]["pid"].is_string() && ready["id"].is_null());
    let path = folder.path().join("kamune.db");
    let path = path.to_str().unwrap();
    let params = json!({ "storage_path": path, "db_no_passphrase": true });
    let opened = daemon.asks("open_storage", params);
    assert_eq!(
        opened["data"],
        json!({ "status": "opened", "storage_path": path })
    );
    let words = daemon.event("entrenous_recovery_words");
    assert!(words["id"].is_null());
    assert_eq!(text(&words["data"]["words"]).split(' ').count(), 24);
    let changed = daemon.event("fingerprint_changed");
    for form in ["emoji", "b64", "hex", "sum"] {
        assert!(changed["data"][form].is_string(), "{changed}");
    }
    daemon.event("local_name_changed");
    daemon
}

/// Two who take everybody.
fn two(folders: &(Folder, Folder)) -> (Client<Person>, Client<Person>) {
    let auto = ["--verification", "auto"];
    (
        daemon_with(&folders.0, &auto),
        daemon_with(&folders.1, &auto),
    )
}

/// Calls as `params` say, which `there` takes; the session of each.
#[track_caller]
fn dials(here: &mut Client<Person>, there: &mut Client<Person>, params: Value) -> [Value; 2] {
    let began = here.asks_for("session_started", "dial", params);
    let taken = there.event("session_started");
    [began["data"].clone(), taken["data"].clone()]
}

/// Says something in a session, which comes; then ends it.
#[track_caller]
fn talks(here: &mut Client<Person>, there: &mut Client<Person>, session: &Value) {
    let session = &session["session_id"];
    let hello = json!({ "session_id": session, "data_base64": "SGVsbG8=" });
    here.asks_for("message_sent", "send_message", hello);
    assert_eq!(
        there.event("message_received")["data"]["data_base64"],
        "SGVsbG8="
    );
    here.asks("close_session", json!({ "session_id": session }));
    here.event("session_closed");
    there.event("session_closed");
}

/// Takes calls, and says where.
fn starts(daemon: &mut Client<Person>) -> String {
    let params = json!({ "addr": HERE, "transport": "tcp" });
    let started = daemon.asks_for("server_started", "start_server", params);
    text(&started["data"]["addr"])
}

/// Says that whoever waits is wanted.
fn accepts(daemon: &mut Client<Person>) -> Value {
    let asked = daemon.event("verify_peer");
    let request = asked["data"]["request_id"].clone();
    let params = json!({ "request_id": request, "accepted": true });
    let answer = daemon.asks("verify_response", params);
    assert_eq!(answer["data"], json!({ "status": "ok" }));
    asked
}

#[test]
fn two_daemons_ask_talk_and_know_each_other_then() {
    let folders = (Folder::new(), Folder::new());
    let (mut alice, mut bob) = (daemon(&folders.0), daemon(&folders.1));
    let addr = starts(&mut alice);
    let status = alice.asks("get_server_status", json!({}));
    assert_eq!(status["data"]["running"], true);
    assert_eq!(status["data"]["addr"], *addr);

    let named = json!({ "name": "Robert" });
    assert_eq!(bob.asks("set_my_name", named)["data"]["status"], "ok");
    let dialing = bob.says("dial", json!({ "addr": addr, "transport": "tcp" }));
    let asked = accepts(&mut alice);
    let asked = &asked["data"];
    assert_eq!(
        (&asked["peer_name"], &asked["known"]),
        (&json!("Robert"), &json!(false))
    );
    assert_eq!(
        (&asked["mode"], &asked["entrenous_who"]),
        (&json!("quick"), &json!("unknown"))
    );
    let shown = bob.asks("get_fingerprint", json!({}));
    assert_eq!(asked["hex"], shown["data"]["hex"]);
    accepts(&mut bob);
    let theirs = bob.event_of("session_started", &dialing);
    let ours = alice.event("session_started");
    assert!(ours["id"].is_null());
    assert_eq!(ours["data"]["peer_name"], "Robert");
    assert_eq!(
        (&ours["data"]["is_server"], &ours["data"]["cause"]),
        (&json!(true), &json!("incoming"))
    );
    assert_eq!(
        (&theirs["data"]["is_server"], &theirs["data"]["cause"]),
        (&json!(false), &json!("dial"))
    );
    let (ours, theirs) = (
        text(&ours["data"]["session_id"]),
        text(&theirs["data"]["session_id"]),
    );

    // the words of the document
    let hello = json!({ "session_id": theirs, "data_base64": "SGVsbG8sIFdvcmxkIQ==" });
    let sent = bob.asks_for("message_sent", "send_message", hello);
    assert_eq!(sent["data"]["session_id"], *theirs);
    let came = alice.event("message_received");
    assert_eq!(came["data"]["session_id"], *ours);
    assert_eq!(came["data"]["data_base64"], "SGVsbG8sIFdvcmxkIQ==");
    alice.event("session_updated");
    let sessions = alice.asks("list_sessions", json!({}));
    assert_eq!(sessions["data"]["sessions"][0]["msg_count"], 1);
    let info = alice.asks("get_session_info", json!({ "session_id": ours }));
    assert_eq!(
        (&info["data"]["type"], &info["data"]["msg_count"]),
        (&json!("live"), &json!(1))
    );
    let params = json!({ "session_id": ours, "name": "Bobby" });
    assert_eq!(alice.asks("rename_session", params)["data"]["status"], "ok");
    let long = json!({ "session_id": theirs, "data_base64": "QUFB".repeat(20_479) });
    assert_eq!(bob.fails("send_message", long), "send_message_failed");

    let peers = alice.asks("list_peers", json!({}));
    let peer = peers["data"]["peers"][0].clone();
    assert_eq!(
        (&peer["name"], &peer["entrenous_verified"]),
        (&json!("Robert"), &json!(false))
    );
    assert!(text(&peer["public_key"]).ends_with('='));
    let key = peer["public_key"].clone();
    let params = json!({ "public_key": key, "name": "Bob" });
    let renamed = alice.asks("rename_peer", params);
    assert_eq!(
        renamed["data"],
        json!({ "status": "renamed", "name": "Bob" })
    );
    let got = alice.asks("get_peer", json!({ "public_key": key }));
    assert_eq!(got["data"]["name"], "Bob");
    assert_eq!(
        text(&got["data"]["public_key"]),
        text(&shown["data"]["b64"])
    );

    let closed = bob.asks("close_session", json!({ "session_id": theirs }));
    assert_eq!(
        closed["data"],
        json!({ "status": "closed", "session_id": theirs })
    );
    assert_eq!(
        bob.event("session_closed")["data"]["entrenous_reason"],
        "left"
    );
    let closed = alice.event("session_closed");
    assert_eq!(closed["data"]["entrenous_reason"], "closed");
    assert_eq!(closed["data"]["peer_name"], "Bobby");
    assert_eq!(
        bob.fails("close_session", json!({ "session_id": theirs })),
        "session_not_found"
    );

    // known by key now: nobody is asked
    let started = bob.asks_for("session_started", "dial", json!({ "addr": addr }));
    alice.event("session_started");
    // but in strict mode
    let params = json!({ "session_id": started["data"]["session_id"] });
    bob.asks("close_session", params);
    alice.event("session_closed");
    let set = alice.asks("set_verification_mode", json!({ "mode": 0 }));
    assert_eq!(set["data"], json!({ "status": "ok", "mode": "0" }));
    let again = alice.event("server_started");
    assert!(again["id"].is_null());
    assert_eq!(again["data"]["addr"], *addr);
    let dialing = bob.says("dial", json!({ "addr": addr }));
    let asked = alice.event("verify_peer");
    assert_eq!(
        (&asked["data"]["known"], &asked["data"]["mode"]),
        (&json!(true), &json!("strict"))
    );
    assert_eq!(asked["data"]["entrenous_name"], "Bob");
    let request = asked["data"]["request_id"].clone();
    alice.asks(
        "verify_response",
        json!({ "request_id": request, "accepted": false }),
    );
    assert_eq!(bob.error_of(&dialing), "dial_failed");
    let gone = json!({ "request_id": request, "accepted": true });
    assert_eq!(
        alice.fails("verify_response", gone),
        "verification_not_found"
    );

    // whoever is forgotten is unknown again
    assert_eq!(
        alice.asks("delete_peer", json!({ "public_key": key }))["data"]["status"],
        "deleted"
    );
    assert_eq!(
        alice.fails("get_peer", json!({ "public_key": key })),
        "peer_not_found"
    );
    let added = alice.asks("add_peer", json!({ "public_key": key }));
    assert_eq!(added["data"]["status"], "added");
    assert_eq!(
        alice.fails("add_peer", json!({ "public_key": key })),
        "peer_already_exists"
    );

    let over = alice.asks("shutdown", json!({}));
    assert_eq!(over["data"], json!({ "status": "shutdown" }));
    assert_eq!(alice.into_inner().end().code, Some(0));
    // the end of input is an end, too
    let mut bob = bob.into_inner();
    bob.end_input();
    bob.line_with(r#""status":"shutdown""#);
    assert_eq!(bob.end().code, Some(0));
}

#[test]
fn a_daemon_talks_to_a_person_who_calls_its_link() {
    let (robot, bob) = (Owner::init("Robot", &[]), Owner::init("Bob", &[]));
    let args = ["daemon", "--open", "--verification", "auto"];
    let mut daemon = Client::new(robot.run(&args, ""));
    daemon.event("ready");
    assert_eq!(daemon.event("local_name_changed")["data"]["name"], "Robot");
    assert_eq!(
        daemon.asks("get_my_name", json!({}))["data"]["name"],
        "Robot"
    );
    let mode = daemon.asks("get_verification_mode", json!({}));
    assert_eq!(mode["data"], json!({ "mode": "2" }));
    let addr = starts(&mut daemon);
    let share = daemon.asks("get_share_info", json!({}));
    assert_eq!(text(&share["data"]["url"]), format!("tcp://{addr}"));
    let link = text(&share["data"]["entrenous_link"]);
    let mut person = bob.run(&["call", &link, "--json", "--no-input"], "");
    let session = daemon.event("session_started")["data"]["session_id"].clone();
    person.line_with(r#""event":"established""#);
    person.say("good evening");
    let came = daemon.event("message_received");
    assert_eq!(came["data"]["data_base64"], "Z29vZCBldmVuaW5n");
    let answer = json!({ "session_id": session, "data_base64": "YW5kIHRvIHlvdQ==" });
    daemon.asks_for("message_sent", "send_message", answer);
    person.line_with("and to you");
    // a signal is an orderly end, and says goodbye
    let daemon = daemon.into_inner();
    daemon.signal("-TERM");
    daemon.line_with(r#""evt":"session_closed""#);
    assert_eq!(daemon.end().code, Some(0));
    person.line_with(r#""reason":"closed""#);
    assert_eq!(person.end().code, Some(0));
}
