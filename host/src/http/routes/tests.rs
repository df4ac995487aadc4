use axum::body::Body;
use tower::ServiceExt;

use super::super::Share;
use super::*;
use crate::board::Quota;
use crate::pace::Rate;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn service() -> Service {
    Service::new(Settings::default())
}

/// A request in one line: `POST /t1`.
fn ask(line: &str) -> axum::http::request::Builder {
    let (method, path) = line.split_once(' ').unwrap();
    Request::builder().method(method).uri(path)
}

async fn send(service: &Service, request: Request) -> (StatusCode, Vec<u8>, Response) {
    let response = service.router(PEER).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    (
        parts.status,
        bytes,
        Response::from_parts(parts, Body::empty()),
    )
}

async fn post(service: &Service, path: &str, body: &[u8]) -> (StatusCode, Vec<u8>) {
    let request = ask(&format!("POST {path}"))
        .body(Body::from(body.to_vec()))
        .unwrap();
    let (status, bytes, _) = send(service, request).await;
    (status, bytes)
}

async fn get_(service: &Service, path: &str) -> (StatusCode, Vec<u8>, u64) {
    let request = ask(&format!("GET {path}")).body(Body::empty()).unwrap();
    let (status, bytes, response) = send(service, request).await;
    let cursor = response.headers().get(CURSOR);
    let cursor = cursor.map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    (status, bytes, cursor)
}

/// As our own client posts to a plain board.
async fn post_bare(service: &Service, path: &str, body: Vec<u8>) -> StatusCode {
    let request = ask(&format!("POST {path}")).header(CURSOR, "0");
    send(service, request.body(Body::from(body)).unwrap())
        .await
        .0
}

#[tokio::test]
async fn a_plain_route_answers_like_the_reference() {
    let service = service();
    let (a, b) = (vec![1; 288], vec![2; 288]);
    let both = [a.clone(), b.clone()].concat();
    let ok = StatusCode::OK;
    assert_eq!(post(&service, "/t1", &a).await, (ok, a.clone()));
    assert_eq!(
        post(&service, "/t1", &[b.clone(), a.clone()].concat()).await,
        (ok, both.clone())
    );
    assert_eq!(
        post(&service, "/t1", &a[1..]).await,
        (ok, both.clone()),
        "dropped whole"
    );
    assert_eq!(post(&service, "/t1", &[]).await, (ok, both.clone()));
    assert_eq!(post(&service, "/t2", &[]).await, (ok, vec![]));

    let request = ask("GET /t2").body(Body::from(vec![3; 64])).unwrap();
    let (status, body, response) = send(&service, request).await;
    assert_eq!((status, body), (ok, vec![3; 64]), "a GET stores too");
    let kind = response.headers().get(header::CONTENT_TYPE).unwrap();
    assert_eq!(kind, "application/octet-stream");
}

#[tokio::test]
async fn other_methods_and_paths_get_sane_answers() {
    let service = service();
    for (line, expected) in [
        ("GET /", 200),
        ("HEAD /t1", 200),
        ("OPTIONS /t1", 200),
        ("PUT /t1", 405),
        ("DELETE /new", 405),
        ("GET /t1/", 404),
        ("GET /t4", 404),
        ("GET /meet/b/t1", 405),
        ("GET /meet/B/new", 404),
        ("POST /meet/b_/t1", 404),
        ("POST /meet//t1", 404),
        ("GET /metrics", 404),
        ("GET /new?after=x", 400),
        ("GET /new?after=-1", 400),
        ("GET /new?wait=", 400),
        ("GET /meet/b/new?to=00", 400),
        ("GET /meet/b/new?to=zz", 400),
    ] {
        let request = ask(line).body(Body::empty()).unwrap();
        let (status, _, response) = send(&service, request).await;
        assert_eq!(status, expected, "{line}");
        if expected == 405 {
            assert!(response.headers().contains_key(header::ALLOW), "{line}");
        }
    }
}

#[tokio::test]
async fn our_own_client_is_told_what_was_wrong_on_a_plain_board() {
    let service = service();
    assert_eq!(post_bare(&service, "/t1", vec![1; 288]).await, 204);
    assert_eq!(post_bare(&service, "/t1", vec![1; 287]).await, 400);
    assert_eq!(
        post_bare(&service, "/t1", vec![1; (1 << 20) + 1]).await,
        413
    );
}

