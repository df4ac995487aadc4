//! Several processes on one store.

use rendezvous::bucket::Id;

use crate::world::{START, Server, World};

#[tokio::test]
async fn processes_share_the_open_bucket_and_show_the_same() {
    for world in World::all() {
        let (one, two) = (world.server().await, world.server().await);
        let id = one.leave(0).await;
        assert_eq!(two.leave(1).await, id);
        assert_eq!(one.slots(id).await, two.slots(id).await);
        assert_eq!(two.entries(id, 2).await.len(), 2);
    }
}

#[tokio::test]
async fn a_process_learns_that_another_filled_the_bucket() {
    for world in World::all() {
        let (one, two) = (world.server().await, world.server().await);
        let id = one.leave(0).await;
        assert_eq!(two.leave(1).await, id);
        let _ = two.leave_all(2..64).await;
        assert_eq!(one.leave(64).await, Id::new(START, 1));
        assert_eq!(two.leave(65).await, Id::new(START, 1));
        let mut first = one.entries(id, 100).await;
        first.sort_unstable();
        assert_eq!(first, Vec::from_iter(0..64));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_at_once_lose_nothing_and_overfill_nothing() {
    for world in World::all() {
        let mut servers: Vec<Server> = Vec::new();
        for _ in 0..4 {
            servers.push(world.server().await);
        }
        let tasks = (0..600).map(|number| {
            let server = servers[number % 4].clone();
            tokio::spawn(async move { (server.leave(number).await, number) })
        });
        let mut left = Vec::new();
        for task in Vec::from_iter(tasks) {
            left.push(task.await.unwrap());
        }
        left.sort_unstable();
        for bucket in left.chunk_by(|(a, _), (b, _)| a == b) {
            let mut shown = servers[0].entries(bucket[0].0, 600).await;
            shown.sort_unstable();
            let put: Vec<usize> = bucket.iter().map(|(_, number)| *number).collect();
            assert_eq!(shown, put);
            assert!(put.len() <= 64);
        }
    }
}
