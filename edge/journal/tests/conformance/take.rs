use crate::world::{World, all, id, log, payloads, put};

pub(crate) async fn takes_the_oldest_once(world: impl World) {
    let (store, a) = (world.store(), log("a"));
    assert_eq!(store.take(&a, id(1)).await.unwrap(), None);
    let first = put(&*store, &a, "one").await;
    put(&*store, &a, "two").await;
    let taken = store.take(&a, id(1)).await.unwrap().unwrap();
    assert_eq!((taken.seq, &taken.payload[..]), (first, &b"one"[..]));
    assert!(!store.remove(&a, first).await.unwrap());
    let page = all(&*store, &a).await;
    assert_eq!((payloads(&page), page.live), (vec!["two".into()], 1));
    assert_eq!(store.take(&a, id(2)).await.unwrap().unwrap().payload, "two");
    assert_eq!(store.take(&a, id(3)).await.unwrap(), None);
}

pub(crate) async fn answers_a_repeated_claim_with_the_same_entry(mut world: impl World) {
    let (a, b) = (log("a"), log("b"));
    for payload in ["one", "two"] {
        put(&*world.store(), &a, payload).await;
        put(&*world.store(), &b, payload).await;
    }
    let taken = world.store().take(&a, id(1)).await.unwrap();
    assert!(taken.is_some());
    for _ in 0..3 {
        assert_eq!(world.store().take(&a, id(1)).await.unwrap(), taken);
        world.reopen();
    }
    assert_eq!(all(&*world.store(), &a).await.live, 1);
    let elsewhere = world.store().take(&b, id(1)).await.unwrap().unwrap();
    assert_eq!(elsewhere.payload, "one");
    assert_eq!(all(&*world.store(), &b).await.live, 1);
}
