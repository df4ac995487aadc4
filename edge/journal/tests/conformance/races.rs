//! Many at once. Each of these fails over a store that does not check and change in one step:
//! see `controls`.

use std::collections::BTreeSet;
use std::sync::Arc;

use journal::{Append, Appended, Store, Subject};

use crate::world::{World, all, id, log, put};

/// Runs `tasks` of them at once, each told its number, and returns what they return.
async fn together<T, F>(tasks: u8, task: impl Fn(u8) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..tasks)
        .map(|number| tokio::spawn(task(number)))
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// Fills a log.
async fn filled(store: &Arc<dyn Store>, count: u8) -> Subject {
    let name = log("a");
    for _ in 0..count {
        put(&**store, &name, "x").await;
    }
    name
}

pub(crate) async fn one_writer_wins_each_number(world: impl World) {
    for round in 0..25 {
        let name = log(&round.to_string());
        let mut last = 0;
        for _ in 0..2 {
            let results = together(8, |_| {
                let append = Append {
                    expect_last: Some(last),
                    ..Append::new(name.clone(), "x")
                };
                let store = world.store();
                async move { store.append(append).await }
            })
            .await;
            let won: Vec<_> = results.into_iter().flatten().collect();
            assert_eq!(won.len(), 1, "winners");
            last = won[0].seq();
        }
        assert_eq!(all(&*world.store(), &name).await.live, 2);
    }
}

pub(crate) async fn one_copy_of_a_request_is_stored(world: impl World) {
    for round in 0..25 {
        let name = log(&round.to_string());
        let results = together(8, |_| {
            let append = Append {
                dedupe: Some(id(round)),
                ..Append::new(name.clone(), "x")
            };
            let store = world.store();
            async move { store.append(append).await.unwrap() }
        })
        .await;
        let new = results
            .iter()
            .filter(|appended| matches!(appended, Appended::New(_)));
        assert_eq!(new.count(), 1, "copies");
        let seqs: BTreeSet<_> = results.iter().map(|appended| appended.seq()).collect();
        assert_eq!(seqs.len(), 1);
    }
}

pub(crate) async fn every_entry_is_taken_once(world: impl World) {
    let name = filled(&world.store(), 200).await;
    let taken = together(5, |number| {
        let (store, name) = (world.store(), name.clone());
        async move {
            let mut taken = Vec::new();
            for claim in 0..50 {
                let mut claim_id = id(number);
                claim_id[0] = claim;
                let entry = store.take(&name, claim_id).await.unwrap();
                let again = store.take(&name, claim_id).await.unwrap();
                assert!(entry.is_none() || entry == again, "a claim has one answer");
                taken.extend(entry.map(|entry| entry.seq));
            }
            taken
        }
    })
    .await;
    let all: Vec<_> = taken.into_iter().flatten().collect();
    let different: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (200, 200));
}

pub(crate) async fn one_removal_counts(world: impl World) {
    let name = filled(&world.store(), 100).await;
    let seqs: Vec<_> = all(&*world.store(), &name).await.entries;
    let removed = together(4, |_| {
        let (store, name, seqs) = (world.store(), name.clone(), seqs.clone());
        async move {
            let mut removed = 0;
            for entry in seqs {
                removed += u32::from(store.remove(&name, entry.seq).await.unwrap());
            }
            removed
        }
    })
    .await;
    assert_eq!(removed.iter().sum::<u32>(), 100);
}

pub(crate) async fn a_full_log_is_never_fuller(world: impl World) {
    let name = log("a");
    let stored = together(8, |_| {
        let (store, name) = (world.store(), name.clone());
        async move {
            let mut stored = 0;
            for _ in 0..25 {
                let append = Append {
                    max_live: Some(64),
                    ..Append::new(name.clone(), "x")
                };
                stored += u32::from(store.append(append).await.is_ok());
            }
            stored
        }
    })
    .await;
    assert_eq!(stored.iter().sum::<u32>(), 64);
    assert_eq!(all(&*world.store(), &name).await.live, 64);
}

pub(crate) async fn no_increment_of_a_cell_is_lost(world: impl World) {
    let key = log("a");
    together(8, |_| {
        let (store, key) = (world.store(), key.clone());
        async move {
            let mut left = 25;
            while left > 0 {
                let cell = store.cell_get(&key).await.unwrap();
                let (rev, count) = cell.map_or((0, 0), |cell| (cell.rev, cell.value.len()));
                let next = Some(vec![0; count + 1].into());
                left -= i32::from(store.cell_set(&key, rev, next, None).await.is_ok());
            }
        }
    })
    .await;
    let cell = world.store().cell_get(&key).await.unwrap().unwrap();
    assert_eq!(cell.value.len(), 200);
}

pub(crate) async fn what_is_acknowledged_is_read_at_once_through_another_handle(world: impl World) {
    together(4, |number| {
        let (store, other) = (world.store(), world.other());
        async move {
            let name = log(&number.to_string());
            for _ in 0..50 {
                let seq = put(&*store, &name, "x").await;
                let page = other.read(&name, seq - 1, 1, 1).await.unwrap();
                assert_eq!(page.entries[0].seq, seq);
                assert!(store.remove(&name, seq).await.unwrap());
                assert_eq!(all(&*other, &name).await.live, 0);
            }
        }
    })
    .await;
}

pub(crate) async fn counters_equal_a_recount(mut world: impl World) {
    together(6, |number| {
        let store = world.store();
        async move {
            for step in 0_u8..40 {
                let name = log(&(step % 3).to_string());
                match (number + step) % 4 {
                    0 => drop(store.take(&name, [number * 40 + step; 16]).await.unwrap()),
                    1 => {
                        let oldest = store.read(&name, 0, 1, 1).await.unwrap();
                        let seq = oldest.entries.first().map_or(0, |entry| entry.seq);
                        store.remove_through(&name, seq + 1).await.unwrap();
                    }
                    _ => drop(put(&*store, &name, "x").await),
                }
            }
        }
    })
    .await;
    for _ in 0..2 {
        for name in ["0", "1", "2"] {
            let page = all(&*world.store(), &log(name)).await;
            assert_eq!(page.entries.len(), usize::try_from(page.live).unwrap());
        }
        world.reopen();
    }
}