#[tokio::test]
async fn a_named_board_takes_whole_records_only() {
    let service = service();
    for (path, good) in [("t1", 768), ("t2", 96), ("t3", 96)] {
        let path = format!("/meet/garden/{path}");
        let empty = StatusCode::NO_CONTENT;
        assert_eq!(post(&service, &path, &vec![1; good]).await, (empty, vec![]));
        assert_eq!(post(&service, &path, &vec![1; 2 * good]).await.0, empty);
        assert_eq!(post(&service, &path, &vec![1; good + 1]).await.0, 400);
    }
    assert_eq!(service.stats().held.records, 3);
    assert_eq!(post(&service, "/t1", &[]).await.1, b"", "another board");
}

#[tokio::test]
async fn a_body_is_bounded_at_the_limit_and_one_above() {
    let settings = Settings {
        body: 96 * 200,
        ..Settings::default()
    };
    let service = Service::new(settings);
    let body: Vec<u8> = (0..200_u8).flat_map(|n| [n; 96]).collect();
    assert_eq!(post(&service, "/meet/b/t2", &body).await.0, 204);
    assert_eq!(
        post(&service, "/meet/b/t2", &[body.clone(), vec![0]].concat())
            .await
            .0,
        413
    );
    assert_eq!(service.stats().held.records, 200);

    let unsized_body = Body::from_stream(Pieces(vec![body.clone(), body.clone()]));
    let request = ask("POST /meet/b/t2").body(unsized_body).unwrap();
    assert_eq!(send(&service, request).await.0, 413);
    let unsized_body = Body::from_stream(Pieces(vec![body]));
    let request = ask("POST /meet/c/t2").body(unsized_body).unwrap();
    assert_eq!(send(&service, request).await.0, 204);
}

/// A body of unknown length.
struct Pieces(Vec<Vec<u8>>);

impl futures_core::Stream for Pieces {
    type Item = Result<Vec<u8>, std::convert::Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.pop().map(Ok))
    }
}

#[tokio::test]
async fn over_a_limit_a_named_board_says_when_and_a_plain_one_stays_as_it_is() {
    let mut settings = Settings::default();
    settings.limits.board = Quota {
        records: 2,
        bytes: 1 << 20,
    };
    settings.limits.board_shares = 1;
    let service = Service::new(settings);
    let three: Vec<u8> = [[1; 96], [2; 96], [3; 96]].concat();
    assert_eq!(post(&service, "/meet/b/t2", &three[..192]).await.0, 204);
    let request = ask("POST /meet/b/t2").body(Body::from(three)).unwrap();
    let (status, _, response) = send(&service, request).await;
    assert_eq!(status, 429);
    assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "300");

    let list: Vec<u8> = [[1; 64], [2; 64]].concat();
    assert_eq!(post(&service, "/t2", &list).await.1, list);
    assert_eq!(
        post(&service, "/t2", &[3; 64]).await,
        (StatusCode::OK, list)
    );
    assert_eq!(post_bare(&service, "/t2", vec![3; 64]).await, 429);
}

#[tokio::test]
async fn a_source_that_holds_much_of_a_board_is_refused_before_a_newcomer() {
    let mut settings = Settings::default();
    settings.limits.board.records = 4;
    settings.limits.board_shares = 4;
    let service = Service::new(settings);
    assert_eq!(
        post_bare(&service, "/t2", [[1; 64], [2; 64]].concat()).await,
        204
    );
    let request = || {
        ask("POST /t2")
            .header(CURSOR, "0")
            .body(Body::from(vec![3; 64]))
    };
    let (status, _, response) = send(&service, request().unwrap()).await;
    assert_eq!(status, 429);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    let newcomer = service.router("192.0.2.2".parse().unwrap());
    let response = newcomer.oneshot(request().unwrap()).await.unwrap();
    assert_eq!(response.status(), 204);
}

#[tokio::test(start_paused = true)]
async fn a_source_is_slowed_after_its_burst() {
    let requests = Rate {
        per_second: 1,
        burst: 3,
    };
    let settings = Settings {
        requests,
        ..Settings::default()
    };
    let service = Service::new(settings);
    for _ in 0..3 {
        assert_eq!(get_(&service, "/new").await.0, 200);
    }
    assert_eq!(get_(&service, "/new").await.0, 429);
    let other = service.router("192.0.2.2".parse().unwrap());
    let request = ask("GET /new").body(Body::empty()).unwrap();
    assert_eq!(other.oneshot(request).await.unwrap().status(), 200);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(get_(&service, "/new").await.0, 200);
}

