//! What was said, over a restart.

use serde_json::{Value, json};

use super::client::Client;
use super::{HERE, dials, two};
use crate::folder::Folder;
use crate::person::Person;
use crate::profile::text;

/// The messages with somebody, each as who said it and what.
fn messages(daemon: &mut Client<Person>, session: &Value) -> Vec<(bool, String)> {
    let given = json!({ "session_id": session });
    let told = daemon.asks("get_history_messages", given);
    let told = told["data"]["messages"].as_array().unwrap().clone();
    let line = |told: &Value| (told["is_local"].as_bool().unwrap(), text(&told["text"]));
    told.iter().map(line).collect()
}

#[test]
fn what_was_said_is_there_after_a_restart_until_it_is_deleted() {
    let folders = (Folder::new(), Folder::new());
    let (mut alice, mut bob) = two(&folders);
    bob.asks("set_my_name", json!({ "name": "Bob" }));
    let started = alice.asks_for("server_started", "start_server", json!({ "addr": HERE }));
    let addr = started["data"]["addr"].clone();
    let [here, there] = dials(&mut bob, &mut alice, json!({ "addr": addr }));
    let [here, there] = [&here, &there].map(|session| session["session_id"].clone());
    let words = ["R29vZCBldmVuaW5n", "YW5kIHRvIHlvdQ==", "/w=="];
    for (number, word) in words.iter().enumerate() {
        let (one, other, session) = match number {
            1 => (&mut alice, &mut bob, &there),
            _ => (&mut bob, &mut alice, &here),
        };
        let said = json!({ "session_id": session, "data_base64": word });
        one.asks_for("message_sent", "send_message", said);
        other.event("message_received");
    }
    // a session that goes on has a history
    alice.asks("load_history", json!({ "session_id": there }));
    let said = [
        (false, "Good evening".to_owned()),
        (true, "and to you".to_owned()),
        (false, "\u{fffd}".to_owned()),
    ];
    assert_eq!(messages(&mut alice, &there), said);
    bob.asks("close_session", json!({ "session_id": here }));
    alice.event("session_closed");
    let over = alice.asks("shutdown", json!({}));
    assert_eq!(over["data"]["status"], "shutdown");
    assert_eq!(alice.into_inner().end().code, Some(0));

    let mut alice = Client::new(Person::run_in(folders.0.path(), &["daemon"], ""));
    let path = folders.0.path().join("kamune.db");
    let opening = json!({ "storage_path": path.to_str().unwrap(), "db_no_passphrase": true });
    alice.asks("open_storage", opening);
    alice.event("history_updated");
    let sessions = alice.asks("get_history_sessions", json!({}));
    let sessions = sessions["data"]["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 1);
    let session = sessions[0]["id"].clone();
    assert_eq!(
        (&sessions[0]["name"], &sessions[0]["message_count"]),
        (&json!("Bob"), &json!(3))
    );
    assert_eq!(sessions[0]["loaded"], false);
    let given = json!({ "session_id": session });
    let code = alice.fails("get_history_messages", given.clone());
    assert_eq!(code, "history_not_loaded");
    let loaded = alice.asks("load_history", given.clone());
    assert_eq!(loaded["data"], json!({ "status": "loaded" }));
    assert_eq!(alice.event("history_loaded")["data"]["session_id"], session);
    assert_eq!(messages(&mut alice, &session), said);
    // what is before a line
    let before = json!({ "session_id": session, "entrenous_before": 2 });
    let first = alice.asks("get_history_messages", before);
    assert_eq!(first["data"]["entrenous_more"], false);
    let first = first["data"]["messages"].as_array().unwrap().clone();
    assert_eq!(first.len(), 1);
    assert_eq!(
        (&first[0]["entrenous_line"], &first[0]["entrenous_standing"]),
        (&json!(1), &json!("delivered"))
    );

    // its name is that of the person, whose key it is called by
    let named = json!({ "session_id": session, "name": "Project Discussion" });
    let renamed = alice.asks("rename_history_session", named);
    assert_eq!(renamed["data"], json!({ "status": "ok" }));
    alice.event("history_updated");
    let peer = alice.asks("get_peer", json!({ "public_key": session }));
    assert_eq!(peer["data"]["name"], "Project Discussion");
    let info = alice.asks("get_session_info", given.clone());
    assert_eq!(
        (&info["data"]["type"], &info["data"]["msg_count"]),
        (&json!("history"), &json!(3))
    );
    assert_eq!(info["data"]["loaded"], true);

    let deleted = alice.asks("delete_history_session", given.clone());
    assert_eq!(deleted["data"], json!({ "status": "deleted" }));
    let sessions = alice.asks("get_history_sessions", json!({}));
    assert_eq!(sessions["data"], json!({ "sessions": [] }));
    assert_eq!(alice.fails("get_session_info", given), "session_not_found");
}
