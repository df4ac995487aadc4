//! Several clients of one daemon, over a Unix socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::client::{Client, Wire};
use crate::folder::Folder;
use crate::person::Person;
use crate::profile::Owner;

struct Connection {
    to: UnixStream,
    from: BufReader<UnixStream>,
}

impl Connection {
    /// Connects, once the daemon is there.
    fn open(path: &Path) -> Client<Self> {
        for _ in 0..6000 {
            if let Ok(to) = UnixStream::connect(path) {
                to.set_read_timeout(Some(PATIENCE)).unwrap();
                let from = BufReader::new(to.try_clone().unwrap());
                return Client::new(Self { to, from });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nobody listens at {}", path.display());
    }
}

impl Wire for Connection {
    fn write(&mut self, line: &str) {
        writeln!(self.to, "{line}").unwrap();
    }

    fn read(&mut self) -> String {
        let mut line = String::new();
        let bytes = self.from.read_line(&mut line).unwrap();
        assert_ne!(bytes, 0, "the daemon hung up");
        line.trim_end().to_owned()
    }
}

#[test]
fn every_client_hears_all_events_and_its_own_answers() {
    let robot = Owner::init("Robot", &[]);
    let path = robot.folder.path().join("daemon.sock");
    let socket = path.to_str().unwrap();
    let daemon = robot.run(&["daemon", "--open", "--socket", socket], "");
    let mut one = Connection::open(&path);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut two = Connection::open(&path);
    for client in [&mut one, &mut two] {
        client.event("ready");
        assert_eq!(client.event("local_name_changed")["data"]["name"], "Robot");
    }
    // a second daemon does not take the place of one that lives
    let other = Owner::init("Other", &[]);
    let ended = other.run(&["daemon", "--socket", socket], "").end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("listens at"), "{ended:?}");

    // the same id twice, and no confusion
    one.line(r#"{"type":"cmd","cmd":"set_my_name","id":"1","params":{"name":"Robbie"}}"#);
    two.line(r#"{"type":"cmd","cmd":"get_verification_mode","id":"1"}"#);
    assert_eq!(
        one.event_of("response", "1")["data"],
        json!({ "status": "ok" })
    );
    assert_eq!(
        two.event_of("response", "1")["data"],
        json!({ "mode": "1" })
    );
    for client in [&mut one, &mut two] {
        let changed = client.event("local_name_changed");
        assert_eq!(changed["data"]["name"], "Robbie");
        assert!(changed["id"].is_null());
    }
    let params = json!({ "addr": "127.0.0.1:0" });
    let started = one.asks_for("server_started", "start_server", params);
    let heard = two.event("server_started");
    assert!(heard["id"].is_null());
    assert_eq!(heard["data"], started["data"]);

    // whoever leaves is missed by nobody
    drop(one);
    let over = two.asks("shutdown", json!({}));
    assert_eq!(over["data"], json!({ "status": "shutdown" }));
    assert_eq!(daemon.end().code, Some(0));
    assert!(!path.exists());
}

#[test]
fn a_client_that_does_not_read_is_dropped_with_a_last_line_and_others_stay() {
    let folder = Folder::new();
    let path = folder.path().join("daemon.sock");
    let socket = path.to_str().unwrap();
    let daemon = Person::run_in(
        folder.path(),
        &["daemon", "--quiet", "--socket", socket],
        "",
    );
    let mut slow = Connection::open(&path).into_inner();
    let mut other = Connection::open(&path);
    other.event("ready");
    let line = r#"{"type":"cmd","cmd":"get_fingerprint_format","id":"many"}"#;
    for _ in 0..20_000 {
        // Nobody may be there any more.
        if writeln!(slow.to, "{line}").is_err() {
            break;
        }
    }
    let mut last = String::new();
    let mut lines = 0;
    for line in slow.from.lines().map_while(Result::ok) {
        last = line;
        lines += 1;
    }
    assert!(last.contains(r#""code":"client_too_slow""#), "{last}");
    assert!(lines < 20_000, "{lines}");
    other.asks("get_version", json!({}));
    daemon.interrupt();
    other.event("response");
    assert_eq!(daemon.end().code, Some(0));
}

const PATIENCE: Duration = Duration::from_secs(60);
