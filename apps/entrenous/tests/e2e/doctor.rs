//! `doctor` on real networks and at real servers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use host::http::{Certificate, Config, Server, TlsFiles};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::folder::Folder;
use crate::namespaces::{CABLE, in_namespace};
use crate::person::{Ended, Person};

/// A server on loopback, with TLS or without; it ends when dropped.
struct Host {
    at: SocketAddr,
    _server: Server,
    _runtime: Runtime,
}

impl Host {
    fn start(tls: Option<TlsFiles>) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut config = Config::default();
        config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        config.tls = tls.map(Certificate::Files);
        let server = runtime.block_on(Server::start(config, None)).unwrap();
        Self {
            at: *server.addresses().first().unwrap(),
            _server: server,
            _runtime: runtime,
        }
    }
}

fn certificate() -> TlsFiles {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../host/tests/tls");
    TlsFiles {
        cert: folder.join("one.crt"),
        key: folder.join("one.key"),
    }
}

/// The events of `doctor --json` with `args`, in a home of its own.
fn events(folder: &Folder, args: &[&str]) -> (Ended, Vec<Value>) {
    let args = [&["doctor", "--json"], args].concat();
    let ended = Person::run_in(folder.path(), &args, "").end();
    let lines = ended.stdout.iter();
    let events = lines.map(|line| serde_json::from_str(line).unwrap());
    let events = events.collect();
    (ended, events)
}

/// The check `name`, whose text contains `text`.
#[track_caller]
fn verdict(events: &[Value], name: &str, text: &str) -> String {
    let found = events.iter().find(|event| {
        event["event"] == "check"
            && event["name"] == name
            && event["text"].as_str().unwrap().contains(text)
    });
    let found = found.unwrap_or_else(|| panic!("no {name} {text:?} in {events:#?}"));
    found["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn a_server_of_ours_is_in_order() {
    let (host, folder) = (Host::start(None), Folder::new());
    let url = format!("http://{}", host.at);
    let (_, events) = events(&folder, &["--at", &url]);
    assert_eq!(verdict(&events, "name", "127.0.0.1"), "ok");
    assert_eq!(verdict(&events, "server", "offers board"), "ok");
    assert_eq!(verdict(&events, "clock", "agrees"), "ok");
    assert_eq!(verdict(&events, "store", "there is none"), "info");
    let done = events
        .iter()
        .rev()
        .find(|event| event["event"] == "doctor_done");
    assert!(done.unwrap()["ok"].as_u64().unwrap() >= 5);
    assert_eq!(folder.names(), [""; 0], "looking makes nothing");
}

#[test]
fn a_certificate_of_ones_own_is_trusted_when_it_is_set_and_not_before() {
    let (host, folder) = (Host::start(Some(certificate())), Folder::new());
    let url = format!("https://localhost:{}", host.at.port());
    let (ended, without) = events(&folder, &["--at", &url]);
    assert_eq!(verdict(&without, "server", "not trusted"), "fail");
    assert_ne!(ended.code, Some(0));
    let file = certificate().cert;
    let args = ["--at", &url, "--ca-file", file.to_str().unwrap()];
    let (_, with) = events(&folder, &args);
    assert_eq!(verdict(&with, "certificate", "is good for"), "ok");
    assert_eq!(verdict(&with, "server", "offers board"), "ok");
}

#[test]
fn what_is_wrong_with_files_and_settings_is_found_with_the_cure() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let below = folder.path().join("entrenous");
    let profile = below.join("default");
    std::fs::create_dir_all(&profile).unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&profile, open.clone()).unwrap();
    let config = below.join("config.toml");
    std::fs::write(&config, "cafile = \"x\"\n").unwrap();
    let (ended, found) = events(&folder, &[]);
    assert_eq!(
        verdict(&found, "settings", "unknown setting cafile"),
        "fail"
    );
    assert_eq!(ended.code, Some(1));
    let error = found.last().unwrap();
    assert_eq!(
        (&error["event"], &error["kind"]),
        (&"error".into(), &"bad_input".into())
    );

    std::fs::write(&config, "home = \"127.0.0.1:1\"\n").unwrap();
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o666)).unwrap();
    let (ended, found) = events(&folder, &[]);
    assert_eq!(verdict(&found, "settings", "others can change"), "fail");
    assert_eq!(verdict(&found, "modes", "other users can get at"), "fail");
    assert_eq!(
        verdict(&found, "server", "127.0.0.1:1: no connection"),
        "fail"
    );
    assert_eq!(ended.code, Some(1), "what can be mended here comes first");
    let hints: String = found
        .iter()
        .map(|event| event["hint"].to_string())
        .collect();
    assert!(
        hints.contains("chmod go-w") && hints.contains("chmod 700"),
        "{hints}"
    );
}

#[test]
fn two_machines_on_one_cable_hear_themselves_and_each_other() {
    let script = format!(
        "{CABLE}
        mkfifo said
        ip netns exec far \"$0\" meet --passphrase-file phrase --message hi 2> said &
        grep -q 'meeting on' said
        export XDG_CONFIG_HOME=$PWD XDG_DATA_HOME=$PWD
        \"$0\" doctor --json || true
        kill $!"
    );
    let test = "two_machines_on_one_cable_hear_themselves_and_each_other";
    let Some((ended, _)) = in_namespace(test, &script) else {
        return;
    };
    let events: Vec<Value> = ended
        .stdout
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(verdict(&events, "interfaces", "eth0 (10.77.0.1)"), "ok");
    assert_eq!(
        verdict(&events, "multicast", "eth0 hears what it sends"),
        "ok"
    );
    assert_eq!(verdict(&events, "others", "somebody else"), "ok");
}