#[tokio::test]
async fn news_are_what_came_after_the_cursor() {
    let service = service();
    assert_eq!(
        get_(&service, "/meet/b/new").await,
        (StatusCode::OK, vec![], 0)
    );
    post(&service, "/meet/b/t1", &[1; 768]).await;
    let (_, bytes, first) = get_(&service, "/meet/b/new?after=0").await;
    assert_eq!((bytes.len(), bytes[0]), (769, 1));
    post(&service, "/meet/b/t3", &[3; 96]).await;
    let (_, bytes, second) = get_(&service, &format!("/meet/b/new?after={first}")).await;
    assert_eq!((bytes.len(), bytes[0]), (97, 3));
    let (_, bytes, third) = get_(&service, &format!("/meet/b/new?after={second}")).await;
    assert_eq!((bytes.len(), third), (0, second));
    assert_eq!(
        get_(&service, "/new?after=77").await,
        (StatusCode::OK, vec![], 77)
    );
}

#[tokio::test]
async fn a_reader_who_says_its_id_is_spared_the_answers_to_others() {
    let service = service();
    let mut records = [[1; 96], [2; 96]].concat();
    records[32..64].fill(0xaa);
    records[128..160].fill(0xbb);
    post(&service, "/meet/b/t2", &records).await;
    let to = "bb".repeat(32);
    let (_, bytes, _) = get_(&service, &format!("/meet/b/new?to={to}")).await;
    assert_eq!(bytes, [&[2], &records[96..]].concat());
    assert_eq!(get_(&service, "/meet/b/new").await.1.len(), 2 * 97);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_with_news_for_this_reader() {
    let service = service();
    let to = "bb".repeat(32);
    let waiting = {
        let service = service.clone();
        tokio::spawn(async move { get_(&service, &format!("/meet/b/new?wait=30&to={to}")).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    post(&service, "/meet/other/t2", &[0xbb; 96]).await;
    post(&service, "/meet/b/t2", &[0xaa; 96]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished());
    post(&service, "/meet/b/t2", &[0xbb; 96]).await;
    assert_eq!(waiting.await.unwrap().1.len(), 97);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_after_its_time_and_at_most_30_s() {
    let service = service();
    for (asked, waited) in [
        ("0", 0),
        ("3", 3),
        ("30", 30),
        ("31", 30),
        ("99999999999", 30),
    ] {
        let start = Instant::now();
        let answer = get_(&service, &format!("/new?after=5&wait={asked}")).await;
        assert_eq!(answer, (StatusCode::OK, vec![], 5));
        assert_eq!(start.elapsed().as_secs(), waited, "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_when_the_server_stops() {
    let service = service();
    let waiting = {
        let service = service.clone();
        tokio::spawn(async move { get_(&service, "/new?wait=30").await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    service.hub.draining.send_replace(true);
    assert_eq!(waiting.await.unwrap().0, 200);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_are_bounded() {
    let waiting = Share {
        total: 9,
        per_source: 1,
    };
    let settings = Settings {
        waiting,
        ..Settings::default()
    };
    let service = Service::new(settings);
    let first = service.clone();
    let waiting = tokio::spawn(async move { get_(&first, "/new?wait=9").await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(get_(&service, "/new?wait=9").await.0, 429);
    assert_eq!(get_(&service, "/new").await.0, 200, "without waiting");
    assert_eq!(waiting.await.unwrap().0, 200);
    assert_eq!(get_(&service, "/new?wait=1").await.0, 200);
}

#[tokio::test]
async fn a_long_list_is_sent_whole_and_news_in_pieces() {
    let service = service();
    let records: Vec<u8> = (0..8_000_u32)
        .flat_map(|n| [&n.to_le_bytes()[..], &[0; 60]].concat())
        .collect();
    assert_eq!(post(&service, "/t2", &records).await.1, records);

    for number in 0..2_u8 {
        let body: Vec<u8> = (0..900_u32)
            .flat_map(|n| [&n.to_le_bytes()[..], &[number; 764]].concat())
            .collect();
        let peer = IpAddr::from([198, 51, 100, number]);
        let request = ask("POST /meet/b/t1").body(Body::from(body)).unwrap();
        assert_eq!(
            service
                .router(peer)
                .oneshot(request)
                .await
                .unwrap()
                .status(),
            204
        );
    }
    let (_, first, cursor) = get_(&service, "/meet/b/new").await;
    let whole = (1 << 20) / 769 * 769;
    assert_eq!(first.len(), whole);
    let (_, second, _) = get_(&service, &format!("/meet/b/new?after={cursor}")).await;
    assert_eq!(second.len(), 1_800 * 769 - whole);
}

/// A body of which nothing comes.
struct Silent;

impl futures_core::Stream for Silent {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Pending
    }
}

/// The status of a post of `body` by the peer of this number, if it comes at once.
async fn post_from(service: &Service, peer: u8, body: Body) -> Result<StatusCode, Waiting> {
    let peer = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, peer));
    let request = ask("POST /t1").header(CURSOR, "0").body(body).unwrap();
    let mut answer: Waiting = Box::pin(service.router(peer).oneshot(request));
    match timeout(Duration::ZERO, &mut answer).await {
        Ok(response) => Ok(response.unwrap().status()),
        Err(_) => Err(answer),
    }
}

type Waiting =
    std::pin::Pin<Box<dyn Future<Output = Result<Response, std::convert::Infallible>> + Send>>;

#[tokio::test]
async fn bodies_on_their_way_are_bounded_per_source_and_in_all() {
    let service = service();
    let (busy, taken) = (StatusCode::TOO_MANY_REQUESTS, StatusCode::NO_CONTENT);
    let long = || Body::from(vec![1; 288 * 15]);
    let mut held = Vec::new();
    // Of unknown length, so each may be of the greatest: four fit of one source, 32 in all.
    for peer in 0..8 {
        for _ in 0..4 {
            let silent = Body::from_stream(Silent);
            held.push(post_from(&service, peer, silent).await.unwrap_err());
        }
        if peer == 0 {
            assert_eq!(post_from(&service, 0, long()).await.ok(), Some(busy));
            assert_eq!(post_from(&service, 9, long()).await.ok(), Some(taken));
        }
    }
    assert_eq!(post_from(&service, 9, long()).await.ok(), Some(busy));
    let short = Body::from(vec![1; 288 * 14]);
    assert_eq!(post_from(&service, 9, short).await.ok(), Some(taken));
    drop(held.pop());
    assert_eq!(post_from(&service, 9, long()).await.ok(), Some(taken));
    assert_eq!(post_from(&service, 7, long()).await.ok(), Some(taken));
    assert_eq!(post_from(&service, 0, long()).await.ok(), Some(busy));
}

#[tokio::test]
async fn a_request_whose_body_ends_while_the_server_stops_is_told_so() {
    let clock = Arc::new(journal::SystemClock);
    let store = journal::Memory::new(journal::Limits::default(), clock);
    let rules = crate::respond::Rules::default();
    let responder = Responder::open(Arc::new(store), "here", rules).await;
    let service = Service::with(Settings::default(), Some(Arc::new(responder.unwrap())));
    let challenge = wire::v1::Operation {
        operation: Some(wire::v1::operation::Operation::Challenge(
            wire::v1::Challenge {},
        )),
    };
    let asked = wire::v1::Request {
        id: 7,
        operation: wire::encode(&challenge),
        ..wire::v1::Request::default()
    };
    let asked = wire::encode(&asked);
    let said = async || {
        let (status, body) = post(&service, "/v1/rpc", &asked).await;
        assert_eq!(status, StatusCode::OK);
        let answer: wire::v1::Answer = wire::decode(&body, wire::SERVER_FRAME_MAX).unwrap();
        assert_eq!(answer.id, 7);
        answer.result.unwrap()
    };
    let challenged = said().await;
    assert!(matches!(
        challenged,
        wire::v1::answer::Result::Challenged(_)
    ));
    service.hub.draining.send_replace(true);
    let wire::v1::answer::Result::Error(error) = said().await else {
        panic!("it was carried out");
    };
    let refusal = wire::Refusal::from_message(&error);
    assert_eq!(refusal.code, Ok(wire::Code::Draining));
    assert!(refusal.retry_after > Duration::ZERO);
}
