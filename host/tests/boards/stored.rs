//! Everything that a server keeps of boards; a new thing fails here until it is in the spec.

use journal::Subject;
use kernel::Label;
use primitives::hash;
use rendezvous::board::{Board, Phase};

use crate::world::{START, World, named, record};

#[tokio::test]
async fn the_store_has_what_the_spec_lists_and_nothing_else() {
    for world in World::all() {
        let process = world.process();
        let board = named("secret-garden");
        process.post(&board, 1, [1, 2]).await.unwrap();
        process.post(&board, 1, [2, 3]).await.unwrap();
        let plain = process.post_as(Phase::One, &Board::Plain, 2, [4]);
        plain.await.unwrap();
        let _ = process.news(&board, 0).await;
        drop(process.boards.bell(&board).await);

        let mut logs = Vec::new();
        for kind in 0..=255 {
            let cells = world.store.cells(kind, None, 100).await.unwrap();
            assert!(cells.is_empty(), "{cells:?}");
            logs.extend(world.store.subjects(kind, None, 100).await.unwrap());
        }
        let log = |name: &str| {
            let name = hash(&[Label::ServerBoard.bytes(), name.as_bytes()]);
            Subject::of(b'b', &[&name]).unwrap()
        };
        let (garden, plain) = (log("secret-garden"), log(""));
        let mut expected = [garden.clone(), plain.clone()];
        expected.sort();
        assert_eq!(logs, expected);

        let head = |phase: u8, units: u8| [&[phase, units][..], &START.to_le_bytes()[..6]].concat();
        let t2 = |number| record(&board, Phase::Two, number);
        let first = [head(2, 3), t2(1), t2(2)].concat();
        let second = [head(2, 3), t2(3)].concat();
        let t1 = [head(1, 9), record(&Board::Plain, Phase::One, 4)].concat();
        for (log, entries) in [(garden, vec![first, second]), (plain, vec![t1])] {
            let page = world.store.read(&log, 0, 100, 1 << 20).await.unwrap();
            let stored = page.entries.iter().map(|entry| entry.payload.to_vec());
            assert_eq!(Vec::from_iter(stored), entries);
        }
    }
}

#[test]
fn the_operators_page_says_so() {
    let page = include_str!("../../../docs/operator.md");
    let mut rows = page
        .lines()
        .filter(|line| line.starts_with("| a log for each board"));
    let row = rows.next().unwrap();
    for part in [
        "hash of its name",
        "kind",
        "length",
        "time in ms",
        "records",
    ] {
        assert!(row.contains(part), "{part}");
    }
    assert_eq!(rows.count(), 0);
}
