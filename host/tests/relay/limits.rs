//! Each limit that sockets meet, and one above it.

use std::time::Duration;

use net::call::relay::{Place, RelayError};
use switch::client::End;
use switch::server::Cause;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::carrying::code;
use crate::world::{PATIENCE, meet, socket as web, start, tcp, until, way};

#[tokio::test]
async fn so_many_places_of_a_source_wait() {
    let server = start(|limits| limits.unpaired_per_source = 2).await;
    let way = way(&server, "tcp");
    let first = Place::create(&way, None).await.unwrap();
    let _second = Place::create(&way, None).await.unwrap();
    let third = Place::create(&way, None).await.err();
    assert_eq!(third, Some(RelayError::Ended(End::Refused)));
    drop(first);
    until(&server, |_| server.relay().unwrap().load().waiting == 1).await;
    Place::create(&way, None).await.unwrap();
}

#[tokio::test]
async fn so_many_pairs_talk() {
    let server = start(|limits| limits.pairs = 1).await;
    let way = way(&server, "ws");
    let pair = meet(&way, &way).await;
    let waiting = Place::create(&way, None).await.unwrap();
    let token = waiting.token().clone();
    let refused = Place::join(&way, token.clone()).await.err();
    assert_eq!(refused, Some(RelayError::Ended(End::Refused)));
    drop(pair);
    until(&server, |_| server.relay().unwrap().load().paired == 0).await;
    Place::join(&way, token).await.unwrap();
}

#[tokio::test]
async fn a_source_begins_so_many_connections_by_all_ways_together() {
    let server = start(|limits| limits.starts = 3).await;
    for scheme in ["ws", "tcp", "ws"] {
        Place::create(&way(&server, scheme), None).await.unwrap();
    }
    let mut socket = web(&server, None).await;
    assert_eq!(code(&mut socket).await, Some(1008));
    let mut stream = TcpStream::connect(tcp(&server)).await.unwrap();
    assert!(stream.read_u8().await.is_err());
    let stats = server.relay().unwrap().stats();
    assert_eq!(stats.ended(Cause::Rate), 2);
}

#[tokio::test]
async fn behind_a_proxy_each_has_a_source_of_their_own() {
    let mut config = crate::world::config(|limits| limits.starts = 1);
    config.settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let server = host::http::Server::start(config, None).await.unwrap();
    let _one = web(&server, Some("203.0.113.1")).await;
    let _two = web(&server, Some("203.0.113.2")).await;
    let mut again = web(&server, Some("203.0.113.2")).await;
    assert_eq!(code(&mut again).await, Some(1008));
    until(&server, |stats| stats.connected == 3).await;
    assert_eq!(server.relay().unwrap().load().opening, 2);
}

#[tokio::test]
async fn a_flood_of_half_open_connections_is_bounded_and_passes() {
    let server = start(|limits| {
        (limits.opening, limits.opening_per_source) = (20, 20);
        limits.within = Duration::from_secs(2);
    })
    .await;
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(TcpStream::connect(tcp(&server)).await.unwrap());
    }
    until(&server, |stats| stats.connected == 100).await;
    assert!(server.relay().unwrap().load().opening <= 20);
    // Every one of them ends, those that were let in when their time is over.
    for stream in &mut streams {
        let read = timeout(PATIENCE, stream.read_u8()).await.unwrap();
        assert!(read.is_err());
    }
    let stats = server.relay().unwrap().stats();
    assert!(stats.ended(Cause::Late) >= 20);
    assert_eq!(stats.ended(Cause::Full) + stats.ended(Cause::Late), 100);
    assert_eq!(server.relay().unwrap().load().opening, 0);
    Place::create(&way(&server, "tcp"), None).await.unwrap();
}

#[tokio::test]
async fn the_bound_of_the_servers_connections_holds_for_frames_too() {
    let mut config = crate::world::config(|_| {});
    config.settings.connections.per_source = 2;
    let server = host::http::Server::start(config, None).await.unwrap();
    let way = way(&server, "tcp");
    let _first = Place::create(&way, None).await.unwrap();
    let _second = Place::create(&way, None).await.unwrap();
    let third = Place::create(&way, None).await.err();
    assert_eq!(third, Some(RelayError::Ended(End::Lost)));
    assert_eq!(server.relay().unwrap().stats().connected, 2);
}
