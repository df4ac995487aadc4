//! The program as a relay and a broker: two meet, it counts, and says goodbye.

#![cfg(unix)]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddrV4, SocketAddrV6, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use net::call::relay::{Place, RelayError, Way};
use serde_json::Value;
use switch::Password;
use switch::broker::{Address, Request, read_echo};
use switch::client::End;

#[expect(dead_code, reason = "of more tests than this one")]
#[path = "shared/home.rs"]
mod home;

use home::{Home, PATIENCE};

/// A server that runs, and where.
struct Server {
    child: Child,
    event: Value,
    /// What it logs, to its end.
    log: Option<JoinHandle<String>>,
}

impl Server {
    fn start(home: &Home) -> Self {
        let mut command = home.command(&["--json", "run"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let event = serde_json::from_str(&line).unwrap();
        let mut said = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = String::new();
            said.read_to_string(&mut log).unwrap();
            log
        });
        Self {
            child,
            event,
            log: Some(log),
        }
    }

    fn way(&self, number: usize) -> Way {
        let url = self.event["relay"][number].as_str().unwrap();
        let mut way = Way::to(url.parse().unwrap());
        way.password = Some(Password::new(b"open sesame".to_vec()).unwrap());
        way
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.event["admin"].as_str().unwrap()).unwrap();
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits until the metrics have this line.
    fn counts(&self, line: &str) {
        for _ in 0..PATIENCE.as_secs() {
            if self.metrics().lines().any(|one| one == line) {
                return;
            }
            sleep(Duration::from_secs(1));
        }
        panic!("no {line} in {}", self.metrics());
    }

    /// Ends it as an operator does; what it had logged.
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(told.unwrap().success());
        let log = self.log.take().unwrap().join().unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn home(name: &str) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_entrenousd"), name);
    let password = home.file("password");
    fs::write(&password, "open sesame\n").unwrap();
    home.configure(&format!(
        "log.level = \"trace\"\n[switch]\nws = true\ntcp = [\"127.0.0.1:0\"]\npassword_file = {password:?}\n\
         [broker]\nlisten = [\"127.0.0.1:0\", \"[::1]:0\"]\n"
    ));
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn two_meet_at_the_program_it_counts_them_and_logs_nothing_of_them() {
    let home = home("relay");
    let server = Server::start(&home);
    let relays = server.event["relay"].as_array().unwrap().clone();
    let schemes: Vec<&str> = relays
        .iter()
        .filter_map(|url| url.as_str()?.split_once("://"))
        .map(|(scheme, _)| scheme)
        .collect();
    assert_eq!(schemes, ["ws", "tcp"]);

    let mut stranger = server.way(0);
    stranger.password = Some(Password::new(b"another".to_vec()).unwrap());
    let refused = Place::create(&stranger, None).await.err();
    assert_eq!(refused, Some(RelayError::Ended(End::Password)));
    let mut waiting = Place::create(&server.way(0), None).await.unwrap();
    let token = waiting.token().clone();
    let _coming = Place::join(&server.way(1), token.clone()).await.unwrap();

    let brokers = server.event["broker"].as_array().unwrap().clone();
    let brokers: Vec<&str> = brokers
        .iter()
        .filter_map(|url| url.as_str()?.strip_prefix("udp://"))
        .collect();
    let [four, six] = brokers[..] else {
        panic!("{brokers:?}");
    };
    echoes::<SocketAddrV4>("127.0.0.1:0", four);
    echoes::<SocketAddrV6>("[::1]:0", six);

    for line in [
        "entrenous_relay_connections{standing=\"paired\"} 2",
        "entrenous_relay_places_total{how=\"joined\"} 1",
        "entrenous_relay_ended_total{cause=\"password\"} 1",
        "entrenous_broker_requests_total{family=\"ipv4\",outcome=\"echoed\"} 1",
        "entrenous_broker_requests_total{family=\"ipv6\",outcome=\"echoed\"} 1",
    ] {
        server.counts(line);
    }
    let log = server.stop();
    assert!(waiting.arrived().await.is_err(), "it has said goodbye");
    let token: String = token
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let lines = log.lines().filter(|line| !line.contains("listening on"));
    for line in lines {
        for secret in ["open sesame", &token, "127.0.0.1", "[::1]"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

/// Whoever asks the broker there is told where they are.
fn echoes<A: Address + PartialEq>(from: &str, broker: &str) {
    let socket = UdpSocket::bind(from).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let echo = Request::<A>::Echo.encode();
    socket.send_to(&echo, broker).unwrap();
    let mut bytes = [0; 64];
    let length = socket.recv(&mut bytes).unwrap();
    let seen: A = read_echo(&bytes[..length]).unwrap();
    assert_eq!(seen.into(), socket.local_addr().unwrap());
}

#[test]
fn a_password_that_is_none_is_named_by_check_and_run() {
    let home = home("relay-password");
    fs::write(home.file("password"), "one\ntwo\n").unwrap();
    for args in [&["config", "check"][..], &["run"]] {
        let output = home.run(args);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("has more than one line"), "{said}");
    }
    fs::remove_file(home.file("password")).unwrap();
    let output = home.run(&["config", "check"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("entity not found"), "{said}");
}
