use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use host::http::{Config, Server};
use tokio::runtime::Runtime;

use crate::person::Person;

/// A running server on loopback; it ends when dropped.
struct Host {
    url: String,
    _server: Server,
    _runtime: Runtime,
}

impl Host {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let mut config = Config::default();
        config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let server = runtime.block_on(Server::start(config, None)).unwrap();
        Self {
            url: format!("http://{}", server.addresses().first().unwrap()),
            _server: server,
            _runtime: runtime,
        }
    }
}

fn visitor(url: &str, message: &str, more: &[&str]) -> Person {
    let args = [
        "meet",
        "--at",
        url,
        "--passphrase",
        "tulip anchor",
        "--message",
        message,
    ];
    Person::run(&[&args, more].concat(), "")
}

#[test]
fn two_people_meet_on_the_plain_board() {
    let host = Host::start();
    let [ana, ben] =
        ["from ana", "from ben"].map(|text| visitor(&host.url, text, &["--reveal-once"]));
    assert_eq!(ana.end().stdout, ["from ben"]);
    assert_eq!(ben.end().stdout, ["from ana"]);
}

#[test]
fn people_on_a_named_board_meet_and_those_on_another_do_not() {
    let host = Host::start();
    let [ana, ben] =
        ["from ana", "from ben"].map(|text| visitor(&host.url, text, &["--board", "garden"]));
    let cleo = visitor(
        &host.url,
        "from cleo",
        &["--board", "cellar", "--timeout", "5"],
    );
    assert_eq!(ana.line(), "from ben");
    assert_eq!(ben.line(), "from ana");
    let cleo = cleo.end();
    assert_eq!(cleo.code, Some(3));
    assert!(
        cleo.stderr
            .contains("nobody was met in 5s: no one else was there"),
        "{}",
        cleo.stderr
    );
    for person in [ana, ben] {
        person.interrupt();
        assert_eq!(person.end().code, Some(0));
    }
}

#[test]
fn a_server_that_goes_away_is_waited_for() {
    let host = Host::start();
    let ana = visitor(&host.url, "hi", &[]);
    ana.talk_with("waiting 10m");
    drop(host);
    ana.talk_with("trying again in");
    ana.interrupt();
    assert_eq!(ana.end().code, Some(130));
}

#[test]
fn a_server_that_is_not_one_of_ours_is_named_as_such() {
    let url = answer_everything_with("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    let ended = visitor(&url, "hi", &["--timeout", "5"]).end();
    assert_ne!(ended.code, Some(0));
    assert!(ended.stderr.contains("error: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
}

#[test]
fn a_server_without_tls_is_not_trusted_with_https() {
    let host = Host::start();
    let url = host.url.replace("http:", "https:");
    let ended = visitor(&url, "hi", &[]).end();
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
}

#[test]
fn a_proxy_that_is_away_is_named() {
    let host = Host::start();
    let ended = visitor(&host.url, "hi", &["--proxy", "socks5://127.0.0.1:1"]).end();
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("proxy"), "{}", ended.stderr);
}

#[test]
fn a_login_for_the_proxy_is_called_visible_and_not_repeated() {
    let host = Host::start();
    let go = |proxy| {
        let args = ["meet", "--at", &host.url, "--proxy", proxy];
        let rest = ["--passphrase-file", "/dev/null", "--message", "-"];
        Person::run(&[&args[..], &rest].concat(), "hi").end().stderr
    };
    let warning = "other users of this machine can see";
    let with = go("socks5://me:p%40ss@127.0.0.1:1");
    assert!(with.contains(warning), "{with}");
    assert!(!with.contains("ss@") && !with.contains("p@ss"), "{with}");
    let without = go("socks5://127.0.0.1:1");
    assert!(!without.contains(warning), "{without}");
}

/// The address of a server that says the same to everybody, until the test process ends.
fn answer_everything_with(answer: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}
