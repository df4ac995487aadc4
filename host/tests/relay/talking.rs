//! Two who meet at a relay, by each way.

use bytes::Bytes;
use channel::End;
use net::call::relay::{Place, RelayError};
use switch::client::End as Left;
use switch::{Password, Token};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{call, config, end, meet, message, start, start_with_tls, until, way};

#[tokio::test]
async fn two_meet_by_every_pair_of_ways_and_talk() {
    let server = start(|_| {}).await;
    for [first, second] in [["ws", "ws"], ["tcp", "tcp"], ["ws", "tcp"], ["tcp", "ws"]] {
        let ways = [way(&server, first), way(&server, second)];
        let [mut caller, mut called] = call(meet(&ways[0], &ways[1]).await).await;
        for length in [1, 5_000, 30_000] {
            let text = Bytes::from(vec![7; length]);
            caller.handle().send(text.clone()).await.unwrap();
            assert_eq!(message(&mut called).await, text);
            called.handle().send(text.clone()).await.unwrap();
            assert_eq!(message(&mut caller).await, text);
        }
        caller.handle().close().await;
        assert_eq!(end(&mut called).await, End::Closed);
    }
    let stats = server.relay().unwrap().stats();
    assert_eq!((stats.created, stats.joined), (4, 4));
    assert!(stats.bytes > 8 * 35_001);
}

#[tokio::test]
async fn two_meet_by_tls_and_by_a_websocket_in_it() {
    let server = start_with_tls().await;
    for [first, second] in [["tls", "wss"], ["wss", "tls"], ["tls", "tcp"]] {
        let ways = [way(&server, first), way(&server, second)];
        let [caller, mut called] = call(meet(&ways[0], &ways[1]).await).await;
        caller.handle().send("hello".into()).await.unwrap();
        assert_eq!(message(&mut called).await, b"hello");
    }
}

#[tokio::test]
async fn what_somebody_says_last_still_comes_after_they_have_gone() {
    let server = start(|_| {}).await;
    for [first, second] in [["ws", "tcp"], ["tcp", "ws"]] {
        let ways = [way(&server, first), way(&server, second)];
        let [caller, mut called] = call(meet(&ways[0], &ways[1]).await).await;
        for _ in 0..8 {
            let text = Bytes::from(vec![7; 30_000]);
            caller.handle().send(text).await.unwrap();
        }
        drop(caller);
        for _ in 0..8 {
            assert_eq!(message(&mut called).await.len(), 30_000);
        }
        assert_eq!(end(&mut called).await, End::Closed);
    }
}

#[tokio::test]
async fn a_relay_with_a_password_takes_those_who_know_it() {
    let path = std::env::temp_dir().join(format!("host-relay-password-{}", std::process::id()));
    std::fs::write(&path, "open sesame\n").unwrap();
    let mut config = config(|_| {});
    config.relay.password = Some(path.clone());
    let server = host::http::Server::start(config, None).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    for scheme in ["ws", "tcp"] {
        let mut way = way(&server, scheme);
        let refused = Place::create(&way, None).await.err();
        assert_eq!(refused, Some(RelayError::Ended(Left::Refused)), "none");
        way.password = Some(Password::new(b"open sesami".to_vec()).unwrap());
        let refused = Place::create(&way, None).await.err();
        assert_eq!(refused, Some(RelayError::Ended(Left::Password)), "another");
        way.password = Some(Password::new(b"open sesame".to_vec()).unwrap());
        let [_, _] = meet(&way, &way).await;
    }
    let open = start(|_| {}).await;
    let mut way = way(&open, "tcp");
    way.password = Some(Password::new(b"open sesame".to_vec()).unwrap());
    let refused = Place::create(&way, None).await.err();
    assert_eq!(
        refused,
        Some(RelayError::Ended(Left::Password)),
        "not asked"
    );
}

#[tokio::test]
async fn nobody_joins_under_a_token_that_nobody_waits_under() {
    let server = start(|_| {}).await;
    let token = Token::from_bytes(&[7; 16]).unwrap();
    for scheme in ["ws", "tcp"] {
        let refused = Place::join(&way(&server, scheme), token.clone())
            .await
            .err();
        assert_eq!(refused, Some(RelayError::Ended(Left::Refused)));
    }
}

#[tokio::test]
async fn a_place_is_over_when_its_time_is() {
    let server = start(|limits| limits.token_lasts = std::time::Duration::from_secs(1)).await;
    let mut place = Place::create(&way(&server, "ws"), None).await.unwrap();
    assert!(place.arrived().await.is_err());
    until(&server, |stats| {
        stats.ended(switch::server::Cause::Expired) == 1
    })
    .await;
}

#[tokio::test]
async fn a_server_without_a_relay_has_none_at_its_address() {
    let mut config = config(|_| {});
    config.relay.web = false;
    for tcp in [config.relay.tcp.clone(), Vec::new()] {
        config.relay.tcp = tcp;
        let server = host::http::Server::start(config.clone(), None)
            .await
            .unwrap();
        assert_eq!(server.relay().is_some(), !config.relay.tcp.is_empty());
        let mut stream = TcpStream::connect(server.addresses()[0]).await.unwrap();
        let request = b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
}
