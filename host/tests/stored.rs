//! Whatever the server stores is in the operator's page.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::Request as HttpRequest;
use host::http::Settings;
use host::pins::Terms;
use journal::{Clock, Limits, Memory, Store, SystemClock};
use wire::v1::operation::Operation as Op;
use wire::v1::{BucketLeave, InvitationAnswer, InvitationLeave, InvitationTake, Request};

#[path = "protocol/local.rs"]
mod local;
#[path = "protocol/person.rs"]
#[expect(dead_code, reason = "these tests do not need all of it")]
mod person;

use local::Local;
use person::{Person, bytes, change, device};

const PAGE: &str = include_str!("../../docs/operator.md");

#[test]
fn every_field_of_every_stored_message_is_in_the_operators_page() {
    let stored = include_str!("../../core/wire/proto/entrenous/v1/stored.proto");
    let mut message = "";
    let mut fields = 0;
    for line in stored.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("message ") {
            message = rest.trim_end_matches(" {");
            let named = PAGE.contains(&format!("`{message}`"));
            assert!(
                named,
                "{message} is stored, and docs/operator.md does not say so"
            );
        }
        if let Some((field, _)) = line.split_once(" = ")
            && !line.starts_with("//")
            && !message.is_empty()
        {
            let field = field.split_whitespace().last().unwrap();
            let row = PAGE.lines().filter(|line| line.contains(message));
            let is_named = row.into_iter().any(|row| {
                row.contains(&format!("`{field}`")) || row.contains(&format!("{message}.{field}"))
            });
            assert!(
                is_named,
                "{message}.{field} is stored, and docs/operator.md does not say so"
            );
            fields += 1;
        }
    }
    assert_eq!(
        fields, 26,
        "a field was added or removed: look at the page as a whole"
    );
}

/// A server at which everything was done that leaves something in its store.
async fn used() -> Arc<dyn Store> {
    let store: Arc<dyn Store> = Arc::new(Memory::new(Limits::default(), Arc::new(SystemClock)));
    let server = Local::new(Settings::default(), Arc::clone(&store)).await;
    let mut anna = Person::new(1);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let pins = server.responder.pins();
    pins.create(SystemClock.now(), Terms::default())
        .await
        .unwrap();
    let leave = |number: u8| {
        Op::InvitationLeave(InvitationLeave {
            id: vec![number; 24],
            sealed: vec![1],
            until_s: now.as_secs().saturating_add(3600),
            uses: 1,
        })
    };
    let register = anna.register("");
    server.ask_as(&anna, &register).await.unwrap();
    let add = change(&anna.add(&device(1, 1)));
    for operation in [&add, &leave(1), &leave(2)] {
        server.ask_as(&anna, operation).await.unwrap();
    }
    let id = vec![1; 24];
    for operation in [
        Op::InvitationTake(InvitationTake { id: id.clone() }),
        Op::InvitationAnswer(InvitationAnswer {
            id,
            sealed: vec![2],
        }),
        Op::BucketLeave(BucketLeave {
            entry: vec![3; 256],
        }),
    ] {
        let request = Request {
            key: vec![1; 16],
            operation: bytes(&operation),
            ..Request::default()
        };
        server.ask(&request).await.unwrap();
    }
    for path in ["/t1", "/meet/b/t1"] {
        let length = if path == "/t1" { 288 } else { 768 };
        let post = HttpRequest::post(path).body(Body::from(vec![1; length]));
        server.send(1, post.unwrap()).await;
    }
    store
}

#[tokio::test]
async fn every_kind_of_name_that_a_used_server_has_in_its_store_is_in_the_operators_page() {
    let store = used().await;
    let mut found = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for kind in 0..=u8::MAX {
        for cell in store.cells(kind, None, 100).await.unwrap() {
            found.insert(kind);
            cells.insert(cell.as_bytes().to_vec());
        }
        for _ in store.subjects(kind, None, 100).await.unwrap() {
            found.insert(kind);
        }
    }
    let line = PAGE
        .lines()
        .find(|line| line.contains("Names in the store begin with"));
    let line = line.unwrap();
    for kind in &found {
        let letter = format!("`{}`", char::from(*kind));
        assert!(
            line.contains(&letter),
            "names with {letter} are stored, and docs/operator.md does not say so"
        );
    }
    // The control: what this test is about is there.
    assert!(
        b"PAEIRrbS".iter().all(|kind| found.contains(kind)),
        "{found:?}"
    );

    // Of buckets there is no message: a row for each cell, and the parts of a record.
    let row = |name: &str| PAGE.lines().any(|line| line.starts_with(name));
    for cell in cells.iter().filter(|cell| cell[0] == b'r') {
        let name = std::str::from_utf8(&cell[1..]).unwrap();
        assert!(
            row(&format!("| cell `{name}` ")),
            "{name} is stored, and docs/operator.md does not say so"
        );
    }
    assert!(row(
        "| an entry, at its bucket's hash: `bucket id`, `entry` "
    ));
    let logs = store.subjects(b'r', None, 100).await.unwrap();
    assert_eq!(logs.len(), 1);
    let page = store.read(&logs[0], 0, 9, 9999).await.unwrap();
    let record = &page.entries[0].payload;
    // The id of a bucket, and the entry: nothing else.
    assert_eq!(record.len(), 12 + 256);
    assert!(record[12..].iter().all(|byte| *byte == 3));
}
