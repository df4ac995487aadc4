//! What is seen of servers and proxies on loopback.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers outside the test functions"
)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use net::probe::{Answer, BODY_MAX, Distrust, Fault, Seen, Target, addresses, greet, server};
use net::read_roots;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A listener, and where it is.
async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    (listener, at)
}

fn target(url: &str) -> Target {
    Target::new(url.parse().unwrap())
}

fn tls(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/tls")
        .join(name)
}

/// Reads a request, of which it says the first line, and answers it.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, response: &[u8]) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(response).await.unwrap();
    stream.shutdown().await.unwrap();
    let request = String::from_utf8(request).unwrap();
    request.lines().next().unwrap().to_owned()
}

fn with_body(bytes: usize) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\ndate: Sat, 01 Jan 2000 00:00:00 GMT\r\n";
    let mut response = format!("{head}content-length: {bytes}\r\n\r\n").into_bytes();
    response.resize(response.len() + bytes, b'x');
    response
}

/// What is seen of a server that answers `response`.
async fn seen(response: &[u8]) -> Result<Answer, Fault> {
    let (listener, at) = listen().await;
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        answer(stream, response).await
    };
    let target = target(&format!("http://{at}/below"));
    let (asked, seen) = tokio::join!(serve, server(&target));
    assert_eq!(asked, "GET /below/.well-known/entrenous HTTP/1.1");
    let Seen {
        expires, answer, ..
    } = seen.unwrap();
    assert_eq!(expires, None);
    answer
}

#[tokio::test]
async fn an_answer_has_its_code_its_time_and_its_body() {
    let answer = seen(&with_body(3)).await.unwrap();
    let y2k = SystemTime::UNIX_EPOCH + Duration::from_secs(946_684_800);
    assert_eq!((answer.code, answer.date), (200, Some(y2k)));
    assert_eq!(answer.body, b"xxx");
    assert!(answer.here <= SystemTime::now());
    let bare = seen(b"HTTP/1.1 404 Not Found\r\ndate: soon\r\n\r\n").await;
    let bare = bare.unwrap();
    assert_eq!((bare.code, bare.date, bare.body), (404, None, Vec::new()));
}

#[tokio::test]
async fn an_answer_may_have_its_limit_and_not_a_byte_more() {
    assert_eq!(
        seen(&with_body(BODY_MAX)).await.unwrap().body.len(),
        BODY_MAX
    );
    assert_eq!(seen(&with_body(BODY_MAX + 1)).await, Err(Fault::TooLong));
}

