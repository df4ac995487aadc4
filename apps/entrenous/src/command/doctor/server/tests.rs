use super::super::check::Verdict;
use super::*;

fn asked(needs: Option<&'static str>) -> Asked {
    Asked {
        target: Target::new("http://host.example".parse().unwrap()),
        name: "host.example:7447".into(),
        needs,
    }
}

/// What is made of a server that says `body` with `code`.
async fn made_of(code: u16, body: &str, needs: Option<&'static str>) -> Check {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let response = format!("HTTP/1.1 {code} x\r\ncontent-length: {length}\r\n\r\n{body}");
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = stream.read(&mut [0; 1024]).await.unwrap();
        assert!(asked > 0);
        stream.write_all(response.as_bytes()).await.unwrap();
        stream
    };
    let target = Target::new(at.parse().unwrap());
    let (_stream, seen) = tokio::join!(serve, server(&target));
    about(&asked(needs), &seen.unwrap().answer.unwrap())
}

#[tokio::test]
async fn a_server_is_known_by_what_it_offers() {
    let body = r#"{"v":1,"registration":"pin","offers":["accounts","invitations","buckets","board","tea"]}"#;
    let check = made_of(200, body, Some("buckets")).await;
    assert_eq!(check.verdict, Verdict::Ok);
    assert_eq!(
        check.text,
        "host.example:7447 offers accounts, invitations, buckets, board; accounts by pin"
    );
}

#[tokio::test]
async fn a_server_that_lacks_what_it_is_set_for_is_a_warning() {
    let body = r#"{"v":1,"offers":["board"]}"#;
    let check = made_of(200, body, Some("accounts")).await;
    assert_eq!(check.verdict, Verdict::Warn);
    assert_eq!(
        check.text,
        "host.example:7447 offers board, but not accounts"
    );
    assert_eq!(made_of(200, body, None).await.verdict, Verdict::Ok);
}

#[tokio::test]
async fn a_server_of_another_kind_is_a_warning() {
    for (code, body, text) in [
        (404, "", "host.example:7447 answers 404"),
        (200, "<html>", "host.example:7447 does not say what it is"),
        (
            200,
            r#"{"v":"\u001b[2J"}"#,
            "host.example:7447 does not say what it is",
        ),
    ] {
        let check = made_of(code, body, None).await;
        assert_eq!((check.verdict, check.text.as_str()), (Verdict::Warn, text));
    }
    let check = made_of(200, r#"{"v":1,"offers":"\u001b[2J"}"#, None).await;
    assert_eq!(check.text, "host.example:7447 offers nothing we know");
}

#[test]
fn a_clock_is_compared_in_both_directions() {
    for is_ahead in [false, true] {
        let verdict = |seconds| {
            let by = Duration::from_secs(seconds);
            clock(Skew { by, is_ahead }).verdict
        };
        assert_eq!(verdict(10), Verdict::Ok);
        assert_eq!(verdict(11), Verdict::Warn);
        assert_eq!(verdict(120), Verdict::Warn);
        assert_eq!(verdict(121), Verdict::Fail);
    }
    let by = Duration::from_secs(300);
    let is_ahead = true;
    assert_eq!(
        clock(Skew { by, is_ahead }).text,
        "5m ahead of the server's, so invitations are refused"
    );
}

#[test]
fn a_certificate_that_ends_soon_is_a_warning() {
    let now = SystemTime::UNIX_EPOCH;
    let verdict = |seconds| certificate("x", now + Duration::from_secs(seconds), now).verdict;
    assert_eq!(verdict(10 * DAY), Verdict::Ok);
    assert_eq!(verdict(10 * DAY - 1), Verdict::Warn);
    let text = certificate("x", now + Duration::from_secs(DAY), now).text;
    assert_eq!(text, "that of x is good for 1 day");
}

#[test]
fn a_server_is_asked_without_tls_only_here_and_behind_tor() {
    for (host, expected) in [
        ("meet.example", "https://meet.example:7447"),
        ("127.0.0.1:1", "http://127.0.0.1:1"),
        ("[::1]", "http://[::1]:7447"),
        ("abc.onion", "http://abc.onion:7447"),
        ("meet.example:443", "https://meet.example"),
    ] {
        let host = Host::typed(host).unwrap();
        assert_eq!(url(&host).unwrap().to_string(), expected);
    }
}
