//! Back-pressure, and what is no frame.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use switch::client::Event;
use switch::server::Cause;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::raw::meet;
use crate::world::{PATIENCE, config, socket as web, start, tcp, until};

#[tokio::test]
async fn a_slow_reader_holds_its_partner_up_and_loses_nothing() {
    let server = start(|_| {}).await;
    let [mut waiting, mut coming] = meet(tcp(&server)).await;
    let frames = 1000_u16;
    let says = tokio::spawn(async move {
        for number in 0..frames {
            let [high, low] = number.to_be_bytes();
            let frame = [vec![high, low], vec![7; 32_000]].concat();
            coming.say(&frame).await.unwrap();
        }
        coming
    });
    for number in 0..frames {
        let Some(Event::Frame(frame)) = waiting.next().await else {
            panic!("it ends at {number}");
        };
        assert_eq!(frame[..2], number.to_be_bytes());
        assert_eq!(frame.len(), 32_002);
        if number % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    drop(says.await.unwrap());
}

#[tokio::test]
async fn a_reader_who_reads_nothing_is_given_up_and_little_is_kept_for_them() {
    let server = start(|limits| limits.stalled = Duration::from_secs(1)).await;
    let [_waiting, mut coming] = meet(tcp(&server)).await;
    // 640 MB would be as much as a pair may have carried, and more.
    let mut said = 0_u64;
    while said < 20_000 && coming.say(&[7; 32_000]).await.is_ok() {
        said += 1;
    }
    assert!(said < 20_000);
    until(&server, |stats| stats.ended(Cause::Slow) == 1).await;
    let stats = server.relay().unwrap().stats();
    // What the system's buffers hold, and at most 196,736 bytes of ours.
    assert!(stats.messages < 2_000, "{stats:?}");
    assert_eq!(server.relay().unwrap().load().paired, 0);
}

#[tokio::test]
async fn a_frame_that_is_too_long_for_a_websocket_ends_it_with_1009() {
    let server = start(|_| {}).await;
    let mut socket = web(&server, None).await;
    socket
        .send(Message::Binary(vec![0; 65_601].into()))
        .await
        .unwrap();
    assert_eq!(code(&mut socket).await, Some(1009));
    let mut socket = web(&server, None).await;
    socket
        .send(Message::Binary(vec![0; 65_600].into()))
        .await
        .unwrap();
    assert_eq!(code(&mut socket).await, Some(1000));
    let stats = server.relay().unwrap().stats();
    assert_eq!(stats.ended(Cause::TooLong), 1);
    assert_eq!(stats.ended(Cause::Malformed), 1);
}

/// With what a WebSocket ends.
pub(crate) async fn code<S>(socket: &mut tokio_tungstenite::WebSocketStream<S>) -> Option<u16>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    loop {
        match timeout(PATIENCE, socket.next()).await.unwrap() {
            Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
            Some(Ok(_)) => {}
            _ => return None,
        }
    }
}

#[tokio::test]
async fn long_frames_that_do_not_come_are_bounded() {
    let mut config = config(|limits| {
        (limits.opening_per_source, limits.per_source) = (usize::MAX, usize::MAX);
    });
    // So that the longest frame of a live connection counts: 4 of 262,144 bytes of one source.
    config.settings.body = 1;
    let server = host::http::Server::start(config, None).await.unwrap();
    let mut streams = Vec::new();
    for _ in 0..16 {
        let mut stream = TcpStream::connect(tcp(&server)).await.unwrap();
        stream.write_all(&[0xff, 0xff, 1]).await.unwrap();
        streams.push(stream);
    }
    // A short one needs no room.
    let mut short = TcpStream::connect(tcp(&server)).await.unwrap();
    short.write_all(&[0x10, 0, 1]).await.unwrap();
    until(&server, |stats| stats.connected == 17).await;
    // Which of them had room does not matter: one is too many.
    let mut late = TcpStream::connect(tcp(&server)).await.unwrap();
    late.write_all(&[0xff, 0xff, 1]).await.unwrap();
    streams.push(late);
    let ended = streams.iter_mut().map(|stream| Box::pin(stream.read_u8()));
    let (ended, _, rest) = timeout(PATIENCE, futures_util::future::select_all(ended))
        .await
        .unwrap();
    assert!(ended.is_err());
    assert_eq!(rest.len(), 16);
    until(&server, |stats| stats.connected == 18).await;
    let load = server.relay().unwrap().load();
    assert_eq!(load.opening, 17);
}
