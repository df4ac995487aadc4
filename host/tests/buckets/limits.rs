//! Bounds, at the limit and one above.

use std::time::Duration;

use host::board::Source;
use host::bucket::LeaveError;
use kernel::Kind;
use rendezvous::bucket::Id;

use crate::world::{START, Server, World, entry, plenty};

async fn left(server: &Server, world: &World, number: usize) -> Result<Id, LeaveError> {
    let source = Source::new(1);
    server
        .buckets
        .leave(world.now(), source, &entry(number))
        .await
}

const fn busy(seconds: u64) -> Result<Id, LeaveError> {
    let retry = Duration::from_secs(seconds);
    Err(LeaveError::Busy { retry })
}

#[tokio::test]
async fn a_source_is_told_when_to_try_again() {
    for world in World::all() {
        let server = world.process(host::bucket::Config::default()).await;
        for number in 0..64 {
            assert!(left(&server, &world, number).await.is_ok());
        }
        assert_eq!(left(&server, &world, 64).await, busy(60));
        let entry = entry(65);
        let other = server.buckets.leave(world.now(), Source::new(2), &entry);
        assert!(other.await.is_ok());
        world.wait(60);
        assert!(left(&server, &world, 64).await.is_ok());
        assert_eq!(left(&server, &world, 66).await, busy(60));
    }
}

#[tokio::test]
async fn entries_in_all_are_bounded_and_counted_again_after_a_restart() {
    for world in World::all() {
        let mut config = plenty();
        config.entries = 70;
        let server = world.process(config).await;
        let _ = server.leave_all(0..70).await;
        assert_eq!(left(&server, &world, 70).await, busy(600));
        drop(server);
        let world = world.restart();
        let server = world.process(config).await;
        assert_eq!(left(&server, &world, 70).await, busy(600));
        world.wait(48 * 3600);
        assert!(left(&server, &world, 70).await.is_ok());
        assert_eq!(server.buckets.entries(), 1);
    }
}

#[tokio::test]
async fn buckets_of_one_second_are_bounded() {
    for world in World::all() {
        let server = world.server().await;
        let ids = server.leave_all(0..17 * 64).await;
        assert_eq!(ids.last(), Some(&Id::new(START, 16)));
        let refused = left(&server, &world, 17 * 64).await;
        assert_eq!(refused, busy(1));
        assert_eq!(refused.unwrap_err().kind(), Kind::Exhausted);
        world.wait(1);
        assert!(left(&server, &world, 17 * 64).await.is_ok());
    }
}
