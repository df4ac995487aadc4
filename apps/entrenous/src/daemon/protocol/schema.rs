//! The schemas in `docs/daemon`, held against the code.

use identity::{Fingerprint, IdentityKey};
use kernel::Time;
use primitives::Secret;
use serde_json::{Value, json};

use super::params::{FIELDS, Text};
use super::*;

const COMMANDS: &str = include_str!("../../../../../docs/daemon/commands.schema.json");
const EVENTS: &str = include_str!("../../../../../docs/daemon/events.schema.json");

fn read(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap()
}

/// The part of `schema` for what has this name.
fn titled<'a>(schema: &'a Value, name: &str) -> &'a Value {
    let all = schema["oneOf"].as_array().unwrap();
    let part = all.iter().find(|part| part["title"] == name);
    part.unwrap_or_else(|| panic!("no schema of {name}"))
}

fn titles(schema: &Value) -> Vec<&str> {
    let all = schema["oneOf"].as_array().unwrap();
    all.iter()
        .map(|part| part["title"].as_str().unwrap())
        .collect()
}

/// What is wrong with `value`, as far as our schemas say: only what they use is known here, and what they do
/// not name is wrong.
fn check(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(path) = schema["$ref"].as_str() {
        let part = root.pointer(path.trim_start_matches('#'));
        return check(root, part.expect(path), value);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any.iter().any(|part| check(root, part, value).is_ok());
        return fits
            .then_some(())
            .ok_or_else(|| format!("{value} is none of them"));
    }
    let wrong = |what: &str| Err(format!("{value}: {what} of {schema}"));
    if schema.get("const").is_some_and(|wanted| wanted != value) {
        return wrong("const");
    }
    if let Some(all) = schema["enum"].as_array()
        && !all.contains(value)
    {
        return wrong("enum");
    }
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    let fits = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    };
    if !fits {
        return wrong("type");
    }
    for item in value.as_array().into_iter().flatten() {
        check(root, &schema["items"], item)?;
    }
    let Some(object) = value.as_object() else {
        return Ok(());
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !object.contains_key(name.as_str().unwrap()) {
            return wrong(&name.to_string());
        }
    }
    for (name, field) in object {
        match schema["properties"].get(name) {
            Some(part) => check(root, part, field)?,
            None => return wrong(name),
        }
    }
    Ok(())
}

#[test]
fn the_schema_has_every_command_with_every_param() {
    let schema = read(COMMANDS);
    let mut named = titles(&schema);
    let mut known = Command::NAMES.to_vec();
    named.sort_unstable();
    known.sort_unstable();
    assert_eq!(named, known);
    for name in Command::NAMES {
        let params = &titled(&schema, name)["properties"]["params"]["properties"];
        let params = params.as_object().unwrap();
        let looked_at = params
            .iter()
            .filter(|(_, part)| part.get("$comment").is_none());
        let mut looked_at: Vec<&str> = looked_at.map(|(name, _)| name.as_str()).collect();
        let of = Command::params(name);
        let fields = FIELDS.iter().find(|(params, _)| of == Some(*params));
        let mut fields = fields
            .map(|(_, fields)| fields.to_vec())
            .unwrap_or_default();
        looked_at.sort_unstable();
        fields.sort_unstable();
        assert_eq!(looked_at, fields, "{name}");
        // a value that no param has
        for field in fields {
            let line = json!({ "type": "cmd", "cmd": name, "id": "1", "params": { field: {} } });
            let refused = parse(line.to_string().as_bytes()).unwrap_err();
            assert_eq!(refused.fault.code(), "invalid_params", "{line}");
            assert!(check(&schema, titled(&schema, name), &line).is_err());
        }
    }
}