#[tokio::test]
async fn what_is_no_http_is_seen_as_such() {
    assert_eq!(seen(b"220 ready\r\n").await, Err(Fault::NotHttp));
    assert_eq!(seen(b"").await, Err(Fault::NotHttp));
    assert_eq!(
        seen(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1").await,
        Err(Fault::NotHttp)
    );
}

#[tokio::test]
async fn who_is_not_there_is_seen_as_away() {
    let (listener, at) = listen().await;
    drop(listener);
    let why = io::ErrorKind::ConnectionRefused;
    let refused = server(&target(&format!("http://{at}"))).await.unwrap_err();
    assert_eq!(refused, Fault::NoConnection { why });
    let unknown = server(&target("http://name.invalid")).await.unwrap_err();
    assert_eq!(unknown, Fault::NoName);
    assert_eq!(addresses("name.invalid", 1).await, Err(Fault::NoName));
    let found = addresses("127.0.0.1", 1).await.unwrap();
    assert_eq!(found, [IpAddr::from([127, 0, 0, 1])]);
}

/// What is seen at `host` of a server with our chain, trusting our root or not.
async fn seen_over_tls(host: &str, roots: &[CertificateDer<'static>]) -> Result<Seen, Fault> {
    let chain = CertificateDer::pem_file_iter(tls("chain.crt")).unwrap();
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(tls("leaf.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind((host, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        // who is not trusted gets no further
        if let Ok(stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await {
            answer(stream, &with_body(1)).await;
        }
    };
    let mut target = target(&format!("https://{host}:{}", at.port()));
    target.roots = roots.to_vec();
    tokio::join!(serve, server(&target)).1
}

#[tokio::test]
async fn a_chain_expires_with_the_first_of_its_certificates() {
    let roots = read_roots(&std::fs::read(tls("root.crt")).unwrap()).unwrap();
    let seen = seen_over_tls("localhost", &roots).await.unwrap();
    // the leaf is good for twenty years more
    let new_year_2100 = SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800);
    assert_eq!(seen.expires, Some(new_year_2100));
    assert_eq!(seen.answer.unwrap().body, b"x");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let why = Distrust::Issuer;
    let seen = seen_over_tls("localhost", &[]).await;
    assert_eq!(seen.unwrap_err(), Fault::Certificate { why });
}

/// Only there does all of 127.0.0.0/8 lead here.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let roots = read_roots(&std::fs::read(tls("root.crt")).unwrap()).unwrap();
    let why = Distrust::Name;
    let seen = seen_over_tls("127.0.0.2", &roots).await;
    assert_eq!(seen.unwrap_err(), Fault::Certificate { why });
}

#[tokio::test]
async fn tls_is_not_expected_where_there_is_none() {
    let (listener, at) = listen().await;
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    };
    let target = target(&format!("https://{at}"));
    let ((), seen) = tokio::join!(serve, server(&target));
    assert!(matches!(seen, Err(Fault::Tls { .. })), "{seen:?}");
}

/// What comes of greeting a proxy, with a login or none, that answers `bytes`.
async fn greeted(login: &str, bytes: &[u8]) -> Result<(), Fault> {
    let (listener, at) = listen().await;
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut greeting = vec![0; if login.is_empty() { 3 } else { 4 }];
        stream.read_exact(&mut greeting).await.unwrap();
        assert_eq!(greeting[0], 5);
        stream.write_all(bytes).await.unwrap();
    };
    let proxy = format!("socks5://{login}{at}").parse().unwrap();
    tokio::join!(serve, greet(&proxy)).1
}

#[tokio::test]
async fn a_proxy_is_known_by_its_greeting() {
    assert_eq!(greeted("", &[5, 0]).await, Ok(()));
    assert_eq!(greeted("me:pw@", &[5, 0]).await, Ok(()));
    assert_eq!(greeted("me:pw@", &[5, 2]).await, Ok(()));
    assert_eq!(greeted("", &[5, 0xff]).await, Err(Fault::Login));
    for other in [&[5, 2][..], &[4, 0], b"HTTP/1.1 400", b""] {
        assert_eq!(greeted("", other).await, Err(Fault::NotSocks), "{other:?}");
    }
    let away = greet(&"socks5://127.0.0.1:1".parse().unwrap()).await;
    assert!(matches!(away, Err(Fault::NoConnection { .. })), "{away:?}");
}

#[tokio::test]
async fn through_a_proxy_the_name_is_resolved_there() {
    let (listener, at) = listen().await;
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 3]).await.unwrap();
        stream.write_all(&[5, 0]).await.unwrap();
        let mut request = [0; 4 + 1 + 12 + 2];
        stream.read_exact(&mut request).await.unwrap();
        assert_eq!(request[3..], *b"\x03\x0cname.invalid\0\x50");
        let done = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];
        stream.write_all(&done).await.unwrap();
        answer(stream, &with_body(2)).await
    };
    let mut target = target("http://name.invalid");
    target.proxy = Some(format!("socks5://{at}").parse().unwrap());
    let (_, seen) = tokio::join!(serve, server(&target));
    assert_eq!(seen.unwrap().answer.unwrap().body, b"xx");

    target.proxy = Some("socks5://127.0.0.1:1".parse().unwrap());
    let away = server(&target).await;
    assert!(matches!(away, Err(Fault::ProxyAway { .. })), "{away:?}");
}
