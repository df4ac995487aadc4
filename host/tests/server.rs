//! A server with real sockets: TLS and its reload, the admin listener, a stop in good order, and
//! logs that name nobody.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use host::http::{
    Certificate, Config, ConfigError, Render, Server, StartError, TlsError, TlsFiles,
};
use net::board::{Event, Meeting, Options, RequestError};
use rendezvous::Passkey;
use rendezvous::board::{self, Board};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[path = "protocol/lines.rs"]
mod lines;

use lines::Lines;

fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

fn config() -> Config {
    let mut config = Config::default();
    config.listen = vec![loopback()];
    config.admin = Some(loopback());
    config
}

fn files(name: &str) -> TlsFiles {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tls");
    TlsFiles {
        cert: folder.join(format!("{name}.crt")),
        key: folder.join(format!("{name}.key")),
    }
}

/// The answer to one request, as it comes.
async fn ask(address: SocketAddr, line: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// What a client that trusts certificate `name` is told first.
async fn first_event(server: &Server, name: &str) -> Event {
    let port = server.addresses().first().unwrap().port();
    let at = format!("https://localhost:{port}").parse().unwrap();
    let mut options = Options::new(at, Board::Plain);
    options.roots = vec![CertificateDer::from_pem_file(files(name).cert).unwrap()];
    let passkey = Passkey::derive(b"", Board::Plain.salt()).unwrap();
    let mut meeting = Meeting::start(options, passkey, b"").unwrap();
    meeting.next().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_works_and_a_reload_takes_the_new_certificate_or_keeps_the_old() {
    let place = std::env::temp_dir().join(format!("entrenous-host-{}", std::process::id()));
    std::fs::create_dir_all(&place).unwrap();
    let here = TlsFiles {
        cert: place.join("crt"),
        key: place.join("key"),
    };
    let install = |name: &str| {
        std::fs::copy(files(name).cert, &here.cert).unwrap();
        std::fs::copy(files(name).key, &here.key).unwrap();
    };
    install("one");
    let mut config = config();
    config.tls = Some(Certificate::Files(here.clone()));
    let same = config.clone();
    let server = Server::start(config, None).await.unwrap();
    let announced = |event: &Event| matches!(event, Event::Board(board::Event::Announced));
    let untrusted = |event: &Event| {
        matches!(
            event,
            Event::Trouble(RequestError::Certificate { reason })
                if reason == "signed by nobody whom this system trusts"
        )
    };
    let first = first_event(&server, "one").await;
    assert!(announced(&first), "{first:?}");
    let first = first_event(&server, "two").await;
    assert!(untrusted(&first), "{first:?}");

    std::fs::write(&here.cert, "nothing").unwrap();
    let refused = server.reload(&same);
    assert!(matches!(
        refused,
        Err(StartError::Tls(TlsError::Certificate { .. }))
    ));
    assert!(announced(&first_event(&server, "one").await));

    std::fs::copy(files("two").cert, &here.cert).unwrap();
    let refused = server.reload(&same);
    assert!(
        matches!(refused, Err(StartError::Tls(TlsError::Pair { .. }))),
        "{refused:?}"
    );

    install("two");
    server.reload(&same).unwrap();
    assert!(announced(&first_event(&server, "two").await));
    std::fs::remove_dir_all(&place).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_listener_answers_and_the_public_one_does_not_do_its_work() {
    let render = Render::new(|| "all metrics\n".into());
    let server = Server::start(config(), Some(render)).await.unwrap();
    let admin = server.admin_address().unwrap();
    assert!(ask(admin, "GET /healthz").await.starts_with("HTTP/1.1 200"));
    assert!(ask(admin, "GET /readyz").await.starts_with("HTTP/1.1 200"));
    assert!(ask(admin, "GET /metrics").await.ends_with("all metrics\n"));
    let public = *server.addresses().first().unwrap();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert!(
            ask(public, &format!("GET {path}"))
                .await
                .starts_with("HTTP/1.1 404")
        );
        assert!(ask(admin, "GET /t1").await.starts_with("HTTP/1.1 404"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_who_waits_and_closes_the_door() {
    let server = Server::start(config(), None).await.unwrap();
    let public = *server.addresses().first().unwrap();
    let mut waiting = TcpStream::connect(public).await.unwrap();
    let request = "GET /new?wait=30 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    waiting.write_all(request.as_bytes()).await.unwrap();
    // An answer to a later connection shows that the earlier one is being served.
    assert!(ask(public, "GET /t2").await.starts_with("HTTP/1.1 200"));
    // It would wait for longer than the stop does.
    let stopped = server.stop(Duration::from_secs(20)).await;
    assert_eq!(stopped.cut, 0);
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(TcpStream::connect(public).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_stops_it_says_so_and_a_request_that_never_ends_is_cut() {
    let server = Server::start(config(), None).await.unwrap();
    let admin = server.admin_address().unwrap();
    let public = *server.addresses().first().unwrap();
    let mut stuck = TcpStream::connect(public).await.unwrap();
    let head = "POST /t2 HTTP/1.1\r\nhost: x\r\ncontent-length: 64\r\n\r\n";
    stuck.write_all(head.as_bytes()).await.unwrap();
    // An answer to a later connection shows that the earlier one is being served.
    assert!(ask(public, "GET /t2").await.starts_with("HTTP/1.1 200"));

    let stopping = tokio::spawn(server.stop(Duration::from_secs(3)));
    while TcpStream::connect(public).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(ask(admin, "GET /readyz").await.starts_with("HTTP/1.1 503"));
    assert!(ask(admin, "GET /healthz").await.starts_with("HTTP/1.1 200"));
    assert_eq!(stopping.await.unwrap().cut, 1);
    assert!(TcpStream::connect(admin).await.is_err());
}

#[tokio::test]
async fn what_cannot_be_run_is_refused() {
    let address: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let mut public = config();
    public.listen = vec![address];
    let refused = Server::start(public, None).await.unwrap_err();
    assert_eq!(
        refused,
        StartError::Config(ConfigError::PlainOnPublic { address })
    );

    let taken = std::net::TcpListener::bind(loopback()).unwrap();
    let mut twice = config();
    twice.listen = vec![taken.local_addr().unwrap()];
    let refused = Server::start(twice, None).await.unwrap_err();
    assert!(matches!(refused, StartError::Bind { .. }));
}

#[tokio::test]
async fn logs_name_neither_peers_nor_boards() {
    let lines = Lines::default();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(log);
    let server = Server::start(config(), None).await.unwrap();
    let public = *server.addresses().first().unwrap();
    for line in [
        "GET /meet/secret-garden/new",
        "GET /meet/secret-garden/new?to=abcd",
        "GARBAGE",
    ] {
        ask(public, line).await;
    }
    drop(TcpStream::connect(public).await.unwrap());
    server.stop(Duration::from_secs(5)).await;
    let text = lines.text();
    for secret in ["127.0.0.1", "secret-garden", "abcd"] {
        assert!(!text.contains(secret), "{secret} in: {text}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_listed_is_noticed_once_and_never_by_address() {
    let lines = Lines::default();
    let log = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(log);
    let here = config();
    let server = Server::start(here.clone(), None).await.unwrap();
    let public = *server.addresses().first().unwrap();
    let forwarded = "GET / HTTP/1.1\r\nx-forwarded-for: 192.0.2.7";
    let noticed = || lines.text().matches("trusted_proxies").count();
    ask(public, "GET /").await;
    assert_eq!(noticed(), 0);
    for _ in 0..2 {
        ask(public, forwarded).await;
    }
    assert_eq!(noticed(), 1);
    let mut listed = here.clone();
    listed.settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    server.reload(&listed).unwrap();
    ask(public, forwarded).await;
    assert_eq!(noticed(), 1);
    server.reload(&here).unwrap();
    ask(public, forwarded).await;
    assert_eq!(noticed(), 2, "a reload forgets it");
    let text = lines.text();
    assert!(
        !text.contains("192.0.2.7") && !text.contains("127.0.0.1"),
        "{text}"
    );
}
