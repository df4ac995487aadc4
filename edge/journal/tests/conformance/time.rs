use std::time::Duration;

use journal::{Append, AppendError, Appended, Store, Subject};

use crate::world::{WINDOW, World, all, id, log, payloads, put};

const SECOND: Duration = Duration::from_secs(1);
const ALMOST: Duration = Duration::from_millis(999);
const INSTANT: Duration = Duration::from_millis(1);

async fn put_for(
    store: &dyn Store,
    subject: &Subject,
    ttl: Duration,
    payload: &'static str,
) -> u64 {
    let append = Append {
        ttl: Some(ttl),
        ..Append::new(subject.clone(), payload)
    };
    store.append(append).await.unwrap().seq()
}

pub(crate) async fn hides_an_entry_at_the_instant_its_time_is_over(world: impl World) {
    let (store, a, b) = (world.store(), log("a"), log("b"));
    put_for(&*store, &b, SECOND, "only").await;
    let short = put_for(&*store, &a, SECOND, "short").await;
    put(&*store, &a, "for good").await;
    put_for(&*store, &a, SECOND * 2, "long").await;
    world.clock().step(ALMOST);
    assert_eq!(all(&*store, &a).await.live, 3);
    assert_eq!(
        store.subjects(b'm', None, 9).await.unwrap(),
        [a.clone(), b.clone()]
    );
    world.clock().step(INSTANT);
    let page = all(&*store, &a).await;
    assert_eq!((payloads(&page).len(), page.live), (2, 2));
    assert_eq!(
        store.subjects(b'm', None, 9).await.unwrap(),
        std::slice::from_ref(&a)
    );
    assert_eq!(all(&*store, &b).await.live, 0);
    assert!(!store.remove(&a, short).await.unwrap());
    assert_eq!(store.take(&b, id(1)).await.unwrap(), None);
    assert_eq!(
        store.take(&a, id(1)).await.unwrap().unwrap().payload,
        "for good"
    );
    world.clock().step(SECOND);
    assert_eq!(store.remove_through(&a, u64::MAX).await.unwrap(), 0);
    put_for(&*store, &a, Duration::ZERO, "never seen").await;
    assert_eq!(all(&*store, &a).await.live, 0);
    put_for(&*store, &a, Duration::MAX, "for ever").await;
    assert_eq!(all(&*store, &a).await.live, 1);
}

pub(crate) async fn hides_a_cell_at_the_instant_its_time_is_over(world: impl World) {
    let (store, a) = (world.store(), log("a"));
    let rev = store
        .cell_set(&a, 0, Some("x".into()), Some(SECOND))
        .await
        .unwrap();
    world.clock().step(ALMOST);
    assert_eq!(store.cell_get(&a).await.unwrap().unwrap().rev, rev);
    assert_eq!(
        store.cells(b'm', None, 9).await.unwrap(),
        std::slice::from_ref(&a)
    );
    world.clock().step(INSTANT);
    assert_eq!(store.cell_get(&a).await.unwrap(), None);
    assert!(store.cells(b'm', None, 9).await.unwrap().is_empty());
    assert!(
        store
            .cell_set(&a, rev, Some("y".into()), None)
            .await
            .is_err()
    );
    let next = store.cell_set(&a, 0, Some("y".into()), None).await.unwrap();
    assert!(next > rev);
    // Without a time of its own it stays.
    world.clock().step(WINDOW * 9);
    assert_eq!(store.cell_get(&a).await.unwrap().unwrap().rev, next);
}

pub(crate) async fn remembers_ids_for_the_window_and_no_longer(mut world: impl World) {
    let a = log("a");
    let append = Append {
        dedupe: Some(id(1)),
        ..Append::new(a.clone(), "x")
    };
    for _ in 0..3 {
        let appended = world.store().append(append.clone()).await.unwrap();
        let Appended::New(seq) = appended else {
            panic!("forgotten by then")
        };
        put(&*world.store(), &a, "y").await;
        let taken = world.store().take(&a, id(1)).await.unwrap();
        for step in [WINDOW / 2, WINDOW / 2 - INSTANT] {
            world.clock().step(step);
            world.store().sweep(u32::MAX).await.unwrap();
            world.reopen();
            let again = world.store().append(append.clone()).await.unwrap();
            assert_eq!(again, Appended::Duplicate(seq));
            assert_eq!(world.store().take(&a, id(1)).await.unwrap(), taken);
        }
        world.clock().step(INSTANT);
        assert_ne!(world.store().take(&a, id(1)).await.unwrap(), taken);
        world.clock().step(WINDOW);
    }
}

pub(crate) async fn expired_entries_make_room(world: impl World) {
    let (store, a) = (world.store(), log("a"));
    let bounded = || Append {
        ttl: Some(SECOND),
        max_live: Some(2),
        ..Append::new(a.clone(), "x")
    };
    for _ in 0..3 {
        store.append(bounded()).await.unwrap();
        world.clock().step(SECOND / 2);
        store.append(bounded()).await.unwrap();
        assert_eq!(
            store.append(bounded()).await,
            Err(AppendError::Full { live: 2 })
        );
        world.clock().step(SECOND / 2);
        assert_eq!(all(&*store, &a).await.live, 1);
        store.append(bounded()).await.unwrap();
        assert_eq!(
            store.append(bounded()).await,
            Err(AppendError::Full { live: 2 })
        );
        world.clock().step(SECOND);
    }
}

pub(crate) async fn sweeping_changes_nothing_that_can_be_seen(mut world: impl World) {
    let store = world.store();
    let names: Vec<_> = (0..9).map(|n| log(&n.to_string())).collect();
    for (name, ttl) in names.iter().zip(1..) {
        put_for(&*store, name, SECOND * ttl, "short").await;
        put_for(&*store, name, SECOND * 20, "long").await;
        let ttl = Some(SECOND * ttl);
        store
            .cell_set(name, 0, Some("x".into()), ttl)
            .await
            .unwrap();
    }
    drop(store);
    let mut freed = 0;
    for passed in 0..=9 {
        for budget in [0, 1, 3] {
            freed += world.store().sweep(budget).await.unwrap();
            for (name, ttl) in names.iter().zip(1..) {
                let page = all(&*world.store(), name).await;
                assert_eq!(page.live, 1 + u32::from(ttl > passed));
                assert_eq!(page.entries.len(), usize::try_from(page.live).unwrap());
                let cell = world.store().cell_get(name).await.unwrap();
                assert_eq!(cell.is_some(), ttl > passed);
            }
        }
        world.clock().step(SECOND);
        world.reopen();
    }
    freed += world.store().sweep(u32::MAX).await.unwrap();
    assert_eq!(freed, 18, "nine entries, nine cells");
    assert_eq!(world.store().sweep(u32::MAX).await.unwrap(), 0);
}
