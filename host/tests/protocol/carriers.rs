use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use wire::v1::operation::Operation as Op;
use wire::v1::{BucketFetch, BucketLeave, Challenge, Request, answer, server_frame};
use wire::{Code, FRAME_MAX, encode};

use crate::client::{Client, code, post, request, rpc, rpc_as};
use crate::lines::Lines;
use crate::person::Person;
use crate::world::{World, config};

const CHALLENGE: Op = Op::Challenge(Challenge {});

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_pipelined_and_all_are_answered() {
    let world = World::start().await;
    let mut live = Client::connect(world.address()).await;
    let mut open: Vec<u64> = Vec::new();
    for _ in 0..500 {
        open.push(live.ask(request(0, &CHALLENGE)).await);
    }
    while !open.is_empty() {
        let answer = live.answer().await;
        assert!(matches!(answer.result, Some(answer::Result::Challenged(_))));
        let place = open.iter().position(|id| *id == answer.id).unwrap();
        open.swap_remove(place);
    }
    assert!(live.is_silent().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_ends_the_connection_with_its_code() {
    let world = World::start().await;
    let mut text = Client::connect(world.address()).await;
    text.raw(Message::Text("hello".into())).await;
    assert_eq!(text.next().await, Err(Some(1003)));
    for malformed in [&b""[..], b"\xff", b"\x0a\x02\x08"] {
        let mut live = Client::connect(world.address()).await;
        live.raw(Message::Binary(malformed.to_vec().into())).await;
        assert_eq!(live.next().await, Err(Some(1002)), "{malformed:?}");
    }
    let mut long = Client::connect(world.address()).await;
    long.raw(Message::Binary(vec![0; FRAME_MAX + 1].into()))
        .await;
    assert!(long.next().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_is_none_is_refused_and_the_connection_stays() {
    let world = World::start().await;
    let mut live = Client::connect(world.address()).await;
    for (operation, expected) in [
        (vec![0xff], Code::Malformed),
        (vec![0xf2, 0x06, 0x00], Code::Unsupported),
    ] {
        let asked = Request {
            operation,
            ..Request::default()
        };
        live.ask(asked.clone()).await;
        let answer = live.answer().await;
        let Some(answer::Result::Error(error)) = answer.result else {
            panic!("{answer:?}");
        };
        assert_eq!(error.code, expected as u32);
        assert_eq!(code(&rpc(world.address(), &asked).await), Some(expected));
    }
    let fetch = Op::BucketFetch(BucketFetch { hash: vec![1; 32] });
    let anna = Person::new(1);
    assert_eq!(
        code(&rpc_as(world.address(), &anna, &fetch).await),
        Some(Code::Malformed)
    );
    assert!(live.is_silent().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_left_once_and_its_bucket_has_the_size_of_one_that_is_not_there() {
    let world = World::start().await;
    let mut live = Client::connect(world.address()).await;
    let entry = vec![9; 256];
    let leave = Op::BucketLeave(BucketLeave {
        entry: entry.clone(),
    });
    let mut ids = Vec::new();
    for _ in 0..2 {
        let Ok(answer::Result::BucketLeft(left)) = live.call(&leave).await else {
            panic!("not left");
        };
        ids.push(left.bucket);
    }
    assert_eq!(ids[0], ids[1], "a repetition");
    let id = rendezvous::bucket::Id::from_bytes(&ids[0]).unwrap();
    let mut fetched = Vec::new();
    for hash in [id.hash().as_bytes().to_vec(), vec![1; 32]] {
        let fetch = Op::BucketFetch(BucketFetch { hash });
        let Ok(answer::Result::Bucket(bucket)) = rpc(world.address(), &request(1, &fetch)).await
        else {
            panic!("no bucket");
        };
        fetched.push(bucket);
    }
    assert_eq!((fetched[0].state, fetched[1].state), (1, 2));
    assert!(fetched[0].slots.chunks(256).any(|slot| slot == entry));
    assert_eq!(encode(&fetched[0]).len(), encode(&fetched[1]).len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_taken_up_to_its_bound_and_not_one_byte_more() {
    let world = World::start().await;
    let (status, body) = post(world.address(), &vec![0; FRAME_MAX]).await;
    assert_eq!(status, 200, "it is read, and malformed");
    assert!(!body.is_empty());
    let (status, _) = post(world.address(), &vec![0; FRAME_MAX + 1]).await;
    assert_eq!(status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_asks_too_fast_is_told_when_to_come_back() {
    let mut config = config();
    config.settings.requests.per_second = 1;
    config.settings.requests.burst = 5;
    let world = World::with(config).await;
    let mut live = Client::connect(world.address()).await;
    // One comes back every second, so not every request after the fifth is refused.
    let mut refused = None;
    while refused.is_none() {
        refused = live.call(&CHALLENGE).await.err();
    }
    let refusal = refused.unwrap();
    assert_eq!(refusal.code, Ok(Code::Rate));
    assert!(refusal.retry_after > Duration::ZERO);
    let request = encode(&request(1, &CHALLENGE));
    while post(world.address(), &request).await.0 != 429 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_says_so_and_waits_for_its_connections() {
    let world = World::start().await;
    let mut live = Client::connect(world.address()).await;
    live.call(&CHALLENGE).await.unwrap();
    let mut other = Client::connect(world.address()).await;
    let stopped = tokio::spawn(world.server.stop(Duration::from_secs(30)));
    let mut times = Vec::new();
    for client in [&mut live, &mut other] {
        let Ok(server_frame::Frame::Leaving(leaving)) = client.next().await else {
            panic!("no word of it");
        };
        times.push(leaving.come_back_ms);
        assert_eq!(client.next().await, Err(Some(1001)));
    }
    assert!(times.iter().all(|ms| (1000..=66_535).contains(ms)));
    assert_eq!(stopped.await.unwrap().cut, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn live_connections_count_against_the_bound_of_a_source() {
    let mut config = config();
    config.settings.connections.per_source = 2;
    let world = World::with(config).await;
    let first = Client::connect(world.address()).await;
    let _second = Client::connect(world.address()).await;
    let mut third = TcpStream::connect(world.address()).await.unwrap();
    drop(third.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await);
    assert!(
        matches!(third.read(&mut [0; 1]).await, Ok(0) | Err(_)),
        "it was served"
    );
    drop(first.cut());
    // The server hears of it at some moment.
    while rpc_is_cut(&world).await {
        tokio::task::yield_now().await;
    }
}

async fn rpc_is_cut(world: &World) -> bool {
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    drop(
        stream
            .write_all(b"GET /new HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await,
    );
    matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_))
}

/// What `/.well-known/entrenous` says.
pub(crate) async fn well_known(world: &World) -> serde_json::Value {
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    let line = b"GET /.well-known/entrenous HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(line).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains("application/json"),
        "{head}"
    );
    serde_json::from_str(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_well_known_page_says_what_is_offered() {
    let world = World::start().await;
    let about = well_known(&world).await;
    assert_eq!(about["name"], "server.test");
    assert_eq!(about["binding"], "name");
    assert_eq!(about["registration"], "pin");
    assert_eq!(about["carriers"], serde_json::json!(["live", "rpc"]));
}

#[tokio::test]
async fn logs_name_neither_addresses_nor_accounts_nor_pins() {
    let lines = Lines::default();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(log);
    let world = World::start().await;
    let (anna, pin) = (Person::new(1), world.pin().await);
    rpc_as(world.address(), &anna, &anna.register(&pin))
        .await
        .unwrap();
    let wrong = rpc_as(
        world.address(),
        &Person::new(2),
        &Person::new(2).register(&pin),
    )
    .await;
    assert_eq!(code(&wrong), Some(Code::Pin));
    let mut live = Client::connect(world.address()).await;
    live.raw(Message::Text("hello".into())).await;
    assert!(live.next().await.is_err());
    drop(live.cut());
    world.server.stop(Duration::from_secs(5)).await;
    let text = lines.text();
    let account = hex::encode(anna.account());
    for secret in ["127.0.0.1", pin.as_str(), &pin[..3], account.as_str()] {
        assert!(!text.contains(secret), "{secret} in: {text}");
    }
}
