//! What a bucket looks like, and for how long.

use rendezvous::bucket::{Entry, Hash, Id, Slots};

use crate::world::{START, World};

#[tokio::test]
async fn all_answers_are_equal_in_size() {
    for world in World::all() {
        let server = world.server().await;
        let unknown = Hash::from_bytes(&[7; 32]).unwrap();
        let nothing = server.fetch(&unknown).await;
        assert_eq!(nothing.len(), 1 + Slots::LEN);
        assert_eq!(nothing[0], 2);
        assert_eq!(
            server.fetch(&unknown).await,
            nothing,
            "and it stays the same"
        );
        for number in 0..64 {
            let id = server.leave(number).await;
            let answer = server.fetch(&id.hash()).await;
            assert_eq!((answer.len(), answer[0]), (nothing.len(), 1));
        }
    }
}

#[tokio::test]
async fn nobody_learns_the_fill_level_from_two_fetches() {
    for world in World::all() {
        let server = world.server().await;
        let mut changes = Vec::new();
        for fill in 0..64 {
            let id = server.leave(fill).await;
            let before = server.slots(id).await.unwrap();
            assert_eq!(server.slots(id).await.unwrap(), before);
            if fill == 63 {
                break;
            }
            let _ = server.leave(fill + 1).await;
            let after = server.slots(id).await.unwrap();
            let slots = before.chunks(Entry::LEN).zip(after.chunks(Entry::LEN));
            let changed: Vec<usize> = slots
                .enumerate()
                .filter_map(|(slot, (then, now))| (then != now).then_some(slot))
                .collect();
            assert_eq!(changed.len(), 1, "whatever was there before");
            changes.extend(changed);
        }
        // not in order, so that a slot tells nothing of those before it
        assert!(!changes.is_sorted());
    }
}

#[tokio::test]
async fn a_bucket_is_gone_as_a_whole_at_the_end_of_its_life() {
    const LIFE: u64 = 48 * 3600;
    for world in World::all() {
        let server = world.server().await;
        let id = server.leave(0).await;
        world.wait(500);
        assert_eq!(server.leave(1).await, id);
        world.wait(LIFE - 501);
        assert_eq!(server.entries(id, 2).await.len(), 2);
        world.wait(1);
        assert_eq!(server.slots(id).await, None);
        // what the store still has goes too
        world.wait(3600);
        let mut freed = 0;
        while let Ok(more @ 1..) = world.store.sweep(1000).await {
            freed += more;
        }
        assert!(freed >= 2, "{freed}");
        assert!(
            world
                .store
                .subjects(b'r', None, 10)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(server.leave(2).await, Id::new(START + LIFE + 3600, 0));
        assert_eq!(server.buckets.entries(), 1);
    }
}

#[tokio::test]
async fn only_the_hash_of_an_id_names_a_bucket() {
    for world in World::all() {
        let server = world.server().await;
        let id = server.leave(0).await;
        for other in [Id::new(START, 1), Id::new(START - 1, 0)] {
            assert_eq!(server.slots(other).await, None);
        }
        let mut close = *id.hash().as_bytes();
        close[31] ^= 1;
        let close = Hash::from_bytes(&close).unwrap();
        assert_eq!(server.fetch(&close).await[0], 2);
    }
}
