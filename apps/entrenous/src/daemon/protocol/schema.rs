//! The schemas in `docs/daemon`, held against the code.

mod examples;

use identity::{Fingerprint, IdentityKey};
use primitives::Secret;
use serde_json::{Value, json};

use super::params::FIELDS;
use super::*;
use examples::{events, replies};

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
        let mut named: Vec<&str> = params.keys().map(String::as_str).collect();
        let of = Command::params(name);
        let fields = FIELDS.iter().find(|(params, _)| of == Some(*params));
        let mut fields = fields
            .map(|(_, fields)| fields.to_vec())
            .unwrap_or_default();
        named.sort_unstable();
        fields.sort_unstable();
        assert_eq!(named, fields, "{name}");
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
        r#"{"type":"cmd","cmd":"start_server","id":"1","params":{"transport":"p2p","addr":"0.0.0.0:0","broker_addr":"broker.example.com:4788","peer_pub_b64":"base64..."}}"#,
        r#"{"type":"cmd","cmd":"start_server","id":"1","params":{"transport":"direct-p2p","addr":"0.0.0.0:0","direct_peer_addr":"203.0.113.5:9000"}}"#,
        r#"{"type":"cmd","cmd":"get_share_info","id":"1","params":{}}"#,
        r#"{"type":"cmd","cmd":"dial","id":"1","params":{"transport":"relay","relay_addr":"wss://relay.example.com:8443","token":"deadbeef...","password":"psk-secret"}}"#,
        r#"{"type":"cmd","cmd":"dial","id":"1","params":{"transport":"p2p","broker_addr":"broker.example.com:4788","p2p_token":"hex-token-from-server","name":"MyClient"}}"#,
        r#"{"type":"cmd","cmd":"generate_relay_token","id":"1","params":{}}"#,
        r#"{"type":"cmd","cmd":"rename_history_session","id":"1","params":{"session_id":"abc123...","name":"Project Discussion"}}"#,
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
    // nothing is in the schema that this program does not tell
    let mut told: Vec<_> = events(&fingerprint)
        .iter()
        .map(|event| {
            let value: Value = serde_json::from_slice(&event.line(None).unwrap()).unwrap();
            value["evt"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut named = titles(&schema);
    told.sort_unstable();
    told.dedup();
    named.sort_unstable();
    assert_eq!(told, named);
}
