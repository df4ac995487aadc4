//! A process ends, and another one goes on.

use host::board::{Limits, Quota, What, Which};
use rendezvous::board::Phase;

use crate::world::{HOUR, START, World, named};

#[tokio::test]
async fn records_and_cursors_outlive_the_process_until_their_life_is_over() {
    for mut world in World::all() {
        let board = named("b");
        let process = world.process();
        process.post(&board, 1, 0..3).await.unwrap();
        let (_, cursor) = process.news(&board, 0).await;
        world.clock.step(HOUR / 2);
        process.post(&board, 2, 3..5).await.unwrap();
        drop(process);

        world = world.restart();
        let process = world.process();
        process
            .boards
            .learn(process.now(), Which::All)
            .await
            .unwrap();
        let quota = |records| Quota {
            records,
            bytes: records * 96,
        };
        let stats = process.boards.stats();
        assert_eq!((stats.boards, stats.held), (1, quota(5)));
        assert_eq!(stats.sources, 0, "nobody knows who it was");
        let (numbers, next) = process.news(&board, cursor).await;
        assert_eq!(numbers, [3, 4]);
        world.clock.step(HOUR / 4);
        assert_eq!(
            process.post(&board, 3, 4..6).await,
            Ok(1),
            "a duplicate is known"
        );
        assert_eq!(process.news(&board, next).await.0, [5]);

        world.clock.step(HOUR / 4);
        assert_eq!(process.all(&board).await, [3, 4, 5]);
        assert_eq!(process.boards.stats().held, quota(3));
        drop(process);
        world = world.restart();
        assert_eq!(world.process().all(&board).await, [3, 4, 5]);
        world.clock.step(HOUR / 2);
        assert_eq!(world.process().all(&board).await, [5]);
        world.clock.step(HOUR / 4);
        assert!(world.process().all(&board).await.is_empty());
        while world.store.sweep(100).await.unwrap() > 0 {}
        assert!(
            world
                .store
                .subjects(b'b', None, 9)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_cursor_of_a_store_that_was_lost_misses_nothing_of_the_next_one() {
    let later = START + 60_000;
    for (old, new) in World::all().into_iter().zip(World::all_at(later)) {
        let board = named("b");
        for number in 0..5 {
            old.process().post(&board, 1, [number]).await.unwrap();
        }
        let (_, cursor) = old.process().news(&board, 0).await;
        let process = new.process();
        assert_eq!(process.news(&board, cursor).await, (Vec::new(), cursor));
        process.post(&board, 1, 10..20).await.unwrap();
        let (numbers, next) = process.news(&board, cursor).await;
        assert_eq!(numbers, Vec::from_iter(10..20));
        // And the other way round: one that is ahead counts as none.
        assert_eq!(old.process().news(&board, next).await.0.len(), 5);
    }
}

#[tokio::test]
async fn posts_that_are_no_more_in_memory_are_read_from_the_store() {
    let mut limits = Limits::default();
    limits.board_shares = 1;
    for world in World::all() {
        let (one, two) = (world.bounded(limits), world.bounded(limits));
        let board = named("b");
        let (mut all, mut cursors) = (Vec::new(), Vec::new());
        // 14 MB, of which the newest 8 MiB stay in memory.
        for part in 0..90_u32 {
            let numbers = part * 200..part * 200 + 200;
            let posted = one.post_as(Phase::One, &board, part.into(), numbers.clone());
            assert_eq!(posted.await, Ok(200));
            all.extend(numbers);
            cursors.push(one.boards.whole(one.now(), &board).until);
        }
        for (posts, cursor) in (1..).zip(cursors) {
            if posts % 30 == 0 {
                let (numbers, last) = one.news(&board, cursor).await;
                assert_eq!(numbers, all[posts * 200..]);
                assert_eq!(two.news(&board, cursor).await, (numbers, last));
            }
        }
        assert_eq!(one.all(&board).await, all);
        let which = (&board, &What::Phase(Phase::One));
        let list = one.boards.whole(one.now(), &board);
        let (bytes, _) = one.boards.read(which, list, usize::MAX).await.unwrap();
        assert_eq!(bytes.len(), all.len() * 768);
    }
}
