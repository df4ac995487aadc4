//! Signs of life: a server that answers pings and says nothing else.

use std::time::Duration;

use net::server::Live;
use tokio::task::JoinSet;
use tokio::time::timeout;
use wire::v1::{Event, Hello, Push, server_frame};

use crate::person::Person;
use crate::scripted::{Side, hello, serve};
use crate::world::{ACCOUNT, PATIENCE, direct, prover};

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_connection_stays_while_its_pings_are_answered() {
    let address = serve(|stream| async move {
        let mut side = Side::authenticated(stream).await;
        side.accept().await;
        // longer than a sign of life is waited for
        for _ in 0..3 {
            assert_eq!(side.request_or_ping().await, None);
        }
        let event = Some(Event {
            number: 1,
            what: None,
        });
        side.send(server_frame::Frame::Push(Push { event })).await;
        side.next().await;
    })
    .await;
    let anna = Person::new(1);
    let mut options = direct(address);
    options.silence = Some(Duration::from_secs(3));
    let mut live = Live::connect(&options, prover(&anna)).await.unwrap();
    live.subscribe(0).await.unwrap();
    let event = timeout(PATIENCE, live.next_event()).await.unwrap();
    assert_eq!(event.map(|event| event.number), Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_less_is_unanswered_than_the_server_reads_so_that_it_reads_pings() {
    let address = serve(|stream| async move {
        let hello = Hello {
            in_flight: 4,
            ..hello()
        };
        let mut side = Side::greet(stream, hello).await;
        side.accept().await;
        let mut open = Vec::new();
        for _ in 0..2 {
            // Three wait for an answer, and a fourth one does not come: a ping does.
            while open.len() < 3 {
                open.extend(side.request_or_ping().await);
            }
            assert_eq!(side.request_or_ping().await, None);
            side.done(open.remove(0)).await;
        }
        for id in open {
            side.done(id).await;
        }
        side.next().await;
    })
    .await;
    let anna = Person::new(1);
    let mut options = direct(address);
    options.silence = Some(Duration::from_secs(3));
    let live = Live::connect(&options, prover(&anna)).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let caller = live.caller().clone();
        tasks.spawn(async move { caller.call(ACCOUNT, None).await });
    }
    let all = timeout(PATIENCE, tasks.join_all()).await.unwrap();
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}
