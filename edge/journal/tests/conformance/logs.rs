use bytes::Bytes;
use journal::{Append, AppendError, Appended, Page, Subject};

use crate::world::{World, all, id, limits, log, payloads, put};

pub(crate) async fn reads_entries_in_order_and_the_counters_with_them(world: impl World) {
    let (store, a, b) = (world.store(), log("a"), log("b"));
    assert_eq!(all(&*store, &a).await, Page::default());
    let first = put(&*store, &a, "one").await;
    put(&*store, &b, "elsewhere").await;
    let second = put(&*store, &a, "").await;
    let third = put(&*store, &a, "three").await;
    assert!(0 < first && first < second && second < third);
    let page = all(&*store, &a).await;
    assert_eq!(payloads(&page), ["one", "", "three"]);
    assert_eq!((page.last, page.live), (third, 3));
    let page = store.read(&a, first, 9, 99).await.unwrap();
    assert_eq!(page.entries[0].seq, second);
    assert_eq!(
        (payloads(&page), page.live),
        (vec![Bytes::new(), "three".into()], 3)
    );
    let page = store.read(&a, third, 9, 99).await.unwrap();
    assert_eq!((page.entries.len(), page.last, page.live), (0, third, 3));
    let page = store.read(&a, u64::MAX, 9, 99).await.unwrap();
    assert_eq!((page.entries.len(), page.live), (0, 3));
}

pub(crate) async fn a_page_has_at_most_limit_and_max_bytes_but_one_entry_in_any_case(
    world: impl World,
) {
    let (store, a) = (world.store(), log("a"));
    for payload in ["12345", "6789", "0"] {
        put(&*store, &a, payload).await;
    }
    for (limit, max_bytes, expected) in [
        (0, 99, 0),
        (1, 99, 1),
        (2, 99, 2),
        (9, 0, 1),
        (9, 8, 1),
        (9, 9, 2),
        (9, 10, 3),
    ] {
        let page = store.read(&a, 0, limit, max_bytes).await.unwrap();
        assert_eq!(
            page.entries.len(),
            expected,
            "{limit} entries, {max_bytes} bytes"
        );
        assert_eq!(page.live, 3);
    }
}

pub(crate) async fn takes_a_payload_at_the_limit_and_refuses_one_byte_more(world: impl World) {
    let (store, a) = (world.store(), log("a"));
    let max = limits().payload;
    let full = Append::new(a.clone(), vec![7; max]);
    assert!(store.append(full).await.is_ok());
    let over = Append::new(a.clone(), vec![7; max + 1]);
    assert_eq!(store.append(over).await, Err(AppendError::TooLarge { max }));
    let page = all(&*store, &a).await;
    assert_eq!((page.entries[0].payload.len(), page.live), (max, 1));
}

pub(crate) async fn appends_only_behind_the_expected_last_number_ever_assigned(world: impl World) {
    let (store, a) = (world.store(), log("a"));
    let expecting = |last| Append {
        expect_last: Some(last),
        ..Append::new(a.clone(), "x")
    };
    let conflict = |last| Err(AppendError::Conflict { last });
    assert_eq!(store.append(expecting(1)).await, conflict(0));
    let first = store.append(expecting(0)).await.unwrap().seq();
    assert_eq!(store.append(expecting(0)).await, conflict(first));
    let second = store.append(expecting(first)).await.unwrap().seq();
    assert!(store.remove(&a, second).await.unwrap());
    assert_eq!(store.append(expecting(first)).await, conflict(second));
    assert_eq!(store.append(expecting(u64::MAX)).await, conflict(second));
    assert!(store.append(expecting(second)).await.unwrap().seq() > second);
}

