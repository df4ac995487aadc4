use journal::{Append, AppendError};

use crate::world::{WINDOW, World, all, id, log, put};

pub(crate) async fn never_uses_a_number_twice_even_if_the_log_was_forgotten(mut world: impl World) {
    let (a, b) = (log("a"), log("b"));
    let mut highest = 0;
    for round in 0..4 {
        let append = Append {
            dedupe: Some(id(round)),
            ..Append::new(a.clone(), "x")
        };
        let seq = world.store().append(append).await.unwrap().seq();
        assert!(seq > highest, "{seq} after {highest}");
        highest = seq;
        assert_eq!(world.store().remove_through(&a, seq).await.unwrap(), 1);
        world.clock().step(WINDOW * 2);
        while world.store().sweep(100).await.unwrap() > 0 {}
        let last = all(&*world.store(), &a).await.last;
        assert!(last == 0 || last == highest);
        world.reopen();
    }
    assert!(put(&*world.store(), &b, "x").await > 0);
}

pub(crate) async fn never_forgets_a_log_that_was_appended_to_conditionally(mut world: impl World) {
    let a = log("a");
    let expecting = |last| Append {
        expect_last: Some(last),
        ..Append::new(a.clone(), "x")
    };
    let seq = world.store().append(expecting(0)).await.unwrap().seq();
    assert!(world.store().remove(&a, seq).await.unwrap());
    world.clock().step(WINDOW * 9);
    while world.store().sweep(100).await.unwrap() > 0 {}
    world.reopen();
    assert_eq!(all(&*world.store(), &a).await.last, seq);
    let refused = world.store().append(expecting(0)).await;
    assert_eq!(refused, Err(AppendError::Conflict { last: seq }));
    assert!(world.store().append(expecting(seq)).await.is_ok());
}

pub(crate) async fn never_uses_a_revision_twice(mut world: impl World) {
    let a = log("a");
    let mut highest = 0;
    for round in 0_u32..4 {
        let ttl = Some(WINDOW).filter(|_| round % 2 == 0);
        let value = Some("x".into());
        let rev = world.store().cell_set(&a, 0, value, ttl).await.unwrap();
        assert!(rev > highest, "{rev} after {highest}");
        highest = rev;
        if ttl.is_none() {
            let gone = world.store().cell_set(&a, rev, None, None).await.unwrap();
            assert_eq!(gone, 0);
        }
        world.clock().step(WINDOW);
        while world.store().sweep(100).await.unwrap() > 0 {}
        world.reopen();
    }
}