#[test]
fn the_lines_of_the_document_fit_the_schema() {
    let schema = read(COMMANDS);
    for line in [
        r#"{"type":"cmd","cmd":"open_storage","id":"1","params":{"storage_path":"/tmp/kamune.db","db_no_passphrase":true}}"#,
        r#"{"type":"cmd","cmd":"submit_passphrase","id":"1","params":{"passphrase":"correct horse battery staple"}}"#,
        r#"{"type":"cmd","cmd":"start_server","id":"1","params":{"transport":"relay","relay_addr":"wss://relay.example.com:8443","password":"psk-secret","name":"MyServer","addr":""}}"#,
        r#"{"type":"cmd","cmd":"get_share_info","id":"1","params":{}}"#,
        r#"{"type":"cmd","cmd":"dial","id":"1","params":{"addr":"127.0.0.1:9000","name":"MyClient"}}"#,
        r#"{"type":"cmd","cmd":"close_session","id":"1","params":{"session_id":"xyz789..."}}"#,
        r#"{"type":"cmd","cmd":"set_verification_mode","id":"1","params":{"mode":1}}"#,
        r#"{"type":"cmd","cmd":"delete_peer","id":"1","params":{"public_key":"base64encodedkey..."}}"#,
    ] {
        let value: Value = serde_json::from_str(line).unwrap();
        let name = value["cmd"].as_str().unwrap();
        assert_eq!(check(&schema, titled(&schema, name), &value), Ok(()));
        assert!(parse(line.as_bytes()).is_ok_and(|request| request.is_some()));
    }
}

fn session() -> SessionInfo {
    SessionInfo {
        session_id: "a".into(),
        peer_name: "b".into(),
        is_server: true,
        msg_count: 1,
        last_activity: moment(Time::from_ms(0)),
        transport_type: "tcp",
        cause: "incoming",
        session_ttl_ns: 0,
        session_started_at: moment(Time::from_ms(0)),
        remote_addr: String::new(),
        entrenous_verified: false,
    }
}

fn entry() -> LogEntry {
    LogEntry {
        timestamp: moment(Time::from_ms(0)),
        level: "INFO",
        message: "a".into(),
    }
}

/// One of each.
fn events(fingerprint: &Fingerprint) -> Vec<Event> {
    let (emoji, session_id) = (fingerprint.emoji(), "a".to_owned());
    vec![
        Event::Ready {
            version: "1.0.0",
            pid: "1".into(),
            protocol_version: VERSION,
        },
        Event::StatusChanged {
            status: Status::Verifying,
            message: String::new(),
        },
        Event::ServerRunning {
            running: true,
            transport: "tcp",
        },
        Event::ServerStarted {
            addr: "127.0.0.1:1".into(),
            transport: "tcp",
            name: "a".into(),
            public_key: fingerprint.to_base64(),
            emoji,
            fingerprint_hex: fingerprint.to_hex(),
            fingerprint_sum: fingerprint.to_sum(),
        },
        Event::ServerStopped { running: false },
        Event::SessionStarted(session()),
        Event::SessionClosed {
            info: session(),
            entrenous_reason: "left",
            entrenous_waiting: 0,
        },
        Event::SessionUpdated {
            session_id: session_id.clone(),
        },
        Event::SessionReconnecting {
            session_id: session_id.clone(),
            attempt: 1,
            max_attempts: 10,
        },
        Event::SessionReconnected {
            session_id: session_id.clone(),
            entrenous_resumed: true,
        },
        Event::MessageReceived {
            session_id: session_id.clone(),
            data_base64: "AA==".into(),
            timestamp: moment(Time::from_ms(0)),
        },
        Event::MessageSent {
            session_id: session_id.clone(),
            timestamp: moment(Time::from_ms(0)),
        },
        Event::FingerprintChanged(fingerprint.into()),
        Event::LocalNameChanged { name: "a".into() },
        Event::VerifyPeer {
            request_id: 1,
            peer_name: "a".into(),
            emoji,
            hex: fingerprint.to_hex(),
            known: false,
            mode: "quick",
            entrenous_who: Who::KeyChanged,
            entrenous_name: Some("a".into()),
        },
        Event::LogEntry(entry()),
        Fault::new("not_supported", "a").into(),
        Reply::Done { status: "ok" }.into(),
        Event::SessionLost {
            session_id,
            reason: "a".into(),
        },
        Event::VerifyOver { request_id: 1 },
        Event::RecoveryWords {
            words: Text::default(),
        },
    ]
}

