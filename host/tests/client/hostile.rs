//! Servers that break the protocol: the client says so, and keeps no more than its bounds.

use std::future::pending;
use std::time::Duration;

use net::RequestError;
use net::server::{CallError, End, Live, Rpc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use wire::v1::{Answer, Challenged, Done, Event, Hello, Leaving, Ping, Push, answer, server_frame};
use wire::{SERVER_FRAME_MAX, encode};

use crate::person::Person;
use crate::scripted::{Side, answering, hello, ok, raw, serve};
use crate::world::{ACCOUNT, CHALLENGE, PATIENCE, direct, prover};

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_have_a_mebibyte_and_not_a_byte_more() {
    assert_eq!(SERVER_FRAME_MAX, MIB);
    let too_long = CallError::Unreachable(RequestError::TooLong { max: MIB });
    for (length, expected) in [(MIB, CallError::Malformed), (MIB + 1, too_long)] {
        let address = raw(move |_| ok(&vec![0; length])).await;
        let mut rpc = Rpc::new(direct(address)).unwrap();
        assert_eq!(rpc.call(CHALLENGE, None).await, Err(expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_cut_at_the_bound() {
    let address = serve(|mut stream| async move {
        drop(stream.read(&mut [0; 4096]).await);
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        drop(stream.write_all(head).await);
        let more = [&b"1000\r\n"[..], &[0; 4096], b"\r\n"].concat();
        while stream.write_all(&more).await.is_ok() {}
    })
    .await;
    let mut rpc = Rpc::new(direct(address)).unwrap();
    let too_long = CallError::Unreachable(RequestError::TooLong { max: MIB });
    assert_eq!(rpc.call(CHALLENGE, None).await, Err(too_long));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_head_is_cut() {
    let address = serve(endless_head).await;
    let mut options = direct(address);
    options.tries = 1;
    let error = Rpc::new(options.clone())
        .unwrap()
        .call(CHALLENGE, None)
        .await;
    let broken = CallError::Unreachable(RequestError::Broken);
    assert_eq!(error, Err(broken.clone()));
    let live = Live::connect(&options, prover(&Person::new(1))).await;
    assert_eq!(live.err(), Some(broken));
}

async fn endless_head(mut stream: TcpStream) {
    drop(stream.read(&mut [0; 4096]).await);
    drop(stream.write_all(b"HTTP/1.1 200 OK\r\n").await);
    while stream
        .write_all(b"x-more: and more and more\r\n")
        .await
        .is_ok()
    {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_given_up() {
    let address = serve(|stream| async move {
        pending::<()>().await;
        drop(stream);
    })
    .await;
    let mut options = direct(address);
    options.tries = 1;
    options.within = Duration::ZERO;
    let error = Rpc::new(options).unwrap().call(CHALLENGE, None).await;
    let after = Duration::from_secs(5);
    assert_eq!(
        error,
        Err(CallError::Unreachable(RequestError::Slow { after }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_none_are_malformed() {
    let done = Some(answer::Result::Done(Done {}));
    let other = encode(&Answer {
        id: 77,
        result: done,
    });
    let nothing = encode(&Answer {
        id: 1,
        result: None,
    });
    for body in [other, nothing, vec![0xff], b"<html>".to_vec(), Vec::new()] {
        let address = raw(move |_| ok(&body)).await;
        let mut rpc = Rpc::new(direct(address)).unwrap();
        let said = rpc.call(CHALLENGE, None).await;
        assert_eq!(said, Err(CallError::Malformed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_without_a_nonce_is_malformed_and_nothing_is_proven() {
    let short = Challenged {
        nonce: vec![1; 32],
        valid_ms: 1,
        key: vec![9; 32],
    };
    for result in [
        answer::Result::Done(Done {}),
        answer::Result::Challenged(Challenged {
            nonce: vec![1; 31],
            ..short
        }),
    ] {
        let address = answering(move |operation| {
            assert_eq!(operation, CHALLENGE);
            result.clone()
        })
        .await;
        let mut rpc = Rpc::new(direct(address)).unwrap();
        let said = rpc.prove(prover(&Person::new(1)), ACCOUNT, None).await;
        assert_eq!(said, Err(CallError::Malformed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_server_of_another_kind_is_told_from_ours() {
    for (status, expected) in [
        (404, CallError::NotOffered { code: 404 }),
        (403, CallError::NotOffered { code: 403 }),
    ] {
        let address =
            raw(move |_| format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n").into_bytes())
                .await;
        let mut rpc = Rpc::new(direct(address)).unwrap();
        assert_eq!(rpc.call(CHALLENGE, None).await, Err(expected));
    }
}

/// How a live connection ends on which the server sends this once somebody has subscribed.
async fn ended(messages: Vec<Message>) -> End {
    let address = serve(move |stream| {
        let messages = messages.clone();
        async move {
            let mut side = Side::authenticated(stream).await;
            side.accept().await;
            for message in messages {
                side.raw(message).await;
            }
            side.next().await;
            pending::<()>().await;
        }
    })
    .await;
    let anna = Person::new(1);
    let mut live = Live::connect(&direct(address), prover(&anna))
        .await
        .unwrap();
    drop(live.subscribe(10).await);
    let end = async {
        loop {
            if let Err(end) = live.next_event().await {
                return end;
            }
        }
    };
    timeout(PATIENCE, end).await.unwrap()
}

fn frame(frame: server_frame::Frame) -> Message {
    let frame = wire::v1::ServerFrame { frame: Some(frame) };
    Message::Binary(encode(&frame).into())
}

fn push(number: u64) -> Message {
    let event = Some(Event { number, what: None });
    frame(server_frame::Frame::Push(Push { event }))
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_break_the_protocol_end_a_live_connection() {
    let answer = Answer {
        id: 77,
        result: Some(answer::Result::Done(Done {})),
    };
    for messages in [
        vec![Message::Text("hello".into())],
        vec![Message::Binary(Vec::new().into())],
        vec![Message::Binary(vec![0xff].into())],
        vec![Message::Binary(vec![0; MIB + 1].into())],
        vec![frame(server_frame::Frame::Hello(hello()))],
        vec![frame(server_frame::Frame::Answer(answer))],
        vec![frame(server_frame::Frame::Push(Push { event: None }))],
        // not above the number subscribed after, not growing
        vec![push(10)],
        vec![push(11), push(11)],
    ] {
        let shown = format!("{:?}", messages.first()).len();
        assert_eq!(ended(messages).await, End::Malformed, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_may_push_as_much_as_there_is_credit_for_and_no_more() {
    let address = serve(|stream| async move {
        let mut side = Side::authenticated(stream).await;
        side.accept().await;
        assert_eq!(side.credit().await, 64);
        for number in 11..=74 {
            side.raw(push(number)).await;
        }
        // Another call shows that they were taken; then comes one too many.
        side.accept().await;
        side.raw(push(75)).await;
        pending::<()>().await;
    })
    .await;
    let anna = Person::new(1);
    let mut live = Live::connect(&direct(address), prover(&anna))
        .await
        .unwrap();
    live.subscribe(10).await.unwrap();
    assert!(live.caller().call(ACCOUNT, None).await.is_ok());
    let late = timeout(PATIENCE, live.caller().call(ACCOUNT, None)).await;
    assert_eq!(late.unwrap(), Err(CallError::Ended(End::Malformed)));
    for number in 11..=74 {
        assert_eq!(live.next_event().await.unwrap().number, number);
    }
    assert_eq!(live.next_event().await, Err(End::Malformed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_may_have_a_mebibyte() {
    // An answer of a mebibyte is bytes that no message has, so it is filled up with a field that
    // nobody knows.
    let mut bytes = encode(&wire::v1::ServerFrame {
        frame: Some(server_frame::Frame::Leaving(Leaving { come_back_ms: 7 })),
    });
    // field 15, as many bytes as are left: three of the length
    let rest = MIB - bytes.len() - 4;
    bytes.push(15 << 3 | 2);
    bytes.extend([
        u8::try_from(rest & 0x7f).unwrap() | 0x80,
        u8::try_from(rest >> 7 & 0x7f).unwrap() | 0x80,
        u8::try_from(rest >> 14).unwrap(),
    ]);
    bytes.resize(MIB, 0);
    let close = Message::Close(None);
    let end = ended(vec![Message::Binary(bytes.into()), close]).await;
    let come_back = Duration::from_millis(7);
    assert_eq!(end, End::Leaving { come_back });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_cannot_send_anybody_away_for_longer_than_ten_minutes() {
    let leaving = server_frame::Frame::Leaving(Leaving {
        come_back_ms: u32::MAX,
    });
    let end = ended(vec![frame(leaving), Message::Close(None)]).await;
    let come_back = Duration::from_secs(600);
    assert_eq!(end, End::Leaving { come_back });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_frame_that_is_no_sound_hello_gives_no_connection() {
    let bad = [
        // the exporter of a channel that has none
        server_frame::Frame::Hello(Hello {
            binding: 1,
            ..hello()
        }),
        server_frame::Frame::Hello(Hello {
            binding: 3,
            ..hello()
        }),
        server_frame::Frame::Hello(Hello {
            nonce: vec![7; 31],
            ..hello()
        }),
        server_frame::Frame::Pong(Ping { number: 1 }),
    ];
    for first in bad {
        let address = serve(move |stream| {
            let first = first.clone();
            async move {
                let mut side = Side::silent(stream).await;
                side.send(first).await;
                side.next().await;
            }
        })
        .await;
        let anna = Person::new(1);
        let refused = Live::connect(&direct(address), prover(&anna)).await.err();
        assert_eq!(refused, Some(CallError::Malformed));
    }
}
