//! Several processes on one store.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use host::board::{Full, Limit, Limits, PostError, Quota, Which};
use host::http::{Service, Settings};
use host::respond::{Responder, Rules};
use http_body_util::BodyExt;
use journal::{Memory, Store, SystemClock};
use tower::ServiceExt;

use crate::world::{HOUR, World, named};

#[tokio::test]
async fn processes_show_the_same_at_once_and_under_the_same_cursors() {
    for world in World::all() {
        let (one, two) = (world.process(), world.process());
        let board = named("b");
        assert_eq!(one.post(&board, 1, [1, 2]).await, Ok(2));
        let (numbers, cursor) = two.news(&board, 0).await;
        assert_eq!(numbers, [1, 2]);
        assert_eq!(two.post(&board, 1, [2, 3]).await, Ok(1));
        let (numbers, next) = one.news(&board, cursor).await;
        assert_eq!(numbers, [3]);
        assert_eq!(two.news(&board, cursor).await, (vec![3], next));
        assert_eq!(one.news(&board, 0).await, two.news(&board, 0).await);
        assert_eq!(
            world.process().news(&board, 0).await,
            one.news(&board, 0).await
        );
        world.clock.step(HOUR);
        for process in [one, two] {
            assert!(process.all(&board).await.is_empty());
            assert_eq!(process.boards.stats().held, Quota::default());
        }
    }
}

#[tokio::test]
async fn who_waits_is_woken_by_a_post_at_another_process() {
    for world in World::all() {
        let (one, two) = (world.process(), world.process());
        let board = named("b");
        let mut bell = one.boards.bell(&board).await;
        assert!(one.all(&board).await.is_empty());
        let posted = tokio::spawn(async move { two.post(&named("b"), 1, [1]).await });
        bell.rung().await;
        assert_eq!(one.all(&board).await, [1]);
        assert_eq!(posted.await.unwrap(), Ok(1));
    }
}

/// A server over a store, as it answers one request.
async fn ask(service: &Service, line: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    let (method, path) = line.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::from(body)).unwrap();
    let router = service.router(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap();
    (status, bytes.to_bytes().to_vec())
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_at_one_server_ends_with_a_post_at_another() {
    let memory = Memory::new(journal::Limits::default(), Arc::new(SystemClock));
    let store: Arc<dyn Store> = Arc::new(memory);
    let serve = async || {
        let responder = Responder::open(Arc::clone(&store), "here", Rules::default()).await;
        Service::with(Settings::default(), Some(Arc::new(responder.unwrap())))
    };
    let (one, two) = (serve().await, serve().await);
    let start = tokio::time::Instant::now();
    let waiting =
        tokio::spawn(async move { ask(&one, "GET /meet/b/new?wait=30", Vec::new()).await });
    // Time goes on only when everybody waits.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished());
    let taken = ask(&two, "POST /meet/b/t2", vec![7; 96]).await;
    assert_eq!(taken, (204, Vec::new()));
    let (status, bytes) = waiting.await.unwrap();
    assert_eq!((status, bytes.len()), (200, 97));
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[tokio::test]
async fn what_another_process_holds_counts_in_all_and_for_nobody() {
    let mut limits = Limits::default();
    limits.board.records = 8;
    limits.source.records = 3;
    limits.board_shares = 1;
    limits.boards = 2;
    limits.boards_of_source = 1;
    let limit = |refused: Result<usize, PostError>| match refused {
        Err(PostError::Full(Full { limit, .. })) => Some(limit),
        _ => None,
    };
    for world in World::all() {
        let (one, two) = (world.bounded(limits), world.bounded(limits));
        let board = named("b");
        assert_eq!(one.post(&board, 1, 0..3).await, Ok(3));
        assert_eq!(limit(one.post(&board, 1, [3]).await), Some(Limit::Source));
        assert_eq!(two.post(&board, 1, 3..6).await, Ok(3));
        assert_eq!(limit(two.post(&board, 1, [6]).await), Some(Limit::Source));
        assert_eq!(one.all(&board).await.len(), 6);
        assert_eq!(limit(one.post(&board, 2, 6..9).await), Some(Limit::Board));
        assert_eq!(one.post(&board, 2, 6..8).await, Ok(2));
        // A board of another process is one of the server's, and of none of this one's sources.
        assert_eq!(two.post(&named("c"), 1, []).await, Ok(0));
        assert_eq!(two.post(&named("c"), 9, [1]).await, Ok(1));
        one.boards.learn(one.now(), Which::Unknown).await.unwrap();
        assert_eq!(one.boards.stats().boards, 2);
        assert_eq!(
            limit(one.post(&named("d"), 7, [1]).await),
            Some(Limit::Boards)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_take_the_same_at_once_show_it_once() {
    for world in World::all() {
        let processes = [world.process(), world.process()];
        let mut tasks = Vec::new();
        for round in 0..40_u32 {
            for process in &processes {
                let process = process.clone();
                tasks.push(tokio::spawn(async move {
                    let numbers = round * 10..round * 10 + 15;
                    process.post(&named("b"), 1, numbers).await.unwrap();
                }));
            }
        }
        for task in tasks {
            task.await.unwrap();
        }
        let shown = processes[0].news(&named("b"), 0).await;
        let distinct = BTreeSet::from_iter(shown.0.iter().copied());
        assert_eq!(distinct, BTreeSet::from_iter(0..405));
        assert_eq!(shown.0.len(), distinct.len());
        assert_eq!(processes[1].news(&named("b"), 0).await, shown);
        assert_eq!(world.process().news(&named("b"), 0).await, shown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_repeats_one_under_way_waits_for_it_and_stores_nothing() {
    for world in World::all() {
        let process = world.process();
        let tasks = (0..50).map(|_| {
            let process = process.clone();
            tokio::spawn(async move { process.post(&named("b"), 1, 0..20).await })
        });
        let mut new = 0;
        for task in Vec::from_iter(tasks) {
            new += task.await.unwrap().unwrap();
            assert_eq!(process.all(&named("b")).await.len(), 20, "it is there");
        }
        assert_eq!(new, 20);
        let held = process.boards.stats().held;
        assert_eq!((held.records, held.bytes), (20, 20 * 96));
    }
}
