//! Files between daemons, which Kamune does not have.

use std::fs;

use serde_json::{Value, json};

use super::client::Client;
use super::{HERE, dials, two};
use crate::folder::Folder;
use crate::person::Person;
use crate::profile::text;

/// The next event about a file with this standing.
#[track_caller]
fn file(daemon: &mut Client<Person>, standing: &str) -> Value {
    loop {
        let told = daemon.event("entrenous_file");
        if told["data"]["standing"] == standing {
            return told["data"].clone();
        }
    }
}

#[test]
fn a_file_goes_from_one_daemon_to_the_other() {
    let folders = (Folder::new(), Folder::new());
    let (mut alice, mut bob) = two(&folders);
    let started = alice.asks_for("server_started", "start_server", json!({ "addr": HERE }));
    let params = json!({ "addr": started["data"]["addr"] });
    let [here, there] = dials(&mut bob, &mut alice, params);
    let [here, there] = [&here, &there].map(|session| session["session_id"].clone());
    let path = folders.1.file("photo.jpg", "not much of one");
    let into = folders.0.path().join("in");
    fs::create_dir(&into).unwrap();

    let nothing = json!({ "session_id": here, "path": "nothing" });
    assert_eq!(bob.fails("entrenous_send_file", nothing), "file_failed");
    let given = json!({ "session_id": here, "path": path });
    let offered = bob.asks("entrenous_send_file", given.clone());
    let id = text(&offered["data"]["file_id"]);
    let told = file(&mut alice, "offered");
    assert_eq!(
        (&told["file_id"], &told["name"], &told["size"]),
        (&json!(id), &json!("photo.jpg"), &json!(15))
    );
    assert_eq!((&told["way"], &told["session_id"]), (&json!("in"), &there));
    let mut taken = json!({ "session_id": there, "file_id": "00", "into": into });
    let code = alice.fails("entrenous_accept_file", taken.clone());
    assert_eq!(code, "file_not_found");
    taken["file_id"] = json!(id);
    let taken = alice.asks("entrenous_accept_file", taken);
    assert_eq!(taken["data"], json!({ "status": "ok" }));
    let done = file(&mut alice, "done");
    assert_eq!(
        fs::read_to_string(text(&done["path"])).unwrap(),
        "not much of one"
    );
    assert_eq!(file(&mut bob, "done")["file_id"], *id);

    // one that is not wanted
    let offered = bob.asks("entrenous_send_file", given);
    let id = offered["data"]["file_id"].clone();
    file(&mut alice, "offered");
    let declined = json!({ "session_id": there, "file_id": id });
    alice.asks("entrenous_cancel_file", declined.clone());
    assert_eq!(file(&mut bob, "declined")["file_id"], id);
    let code = alice.fails("entrenous_cancel_file", declined);
    assert_eq!(code, "file_not_found");
}
