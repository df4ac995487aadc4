//! Lines that no client of good will sends, and what this program cannot do.

use std::io::Write;

use serde_json::json;

use super::{Client, HERE, daemon};
use crate::folder::Folder;
use crate::person::Person;

#[test]
fn hostile_lines_are_answered_and_the_daemon_lives() {
    let folder = Folder::new();
    let mut daemon = Client::new(Person::run_in(folder.path(), &["daemon"], ""));
    daemon.event("ready");
    let mut told = |line: &str| {
        daemon.line(line);
        daemon.event("error")["data"]["code"].clone()
    };
    assert_eq!(told(&"x".repeat((1 << 20) + 1)), "line_too_long");
    assert_eq!(told(&"[".repeat(1 << 20)), "invalid_json");
    assert_eq!(told("hello"), "invalid_json");
    assert_eq!(
        told(r#"{"type":"cmd","cmd":"shutdown","id":1}"#),
        "invalid_json"
    );
    assert_eq!(
        told(r#"{"type":"evt","evt":"ready"}"#),
        "unknown_message_type"
    );
    assert_eq!(
        told(r#"{"type":"cmd","cmd":"rm","id":"1"}"#),
        "unknown_command"
    );
    for params in ["7", "[]", r#"{"mode":"0"}"#, r#"{"mode":1e400}"#] {
        let line =
            format!(r#"{{"type":"cmd","cmd":"set_verification_mode","id":"1","params":{params}}}"#);
        assert_eq!(told(&line), "invalid_params", "{params}");
    }
    for mode in [-1, 3] {
        let code = daemon.fails("set_verification_mode", json!({ "mode": mode }));
        assert_eq!(code, "invalid_verification_mode");
    }
    let mut person = daemon.into_inner();
    person
        .input()
        .write_all(b"{\"type\":\"cmd\",\"cmd\":\"\xff\xfe\"}\n\n\r\n")
        .unwrap();
    assert!(person.line_with("error").contains("invalid_json"));
    person.say(r#"{"type":"cmd","cmd":"get_version","id":"alive"}"#);
    person.line_with(r#""id":"alive""#);
    // a last line without an end counts
    let last = br#"{"type":"cmd","cmd":"get_status","id":"last"}"#;
    person.input().write_all(last).unwrap();
    person.end_input();
    person.line_with(r#""id":"last""#);
    assert_eq!(person.end().code, Some(0));
}

#[test]
fn without_a_profile_nothing_is_done_that_needs_one() {
    let folder = Folder::new();
    let mut daemon = Client::new(Person::run_in(folder.path(), &["daemon"], ""));
    for (command, params) in [
        ("start_server", json!({ "addr": HERE })),
        ("dial", json!({ "addr": "127.0.0.1:1" })),
        ("list_peers", json!({})),
        ("set_my_name", json!({ "name": "Me" })),
        (
            "submit_passphrase",
            json!({ "passphrase": "four words of mine" }),
        ),
    ] {
        assert_eq!(
            daemon.fails(command, params),
            "storage_not_opened",
            "{command}"
        );
    }
    let empty = daemon.asks("get_fingerprint", json!({}));
    assert_eq!(
        empty["data"],
        json!({ "emoji": "", "b64": "", "hex": "", "sum": "" })
    );
    assert_eq!(
        daemon.fails("open_storage", json!({})),
        "storage_path_required"
    );
    let file = folder.file("go.db", "another program's");
    let params = json!({ "storage_path": file, "db_no_passphrase": true });
    assert_eq!(daemon.fails("open_storage", params), "storage_open_failed");

    // as in Kamune, a passphrase comes from the environment, or afterwards
    let path = folder.path().join("mine");
    let path = path.to_str().unwrap();
    let params = json!({ "storage_path": path, "db_no_passphrase": false });
    assert_eq!(daemon.fails("open_storage", params), "storage_open_failed");
    let weak = json!({ "passphrase": "123456" });
    assert_eq!(
        daemon.fails("submit_passphrase", weak),
        "storage_open_failed"
    );
    let strong = json!({ "passphrase": "velvet harbour onion quartz" });
    let opened = daemon.asks("submit_passphrase", strong.clone());
    assert_eq!(opened["data"], json!({ "status": "opened" }));
    let wrong = json!({ "passphrase": "velvet harbour onion" });
    assert_eq!(
        daemon.fails("submit_passphrase", wrong),
        "storage_open_failed"
    );
    assert_eq!(daemon.fails("list_peers", json!({})), "storage_not_opened");
    daemon.asks("submit_passphrase", strong);
    let peers = daemon.asks("list_peers", json!({}));
    assert_eq!(peers["data"], json!({ "peers": [] }));
}

#[test]
fn what_this_program_cannot_do_is_said_in_words_and_a_code() {
    let folder = Folder::new();
    let mut daemon = daemon(&folder);
    let params = json!({ "enabled": true });
    assert_eq!(daemon.fails("set_incognito", params), "not_supported");
    for (command, data) in [
        ("get_incognito", json!({ "enabled": false })),
        ("set_incognito", json!({ "enabled": false })),
        ("list_relay_tokens", json!({ "tokens": [] })),
        ("list_p2p_tokens", json!({ "tokens": [] })),
        (
            "has_keychain_passphrase",
            json!({ "has_passphrase": false }),
        ),
        ("get_fingerprint_format", json!({ "format": "hex" })),
        ("get_log_level", json!({ "level": "INFO" })),
        (
            "get_status",
            json!({ "status": "disconnected", "message": "Not connected" }),
        ),
        ("list_sessions", json!({ "sessions": [] })),
        ("clear_logs", json!({ "status": "cleared" })),
        ("get_logs", json!({ "entries": [] })),
        ("get_history_sessions", json!({ "sessions": [] })),
        ("refresh_history", json!({ "status": "refreshed" })),
    ] {
        assert_eq!(daemon.asks(command, json!({}))["data"], data, "{command}");
    }
    for (command, code) in [
        ("cancel_start_server", "server_start_not_in_progress"),
        ("restart_server", "server_not_running"),
        ("get_share_info", "server_not_running"),
        ("remove_relay_token", "token_not_found"),
        ("remove_p2p_token", "p2p_token_remove_failed"),
        ("generate_relay_token", "relay_not_configured"),
        ("generate_p2p_token", "p2p_token_failed"),
        ("load_history", "session_not_found"),
        ("get_history_messages", "session_not_found"),
        ("rename_history_session", "session_not_found"),
        ("delete_history_session", "session_not_found"),
        ("entrenous_send_file", "session_not_found"),
        ("entrenous_accept_file", "session_not_found"),
        ("entrenous_cancel_file", "session_not_found"),
        ("clear_keychain_passphrase", "keychain_clear_failed"),
        ("get_session_info", "session_not_found"),
        ("send_message", "session_not_found"),
        ("get_peer", "invalid_peer_key"),
    ] {
        assert_eq!(daemon.fails(command, json!({})), code, "{command}");
    }
    for (command, transport, code) in [
        ("start_server", "pigeon", "unknown_transport"),
        ("start_server", "udp", "create_server_failed"),
        ("start_server", "relay", "relay_listen_failed"),
        ("start_server", "p2p", "p2p_listener_failed"),
        ("start_server", "direct-p2p", "direct_p2p_failed"),
        ("dial", "pigeon", "unknown_transport"),
        ("dial", "udp", "create_dialer_failed"),
        ("dial", "relay", "relay_dial_failed"),
        ("dial", "p2p", "p2p_listener_failed"),
        ("dial", "direct-p2p", "direct_p2p_failed"),
    ] {
        let params = json!({ "transport": transport });
        assert_eq!(daemon.fails(command, params), code, "{command} {transport}");
    }
    // nobody is there
    let params = json!({ "addr": "127.0.0.1:1" });
    assert_eq!(daemon.fails("dial", params), "dial_failed");
    assert_eq!(
        daemon.asks("get_status", json!({}))["data"]["status"],
        "error"
    );
    // one server at a time, which starts again at the same port
    let addr = super::starts(&mut daemon);
    let params = json!({ "addr": HERE });
    assert_eq!(
        daemon.fails("start_server", params),
        "server_already_running"
    );
    let path = json!({ "storage_path": "elsewhere", "db_no_passphrase": true });
    assert_eq!(daemon.fails("open_storage", path), "storage_busy");
    let again = daemon.asks_for("server_started", "restart_server", json!({}));
    assert_eq!(again["data"]["addr"], *addr);
    assert_eq!(
        daemon.asks("stop_server", json!({}))["data"]["status"],
        "stopped"
    );
    let stopped = daemon.asks("get_server_status", json!({}));
    assert_eq!(stopped["data"]["running"], false);
}
