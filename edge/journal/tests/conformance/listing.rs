use journal::{Append, Subject};

use crate::world::World;

/// Names of three kinds, in order.
fn names() -> Vec<Subject> {
    let mut names = vec![vec![0], vec![0, 0], vec![0; 64], vec![0, 255]];
    names.extend([vec![7], vec![7, 0], vec![7, 1], vec![7; 64]]);
    names.extend([vec![255], vec![255, 0], vec![255; 64]]);
    let mut names: Vec<_> = names
        .iter()
        .map(|name| Subject::new(name).unwrap())
        .collect();
    names.sort();
    names
}

/// What a list should be.
fn expected(kind: u8, after: Option<&Subject>, limit: u32) -> Vec<Subject> {
    let mut names = names();
    names.retain(|name| name.kind() == kind && after.is_none_or(|after| name > after));
    names.truncate(usize::try_from(limit).unwrap());
    names
}

fn questions() -> impl Iterator<Item = (u8, Option<Subject>, u32)> {
    let afters = names().into_iter().map(Some).chain([None]);
    afters.flat_map(|after| {
        let limits = [0, 1, 2, 99];
        let kinds = [0, 1, 7, 254, 255];
        let pairs = kinds
            .into_iter()
            .flat_map(move |kind| limits.map(|limit| (kind, limit)));
        pairs.map(move |(kind, limit)| (kind, after.clone(), limit))
    })
}

pub(crate) async fn lists_live_logs_of_one_kind_in_order(world: impl World) {
    let store = world.store();
    for name in names() {
        let append = Append::new(name, "x");
        store.append(append).await.unwrap();
    }
    let emptied = Subject::new(&[7, 0, 1]).unwrap();
    let append = Append::new(emptied.clone(), "x");
    store.append(append).await.unwrap();
    store.remove_through(&emptied, u64::MAX).await.unwrap();
    for (kind, after, limit) in questions() {
        let list = store.subjects(kind, after.clone(), limit).await.unwrap();
        assert_eq!(list, expected(kind, after.as_ref(), limit));
    }
    assert!(store.cells(7, None, 9).await.unwrap().is_empty());
}

pub(crate) async fn lists_cells_of_one_kind_in_order(world: impl World) {
    let store = world.store();
    for name in names() {
        store
            .cell_set(&name, 0, Some("x".into()), None)
            .await
            .unwrap();
    }
    let removed = Subject::new(&[7, 0, 1]).unwrap();
    let rev = store
        .cell_set(&removed, 0, Some("x".into()), None)
        .await
        .unwrap();
    store.cell_set(&removed, rev, None, None).await.unwrap();
    for (kind, after, limit) in questions() {
        let list = store.cells(kind, after.clone(), limit).await.unwrap();
        assert_eq!(list, expected(kind, after.as_ref(), limit));
    }
    assert!(store.subjects(7, None, 9).await.unwrap().is_empty());
}