/// One of each kind of answer.
fn replies(fingerprint: &Fingerprint) -> Vec<Reply> {
    let text = || "a".to_owned();
    let peer = || PeerInfo {
        name: text(),
        app_version: "",
        first_seen: moment(Time::from_ms(0)),
        last_seen: moment(Time::from_ms(0)),
        public_key: fingerprint.to_base64(),
        entrenous_contact: true,
        entrenous_verified: true,
    };
    let (status, message, path) = (Status::Error, text(), text());
    vec![
        Reply::Opened {
            status: "opened",
            storage_path: path.clone(),
        },
        Reply::Called {
            status: "added",
            name: text(),
        },
        Reply::Server {
            running: false,
            transport: "",
            addr: text(),
            relay_addr: "",
            name: text(),
            started_at: text(),
        },
        Reply::Status { status, message },
        Reply::Sessions {
            sessions: vec![session()],
        },
        Reply::Live {
            kind: "live",
            session_id: text(),
            peer_name: text(),
            is_server: false,
            msg_count: 0,
            last_activity: text(),
            transport_type: "tcp",
            remote_version: "",
            cause: "dial",
            session_ttl_ns: 0,
            started_at: text(),
            remote_addr: text(),
        },
        Reply::Closed {
            status: "closed",
            session_id: text(),
        },
        Reply::ModeSet {
            status: "ok",
            mode: text(),
        },
        Reply::Mode { mode: text() },
        Reply::Peers {
            peers: vec![peer()],
        },
        Reply::Peer(peer()),
        Reply::Fingerprint(fingerprint.into()),
        Reply::Name { name: text() },
        Reply::Version { version: text() },
        Reply::Enabled { enabled: true },
        Reply::Logs {
            entries: vec![entry()],
        },
        Reply::Level { level: "INFO" },
        Reply::LevelSet {
            status: "set",
            level: "INFO",
        },
        Reply::Exported {
            status: "exported",
            file_path: path,
        },
        Reply::Keychain {
            has_passphrase: false,
        },
        Reply::Format { format: text() },
        Reply::FormatSet {
            status: "set",
            format: text(),
        },
        Reply::Tokens { tokens: [] },
        Reply::Share {
            url: text(),
            transport: "tcp",
            address: text(),
            port: text(),
            fingerprint_emoji: text(),
            fingerprint_hex: text(),
            relay_info: None,
            entrenous_link: text(),
        },
    ]
}

#[test]
fn every_event_and_every_answer_fits_the_schema() {
    let schema = read(EVENTS);
    let key = IdentityKey::from_seeds(&Secret::new([7; 32]), None);
    let fingerprint = Fingerprint::of(key.public());
    let replies = replies(&fingerprint).into_iter().map(Event::from);
    for event in events(&fingerprint).into_iter().chain(replies) {
        for id in [None, Some("1")] {
            let line = event.line(id).unwrap();
            let value: Value = serde_json::from_slice(&line).unwrap();
            let name = value["evt"].as_str().unwrap();
            assert_eq!(check(&schema, titled(&schema, name), &value), Ok(()));
        }
    }
    // what Kamune has and this program does not send yet, and what only this program has
    let sent: Vec<_> = events(&fingerprint)
        .iter()
        .map(|event| {
            let value: Value = serde_json::from_slice(&event.line(None).unwrap()).unwrap();
            value["evt"].as_str().unwrap().to_owned()
        })
        .collect();
    for name in titles(&schema) {
        let part = titled(&schema, name);
        let is_sent = part["description"] != "not sent so far";
        assert_eq!(sent.iter().any(|sent| sent == name), is_sent, "{name}");
    }
}