pub(crate) async fn appends_once_per_dedupe_id_and_subject(world: impl World) {
    let (store, a, b) = (world.store(), log("a"), log("b"));
    let with = |subject: &Subject, number| Append {
        dedupe: Some(id(number)),
        ..Append::new(subject.clone(), "x")
    };
    let Appended::New(first) = store.append(with(&a, 1)).await.unwrap() else {
        panic!("the first one is new")
    };
    let again = store.append(with(&a, 1)).await.unwrap();
    assert_eq!(again, Appended::Duplicate(first));
    assert!(matches!(
        store.append(with(&a, 2)).await.unwrap(),
        Appended::New(_)
    ));
    assert!(matches!(
        store.append(with(&b, 1)).await.unwrap(),
        Appended::New(_)
    ));
    assert!(store.remove(&a, first).await.unwrap());
    let again = store.append(with(&a, 1)).await.unwrap();
    assert_eq!(again, Appended::Duplicate(first), "also when it is gone");

    let refused = Append {
        max_live: Some(0),
        ..with(&a, 3)
    };
    assert_eq!(
        store.append(refused).await,
        Err(AppendError::Full { live: 1 })
    );
    assert!(matches!(
        store.append(with(&a, 3)).await.unwrap(),
        Appended::New(_)
    ));
    // A claim of the same id is another matter.
    assert_eq!(store.take(&a, id(1)).await.unwrap().unwrap().payload, "x");
}

pub(crate) async fn keeps_to_max_live(world: impl World) {
    let (store, a) = (world.store(), log("a"));
    let bounded = |max| Append {
        max_live: Some(max),
        ..Append::new(a.clone(), "x")
    };
    assert_eq!(
        store.append(bounded(0)).await,
        Err(AppendError::Full { live: 0 })
    );
    for _ in 0..3 {
        store.append(bounded(3)).await.unwrap();
    }
    assert_eq!(
        store.append(bounded(3)).await,
        Err(AppendError::Full { live: 3 })
    );
    store.take(&a, id(1)).await.unwrap().unwrap();
    store.append(bounded(3)).await.unwrap();
    assert_eq!(
        store.append(bounded(3)).await,
        Err(AppendError::Full { live: 3 })
    );
    put(&*store, &a, "unbounded").await;
    assert_eq!(
        store.append(bounded(3)).await,
        Err(AppendError::Full { live: 4 })
    );
}

pub(crate) async fn removes_once(world: impl World) {
    let (store, a, b) = (world.store(), log("a"), log("b"));
    let first = put(&*store, &a, "one").await;
    let second = put(&*store, &a, "two").await;
    assert!(!store.remove(&b, first).await.unwrap());
    assert!(!store.remove(&a, second + 1).await.unwrap());
    assert!(!store.remove(&a, 0).await.unwrap());
    assert!(store.remove(&a, first).await.unwrap());
    assert!(!store.remove(&a, first).await.unwrap());
    let page = all(&*store, &a).await;
    assert_eq!(
        (payloads(&page), page.live, page.last),
        (vec!["two".into()], 1, second)
    );
}

pub(crate) async fn removes_up_to_a_number(world: impl World) {
    let (store, a) = (world.store(), log("a"));
    assert_eq!(store.remove_through(&a, 9).await.unwrap(), 0);
    let mut seqs = Vec::new();
    for payload in ["1", "2", "3", "4"] {
        seqs.push(put(&*store, &a, payload).await);
    }
    assert!(store.remove(&a, seqs[0]).await.unwrap());
    assert_eq!(store.remove_through(&a, 0).await.unwrap(), 0);
    assert_eq!(store.remove_through(&a, seqs[2]).await.unwrap(), 2);
    assert_eq!(store.remove_through(&a, seqs[2]).await.unwrap(), 0);
    assert_eq!(payloads(&all(&*store, &a).await), ["4"]);
    assert_eq!(store.remove_through(&a, u64::MAX).await.unwrap(), 1);
    let page = all(&*store, &a).await;
    assert_eq!((page.live, page.last), (0, seqs[3]));
}

pub(crate) async fn keeps_names_apart_whatever_bytes_they_have(world: impl World) {
    let store = world.store();
    let names: [&[u8]; 9] = [
        &[0],
        &[0, 0],
        &[0; 63],
        &[0; 64],
        &[255; 64],
        &[255; 63],
        b"m'; DROP TABLE heads; --",
        b"m%",
        b"M\xff\xfe\0",
    ];
    for name in names {
        let subject = Subject::new(name).unwrap();
        let append = Append::new(subject, name.to_vec());
        store.append(append).await.unwrap();
    }
    for name in names {
        let page = all(&*store, &Subject::new(name).unwrap()).await;
        assert_eq!(payloads(&page), [name]);
        assert_eq!(page.live, 1);
    }
}
