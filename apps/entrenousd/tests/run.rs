//! The program runs, answers and stops as an operator expects.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};

struct Running {
    child: Child,
    public: String,
    admin: String,
}

impl Running {
    /// Starts it on free ports, and waits until it says that it listens.
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_entrenousd"))
            .args([
                "--json",
                "run",
                "--listen",
                "127.0.0.1:0",
                "--admin",
                "127.0.0.1:0",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        let public = event
            .pointer("/public/0")
            .and_then(|url| url.as_str())
            .unwrap();
        let admin = event
            .pointer("/admin")
            .and_then(|address| address.as_str())
            .unwrap();
        Self {
            public: public.strip_prefix("http://").unwrap().to_owned(),
            admin: admin.to_owned(),
            child,
        }
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// How it ended, and what it had logged.
    fn end(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (self.child.wait().unwrap(), log)
    }
}

/// The answer to a request in one line.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn every_metric_of_the_alerts_and_the_dashboard_is_in_the_operators_page() {
    let page = include_str!("../../../docs/operator.md");
    let alerts = include_str!("../../../packaging/prometheus/alerts.yml");
    let dashboard = include_str!("../../../packaging/grafana/entrenous.json");
    serde_json::from_str::<serde_json::Value>(dashboard).unwrap();
    let mut names = 0;
    for text in [alerts, dashboard] {
        let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        let words = text.split(|letter: char| !is_name(letter));
        for name in words.filter(|word| word.starts_with("entrenous_")) {
            let name = name.strip_suffix("_bucket").unwrap_or(name);
            assert!(
                page.contains(&format!("`{name}")),
                "{name} is nowhere explained"
            );
            names += 1;
        }
    }
    assert!(names > 15, "{names}");
}

#[cfg(unix)]
#[test]
fn it_serves_counts_reloads_and_stops_on_sigterm() {
    let server = Running::start();
    assert!(get(&server.public, "/new").starts_with("HTTP/1.1 200"));
    assert!(get(&server.admin, "/readyz").starts_with("HTTP/1.1 200"));
    let metrics = get(&server.admin, "/metrics");
    for name in [
        "entrenous_build_info{version=",
        "entrenous_requests_total{kind=\"new\",outcome=\"ok\"} 1",
        "entrenous_request_seconds_bucket{kind=\"new\",le=\"0.001\"}",
        "entrenous_connections{listener=\"public\"}",
        "entrenous_board_records 0",
        "entrenous_board_bytes 0",
        "entrenous_config_loaded_timestamp_seconds",
        "entrenous_config_hash ",
        "entrenous_store_errors_total 0",
    ] {
        assert!(metrics.contains(name), "{name} is missing in {metrics}");
    }
    assert!(get(&server.public, "/metrics").starts_with("HTTP/1.1 404"));
    server.signal("TERM");
    let public = server.public.clone();
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(
        log.contains("listening on http://") && log.contains("stopped"),
        "{log}"
    );
    assert!(TcpStream::connect(public).is_err());
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_it_too() {
    let server = Running::start();
    server.signal("INT");
    assert_eq!(server.end().0.code(), Some(0));
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_entrenousd"))
        .args(["run", "--admin", "127.0.0.1:0", "--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let expected = format!(
        "entrenousd: error: cannot listen on {address}: address in use\n\
         entrenousd: hint: another program has this port; choose another one with `--listen` or \
         `--admin`, or in the configuration\n"
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}

#[test]
fn an_example_configuration_is_a_good_one() {
    let program = env!("CARGO_BIN_EXE_entrenousd");
    let example = Command::new(program)
        .args(["config", "example"])
        .output()
        .unwrap();
    let path = std::env::temp_dir().join(format!("entrenousd-test-{}.toml", std::process::id()));
    std::fs::write(&path, example.stdout).unwrap();
    let check = Command::new(program)
        .args(["config", "check", "--config"])
        .arg(&path)
        .status();
    std::fs::remove_file(&path).unwrap();
    assert!(check.unwrap().success());
}
