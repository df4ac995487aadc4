use std::pin::pin;
use std::task::{Context, Waker};

use journal::{Append, Wake, Watch};

use crate::world::{World, all, id, log, put};

/// The wake that is there already.
fn poll(watch: &mut Box<dyn Watch>) -> Option<Option<Wake>> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(watch.next()).poll(&mut context) {
        std::task::Poll::Ready(wake) => Some(wake),
        std::task::Poll::Pending => None,
    }
}

pub(crate) async fn wakes_after_the_change_can_be_read(world: impl World) {
    let a = log("a");
    let mut watch = world.store().watch();
    watch.add(a.clone());
    for round in 1..=20 {
        let (store, name) = (world.store(), a.clone());
        let writer = tokio::spawn(async move { put(&*store, &name, "x").await });
        assert_eq!(watch.next().await, Some(Wake::Subject(a.clone())));
        assert_eq!(all(&*world.other(), &a).await.live, round);
        writer.await.unwrap();
    }
}

pub(crate) async fn wakes_for_what_is_watched_and_only_for_changes(world: impl World) {
    let (store, a, b) = (world.store(), log("a"), log("b"));
    let mut watch = store.watch();
    put(&*store, &a, "before").await;
    watch.add(a.clone());
    assert_eq!(poll(&mut watch), None);
    put(&*store, &b, "elsewhere").await;
    store.remove_through(&a, u64::MAX).await.unwrap();
    let refused = Append {
        max_live: Some(0),
        ..Append::new(a.clone(), "x")
    };
    assert!(store.append(refused).await.is_err());
    assert!(store.cell_set(&a, 9, None, None).await.is_err());
    // A change of another subject, seen, means that all before it is told.
    let mut fence = store.watch();
    fence.add(b.clone());
    put(&*store, &b, "fence").await;
    assert!(fence.next().await.is_some());
    assert_eq!(poll(&mut watch), None);

    let append = Append {
        dedupe: Some(id(1)),
        ..Append::new(a.clone(), "x")
    };
    store.append(append.clone()).await.unwrap();
    assert_eq!(watch.next().await, Some(Wake::Subject(a.clone())));
    store.append(append).await.unwrap();
    store.cell_set(&b, 0, Some("x".into()), None).await.unwrap();
    assert!(fence.next().await.is_some());
    assert_eq!(poll(&mut watch), None, "a duplicate changes nothing");
    store.cell_set(&a, 0, Some("x".into()), None).await.unwrap();
    assert_eq!(watch.next().await, Some(Wake::Subject(a.clone())));
    watch.remove(&a);
    put(&*store, &a, "after").await;
    put(&*store, &b, "fence").await;
    assert!(fence.next().await.is_some());
    assert_eq!(poll(&mut watch), None);
}

pub(crate) async fn merges_wakes_and_lets_no_subject_starve(world: impl World) {
    let (store, a, b) = (world.store(), log("a"), log("b"));
    let mut watch = store.watch();
    watch.add(a.clone());
    watch.add(a.clone());
    watch.add(b.clone());
    for _ in 0..5 {
        put(&*store, &a, "x").await;
    }
    put(&*store, &b, "x").await;
    let mut woken = Vec::new();
    // `a` is changed again whenever it was told, and yet `b` has its turn.
    while !woken.contains(&Some(Wake::Subject(b.clone()))) {
        assert!(woken.len() < 10, "b starves");
        woken.push(watch.next().await);
        put(&*store, &a, "x").await;
    }
}

pub(crate) async fn ends_with_the_store(mut world: impl World) {
    let mut watch = world.store().watch();
    watch.add(log("a"));
    let waiting = tokio::spawn(async move { (watch.next().await, watch) });
    world.close();
    let (wake, mut watch) = waiting.await.unwrap();
    assert_eq!(wake, None);
    watch.add(log("b"));
    watch.remove(&log("a"));
    assert_eq!(watch.next().await, None);
}

pub(crate) async fn misses_nothing_under_its_contract(world: impl World) {
    const ENTRIES: u32 = 400;
    let a = log("a");
    let (store, name) = (world.other(), a.clone());
    let reader = tokio::spawn(async move {
        let mut watch = store.watch();
        watch.add(name.clone());
        let (mut cursor, mut seen) = (0, 0);
        loop {
            let page = store.read(&name, cursor, 10, u32::MAX).await.unwrap();
            for entry in &page.entries {
                cursor = entry.seq;
                seen += 1;
            }
            if seen == ENTRIES {
                return;
            }
            if page.entries.is_empty() {
                watch.next().await;
            }
        }
    });
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (store, name) = (world.store(), a.clone());
            tokio::spawn(async move {
                for _ in 0..ENTRIES / 4 {
                    put(&*store, &name, "x").await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    reader.await.unwrap();
}
