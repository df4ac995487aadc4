//! Where an entry goes.

use journal::Subject;
use rendezvous::bucket::Id;

use crate::world::{START, World, plenty};

#[tokio::test]
async fn sixty_four_entries_fill_a_bucket_and_the_next_opens_another() {
    for world in World::all() {
        let server = world.server().await;
        let ids = server.leave_all(0..64).await;
        assert!(ids.iter().all(|id| *id == Id::new(START, 0)));
        assert_eq!(server.leave(64).await, Id::new(START, 1), "of one second");
        let mut first = server.entries(ids[0], 100).await;
        assert_ne!(first, Vec::from_iter(0..64), "not in order of arrival");
        first.sort_unstable();
        assert_eq!(first, Vec::from_iter(0..64));
        assert_eq!(server.entries(Id::new(START, 1), 100).await, [64]);
    }
}

#[tokio::test]
async fn a_bucket_closes_with_its_time() {
    for world in World::all() {
        let server = world.server().await;
        assert_eq!(server.leave(0).await, Id::new(START, 0));
        world.wait(599);
        assert_eq!(server.leave(1).await, Id::new(START, 0));
        world.wait(1);
        assert_eq!(server.leave(2).await, Id::new(START + 600, 0));
    }
}

#[tokio::test]
async fn an_entry_that_comes_again_is_answered_and_stored_once() {
    for world in World::all() {
        let server = world.server().await;
        let id = server.leave(0).await;
        for _ in 0..70 {
            assert_eq!(server.leave(0).await, id);
        }
        // the places were given back
        let ids = server.leave_all(1..64).await;
        assert!(ids.iter().all(|other| *other == id));
        assert_eq!(server.entries(id, 1).await, [0]);
        assert_eq!(server.buckets.entries(), 64);
    }
}

#[tokio::test]
async fn a_restart_between_leave_and_fetch_changes_nothing() {
    for world in World::all() {
        let server = world.server().await;
        let ids = server.leave_all(0..70).await;
        let before = [server.slots(ids[0]).await, server.slots(ids[69]).await];
        assert!(before.iter().all(Option::is_some));
        drop(server);
        let world = world.restart();
        let server = world.server().await;
        let after = [server.slots(ids[0]).await, server.slots(ids[69]).await];
        assert_eq!(before, after, "filler and order too");
        assert_eq!(server.buckets.entries(), 70);
        // and the open bucket goes on, with the room that is left
        let more = server.leave_all(70..129).await;
        assert_eq!(more[57], ids[69]);
        assert_eq!(more[58], Id::new(START, 2));
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_opens_no_bucket_twice() {
    for world in World::all() {
        let server = world.server().await;
        let _ = server.leave_all(0..1).await;
        world.wait(7200);
        let ahead = server.leave(1).await;
        assert_eq!(ahead, Id::new(START + 7200, 0));
        // by half a minute: its second goes on, and so does the bucket
        world.clock.set(Id::new(START + 7170, 0).opened());
        assert_eq!(server.leave(2).await, ahead);
        // by two hours: another bucket, but not the one that was
        world.clock.set(Id::new(START, 0).opened());
        let back = server.leave(3).await;
        assert_eq!(back, Id::new(START, 1));
        assert_eq!(server.entries(Id::new(START, 0), 9).await, [0]);
        assert_eq!(server.entries(back, 9).await, [3]);
    }
}

#[tokio::test]
async fn a_time_that_comes_again_opens_other_buckets_also_after_a_restart() {
    for world in World::all() {
        let set = |world: &World, seconds| world.clock.set(Id::new(seconds, 0).opened());
        let server = world.server().await;
        // Two buckets in one second, one two hours later.
        let _ = server.leave_all(0..65).await;
        world.wait(7200);
        assert_eq!(server.leave(65).await, Id::new(START + 7200, 0));
        // The clock is set back before both; what is newest then is older than they.
        set(&world, START - 100);
        let _ = server.leave_all(66..130).await;
        drop(server);
        let world = world.restart();
        let server = world.server().await;
        set(&world, START);
        let again = server.leave_all(130..194).await;
        assert_eq!(again[0], Id::new(START, 2));
        set(&world, START + 7200);
        assert_eq!(server.leave(194).await, Id::new(START + 7200, 1));
        assert_eq!(server.entries(Id::new(START, 0), 65).await.len(), 64);
        assert_eq!(server.entries(Id::new(START, 1), 65).await, [64]);
        assert_eq!(server.entries(Id::new(START + 7200, 0), 66).await, [65]);
    }
}

#[tokio::test]
async fn buckets_opened_at_once_end_before_one_that_is_stored() {
    for world in World::all() {
        let mut config = plenty();
        config.rules.numbers = 3;
        let server = world.process(config).await;
        // Only number 1 stays stored.
        let _ = server.leave_all(0..65).await;
        let first = Subject::of(b'r', &[Id::new(START, 0).hash().as_bytes()]).unwrap();
        let removed = world.store.remove_through(&first, i64::MAX.unsigned_abs());
        assert_eq!(removed.await, Ok(64));
        world.clock.set(Id::new(START - 7200, 0).opened());
        let _ = server.leave_all(65..129).await;
        world.clock.set(Id::new(START, 0).opened());
        let all = (200..328).map(|number| {
            let server = server.clone();
            tokio::spawn(async move { server.leave(number).await })
        });
        for task in Vec::from_iter(all) {
            let id = task.await.unwrap();
            assert_ne!(id, Id::new(START, 1));
        }
        assert_eq!(server.entries(Id::new(START, 1), 400).await, [64]);
    }
}

#[tokio::test]
async fn a_thousand_at_once_each_have_a_place_of_their_own() {
    for world in World::all() {
        let mut config = plenty();
        config.rules.numbers = 16;
        let server = world.process(config).await;
        let all = (0..1024).map(|number| {
            let server = server.clone();
            tokio::spawn(async move { server.leave(number).await })
        });
        let mut ids = Vec::new();
        for task in Vec::from_iter(all) {
            ids.push(task.await.unwrap());
        }
        let mut found = Vec::new();
        for number in 0..16 {
            found.extend(server.entries(Id::new(START, number), 1024).await);
        }
        found.sort_unstable();
        assert_eq!(found, Vec::from_iter(0..1024));
        for (number, id) in ids.into_iter().enumerate().step_by(97) {
            assert!(server.entries(id, 1024).await.contains(&number));
        }
    }
}
