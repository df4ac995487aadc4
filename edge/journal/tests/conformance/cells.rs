use journal::SetError;

use crate::world::{World, all, limits, log, put};

pub(crate) async fn replaces_a_cell_only_by_its_revision(mut world: impl World) {
    let a = log("a");
    let conflict = |rev| Err(SetError::Conflict { rev });
    let store = world.store();
    assert_eq!(store.cell_get(&a).await.unwrap(), None);
    assert_eq!(
        store.cell_set(&a, 1, Some("x".into()), None).await,
        conflict(0)
    );
    assert_eq!(store.cell_set(&a, 0, None, None).await, Ok(0));
    let first = store
        .cell_set(&a, 0, Some("one".into()), None)
        .await
        .unwrap();
    assert_eq!(
        store.cell_set(&a, 0, Some("x".into()), None).await,
        conflict(first)
    );
    assert_eq!(store.cell_set(&a, 0, None, None).await, conflict(first));
    let second = store
        .cell_set(&a, first, Some("".into()), None)
        .await
        .unwrap();
    assert!(second > first);
    assert_eq!(
        store.cell_set(&a, first, None, None).await,
        conflict(second)
    );
    drop(store);
    world.reopen();
    let store = world.store();
    let cell = store.cell_get(&a).await.unwrap().unwrap();
    assert_eq!((cell.rev, cell.value.len()), (second, 0));
    assert_eq!(store.cell_set(&a, second, None, None).await, Ok(0));
    assert_eq!(store.cell_get(&a).await.unwrap(), None);
    assert_eq!(store.cell_set(&a, second, None, None).await, conflict(0));
}

pub(crate) async fn takes_a_value_at_the_limit_and_refuses_one_byte_more(world: impl World) {
    let (store, a) = (world.store(), log("a"));
    let max = limits().payload;
    let over = Some(vec![7; max + 1].into());
    assert_eq!(
        store.cell_set(&a, 0, over, None).await,
        Err(SetError::TooLarge { max })
    );
    let full = Some(vec![7; max].into());
    store.cell_set(&a, 0, full, None).await.unwrap();
    assert_eq!(store.cell_get(&a).await.unwrap().unwrap().value.len(), max);
}

pub(crate) async fn a_log_and_a_cell_of_one_name_are_apart(world: impl World) {
    let (store, a) = (world.store(), log("a"));
    put(&*store, &a, "entry").await;
    assert_eq!(store.cell_get(&a).await.unwrap(), None);
    let rev = store
        .cell_set(&a, 0, Some("cell".into()), None)
        .await
        .unwrap();
    assert_eq!(all(&*store, &a).await.live, 1);
    store.remove_through(&a, u64::MAX).await.unwrap();
    assert_eq!(store.cell_get(&a).await.unwrap().unwrap().value, "cell");
    put(&*store, &a, "entry").await;
    store.cell_set(&a, rev, None, None).await.unwrap();
    assert_eq!(all(&*store, &a).await.live, 1);
}
