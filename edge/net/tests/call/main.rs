//! Calls over TCP, UDP and QUIC.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what does not hold"
)]

mod broker;
mod listeners;
mod people;
mod quic;
mod race;
mod servers;
mod udp;

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use channel::{End, Event, Mode, SendError};
use net::call::{Call, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use people::{PATIENCE, Person, establish, listener, message, next, talking};

fn people() -> (Person, Person) {
    (Person::new("Alice", 1), Person::new("Bob", 2))
}

#[tokio::test]
async fn two_people_talk_and_part() {
    let (alice, bob) = people();
    let (mut caller, mut called) = talking(&alice, &bob).await;
    for text in ["hello", "", "good evening"] {
        caller.handle().send(Bytes::from(text)).await.unwrap();
        assert_eq!(message(&mut called).await, text.as_bytes());
        called.handle().send(Bytes::from(text)).await.unwrap();
        assert_eq!(message(&mut caller).await, text.as_bytes());
    }
    let handle = caller.handle().clone();
    handle.send(Bytes::from("bye")).await.unwrap();
    handle.close().await;
    assert_eq!(message(&mut called).await, b"bye");
    assert_eq!(next(&mut called).await, Event::Ended(End::Closed));
    assert_eq!(next(&mut caller).await, Event::Ended(End::Left));
    assert_eq!(caller.next().await, None);
    assert_eq!(called.next().await, None);
    assert_eq!(handle.send(Bytes::new()).await, Err(SendError::NotOpen));
}

#[tokio::test]
async fn ten_thousand_messages_of_all_lengths_cross_each_other() {
    cross(Mode::Ours).await;
}

#[tokio::test]
async fn and_so_they_do_in_kamune() {
    cross(Mode::Kamune).await;
}

async fn cross(mode: Mode) {
    let (mut alice, bob) = people();
    alice.mode = mode;
    let (caller, called) = talking(&alice, &bob).await;
    let length =
        |number: usize| number * 7919 % 1500 + usize::from(number.is_multiple_of(500)) * 59_900;
    let text = move |number: usize| vec![number.to_le_bytes()[0]; length(number)];
    let both = [caller, called].map(|mut call| {
        tokio::spawn(async move {
            let handle = call.handle().clone();
            let says = tokio::spawn(async move {
                for number in 0..10_000 {
                    handle.send(Bytes::from(text(number))).await.unwrap();
                }
            });
            for number in 0..10_000 {
                assert!(message(&mut call).await == text(number), "{number}");
            }
            says.await.unwrap();
            call
        })
    });
    for one in both {
        drop(one.await.unwrap());
    }
}

#[tokio::test]
async fn what_is_kept_is_acknowledged_and_what_is_not_is_sent_again() {
    let (alice, bob) = people();
    let (mut caller, mut called) = talking(&alice, &bob).await;
    for text in ["one", "two", "three"] {
        caller.handle().send(Bytes::from(text)).await.unwrap();
        message(&mut called).await;
    }
    called.handle().keep(2).await;
    assert_eq!(next(&mut caller).await, Event::Delivered(2));
    drop((caller, called));

    let listener = listener(Limits::default()).await;
    let at = listener.address().unwrap();
    let kept = Some(alice.shelf.only());
    bob.shelf.keeps(2);
    let (mut caller, incoming) = tokio::join!(alice.dial(at, kept), listener.accept());
    let mut called = Call::answer(incoming.unwrap(), bob.setup()).unwrap();
    tokio::join!(establish(&mut caller), establish(&mut called));
    assert_eq!(next(&mut caller).await, Event::Delivered(2));
    assert_eq!(next(&mut called).await, Event::Delivered(0));
    let stamp = channel::Stamp {
        written: kernel::Time::from_ms(7),
        id: [3; 16],
    };
    let handle = caller.handle();
    handle
        .send_stamped(stamp, Bytes::from("three"))
        .await
        .unwrap();
    let Event::Message(message) = next(&mut called).await else {
        panic!("no message");
    };
    assert_eq!((message.sequence, message.sent_ms), (3, 7));
    assert_eq!(message.id, Some([3; 16]));
    assert_eq!(message.body, b"three");
}

#[tokio::test]
async fn whoever_is_let_go_of_says_goodbye() {
    let (alice, bob) = people();
    let (caller, mut called) = talking(&alice, &bob).await;
    drop(caller);
    assert_eq!(next(&mut called).await, Event::Ended(End::Closed));
}

#[tokio::test]
async fn a_session_goes_on_over_another_connection() {
    let (alice, bob) = people();
    let (caller, called) = talking(&alice, &bob).await;
    let session = alice.shelf.only().session();
    drop((caller, called));

    let listener = listener(Limits::default()).await;
    let at = listener.address().unwrap();
    let kept = Some(alice.shelf.only());
    let (mut caller, incoming) = tokio::join!(alice.dial(at, kept), listener.accept());
    let mut called = Call::answer(incoming.unwrap(), bob.setup()).unwrap();
    // nobody is asked
    for call in [&mut caller, &mut called] {
        assert_eq!(establish(call).await, (session, true));
        assert_eq!(next(call).await, Event::Delivered(0));
    }
    caller.handle().send(Bytes::from("again")).await.unwrap();
    assert_eq!(message(&mut called).await, b"again");
}

#[tokio::test]
async fn a_session_that_cannot_be_kept_is_none() {
    let (alice, bob) = people();
    bob.shelf.is_full.store(true, Ordering::SeqCst);
    let listener = listener(Limits::default()).await;
    let at = listener.address().unwrap();
    let (mut caller, incoming) = tokio::join!(alice.dial(at, None), listener.accept());
    let mut called = Call::answer(incoming.unwrap(), bob.setup()).unwrap();
    let ends = [&mut caller, &mut called].map(|call| async {
        loop {
            match next(call).await {
                Event::Introduced(_) => call.handle().accept().await,
                Event::Ended(end) => return end,
                other => panic!("{other:?}"),
            }
        }
    });
    let [caller, called] = ends;
    assert_eq!(tokio::join!(caller, called), (End::Lost, End::NotKept));
}

#[tokio::test]
async fn a_reader_who_is_slow_makes_the_writer_wait_and_loses_nothing() {
    let (alice, bob) = people();
    let (caller, mut called) = talking(&alice, &bob).await;
    let handle = caller.handle().clone();
    let text = Bytes::from(vec![7; 60_000]);
    let mut sent = 0_usize;
    // Until the system's buffers, both queues and the windows are full.
    let filling = async {
        loop {
            handle.send(text.clone()).await.unwrap();
            sent += 1;
        }
    };
    assert!(timeout(Duration::from_secs(2), filling).await.is_err());
    assert!(sent < 1000, "{sent} messages of 60 kB were taken");
    for _ in 0..sent {
        assert_eq!(message(&mut called).await.len(), 60_000);
    }
    timeout(PATIENCE, handle.send(text)).await.unwrap().unwrap();
}

#[tokio::test]
async fn asides_wait_as_messages_do_and_messages_go_before_them() {
    let (alice, bob) = people();
    let (caller, mut called) = talking(&alice, &bob).await;
    let aside = Bytes::from(vec![1; 61_435]);
    let mut sent = 0_usize;
    // Until the system's buffers and both queues are full.
    let filling = async {
        loop {
            caller.handle().send_aside(aside.clone()).await.unwrap();
            sent += 1;
        }
    };
    assert!(timeout(Duration::from_secs(2), filling).await.is_err());
    assert!(sent < 1000, "{sent} asides of 61 kB were taken");
    let more: Vec<_> = (0..8)
        .map(|_| {
            let (handle, aside) = (caller.handle().clone(), aside.clone());
            tokio::spawn(async move { handle.send_aside(aside).await })
        })
        .collect();
    tokio::task::yield_now().await;
    // A message is taken though no aside is.
    let said = caller.handle().send(Bytes::from("first"));
    timeout(PATIENCE, said).await.unwrap().unwrap();
    let mut before = 0;
    loop {
        match next(&mut called).await {
            Event::Aside(bytes) => assert_eq!(bytes, aside),
            Event::Message(message) => break assert_eq!(message.body, b"first"),
            other => panic!("{other:?}"),
        }
        before += 1;
    }
    // The one that was on its way when time was up may have been taken.
    assert!(before <= sent + 1, "{before} asides came first of {sent}");
    for _ in before..sent + 8 {
        assert!(matches!(next(&mut called).await, Event::Aside(_)));
    }
    for one in more {
        one.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn two_who_say_much_at_once_do_not_wait_for_each_other() {
    let (alice, bob) = people();
    // Nothing between them has room for more than a part of a message.
    let (here, there) = tokio::io::duplex(4096);
    let mut caller = Call::over(here, alice.setup(), None).unwrap();
    let mut called = Call::answer_over(there, bob.setup()).unwrap();
    tokio::join!(establish(&mut caller), establish(&mut called));
    let both = [caller, called].map(|mut call| {
        tokio::spawn(async move {
            let handle = call.handle().clone();
            let says = tokio::spawn(async move {
                for number in 0..60_u8 {
                    let text = Bytes::from(vec![number; 60_000]);
                    handle.send(text).await.unwrap();
                }
            });
            for number in 0..60 {
                assert_eq!(message(&mut call).await, vec![number; 60_000]);
            }
            says.await.unwrap();
            call
        })
    });
    for one in both {
        drop(one.await.unwrap());
    }
}

#[tokio::test]
async fn an_aside_that_cannot_be_sent_is_refused() {
    let (mut alice, bob) = people();
    let (caller, called) = talking(&alice, &bob).await;
    let handle = caller.handle().clone();
    let empty = handle.send_aside(Bytes::new()).await;
    assert_eq!(empty, Err(SendError::Empty));
    drop((caller, called));
    alice.mode = Mode::Kamune;
    let (caller, _called) = talking(&alice, &bob).await;
    let refused = caller.handle().send_aside(Bytes::from("x")).await;
    assert_eq!(refused, Err(SendError::NoAsides));
    caller.handle().close().await;
    let mut caller = caller;
    while caller.next().await.is_some() {}
    let late = caller.handle().send_aside(Bytes::from("x")).await;
    assert_eq!(late, Err(SendError::NotOpen));
}

#[tokio::test]
async fn messages_of_the_first_moment_wait_for_room() {
    let (mut alice, bob) = people();
    alice.mode = Mode::Kamune;
    alice.hold = Duration::from_millis(300);
    let (caller, mut called) = talking(&alice, &bob).await;
    let handle = caller.handle().clone();
    // more than may wait
    let says = tokio::spawn(async move {
        for number in 0..40_u8 {
            handle
                .send(Bytes::from(vec![number; 60_000]))
                .await
                .unwrap();
        }
    });
    for number in 0..40 {
        assert_eq!(message(&mut called).await, vec![number; 60_000]);
    }
    says.await.unwrap();
}

#[tokio::test]
async fn somebody_who_is_not_wanted_sees_the_connection_end() {
    let (alice, bob) = people();
    let listener = listener(Limits::default()).await;
    let at = listener.address().unwrap();
    let (mut caller, incoming) = tokio::join!(alice.dial(at, None), listener.accept());
    let mut called = Call::answer(incoming.unwrap(), bob.setup()).unwrap();
    assert!(matches!(next(&mut called).await, Event::Introduced(_)));
    called.handle().reject().await;
    assert_eq!(next(&mut called).await, Event::Ended(End::Rejected));
    assert_eq!(next(&mut caller).await, Event::Ended(End::Lost));
}

#[tokio::test]
async fn connections_that_open_nothing_keep_nobody_out_for_ever() {
    let (alice, bob) = people();
    let listener = listener(Limits::default()).await;
    let at = listener.address().unwrap();
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(TcpStream::connect(at).await.unwrap());
        idle.push(TcpStream::connect(at).await.unwrap());
    }
    let mut opening = Vec::new();
    for _ in 0..8 {
        let incoming = listener.accept().await.unwrap();
        opening.push(Call::answer(incoming, bob.setup()).unwrap());
    }
    // The others of this address are hung up on, and so is Alice.
    let more = timeout(Duration::from_millis(300), listener.accept()).await;
    assert!(more.is_err());
    assert_eq!(listener.refused(), 8);
    let mut ended = 0;
    for stream in &mut idle {
        let read = timeout(Duration::from_millis(50), stream.read_u8()).await;
        ended += usize::from(read.is_ok());
    }
    assert_eq!(ended, 8);
    // Their places come back when they are gone.
    drop(idle);
    for mut call in opening {
        assert_eq!(next(&mut call).await, Event::Ended(End::Lost));
    }
    let (mut caller, incoming) = tokio::join!(alice.dial(at, None), listener.accept());
    let mut called = Call::answer(incoming.unwrap(), bob.setup()).unwrap();
    tokio::join!(establish(&mut caller), establish(&mut called));
}

#[tokio::test]
async fn what_is_no_channel_ends_at_its_first_frame() {
    let (_, bob) = people();
    let listener = listener(Limits::default()).await;
    for bytes in [&b"GET / HTTP/1.1\r\n"[..], &[0, 0], &[0xff; 70_000]] {
        let mut stream = TcpStream::connect(listener.address().unwrap())
            .await
            .unwrap();
        let incoming = listener.accept().await.unwrap();
        let mut called = Call::answer(incoming, bob.setup()).unwrap();
        drop(stream.write_all(bytes).await);
        drop(stream.shutdown().await);
        let end = next(&mut called).await;
        let is_expected = matches!(end, Event::Ended(End::Malformed | End::Lost));
        assert!(is_expected, "{end:?}");
    }
}
