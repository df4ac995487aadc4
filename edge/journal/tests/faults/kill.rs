//! The process is killed; the power fails.

use std::fs;
use std::path::Path;

use journal::Store as _;

use crate::ledger::{Difference, Ledger};
use crate::preload::{Place, disk};
use crate::storm::{Storm, open, subject};

const NONE: Difference = Difference {
    lost: 0,
    wrong: 0,
    back: 0,
};

#[tokio::test]
async fn a_kill_loses_nothing_acknowledged_and_brings_nothing_back() {
    let place = Place::new("kill");
    let directory = place.join("store");
    let mut ledgers = Vec::new();
    for number in 0..10 {
        let mut storm = Storm::start(&directory, number, &[]);
        storm.acknowledges(60 + usize::from(number) * 170);
        ledgers.push(Ledger::of(number, &storm.kill()));
        let store = open(&directory);
        for ledger in &ledgers {
            assert!(ledger.appended() >= 60);
            assert_eq!(ledger.compare(&store).await, NONE, "after storm {number}");
        }
    }
}

#[tokio::test]
async fn the_check_sees_a_loss_and_a_return() {
    let place = Place::new("control");
    let directory = place.join("store");
    let mut storm = Storm::start(&directory, 0, &[]);
    storm.acknowledges(200);
    let mut ledger = Ledger::of(0, &storm.kill());
    let store = open(&directory);
    assert_eq!(ledger.compare(&store).await, NONE);
    let name = subject(0, 0);
    let page = store.read(&name, 0, 2, u32::MAX).await.unwrap();
    let [first, second] = &page.entries[..] else {
        panic!("a storm leaves more")
    };
    ledger.is_removed(0, first.seq);
    assert_eq!(ledger.compare(&store).await, Difference { back: 1, ..NONE });
    store.remove(&name, second.seq).await.unwrap();
    let found = ledger.compare(&store).await;
    assert_eq!(
        found,
        Difference {
            lost: 1,
            back: 1,
            ..NONE
        }
    );
}

/// A storm, and what is on the disk when the power fails in it; with the length of the file beside the log.
async fn power_failure(
    disk: &Path,
    more: &[(&str, &str)],
    acknowledged: usize,
) -> (Difference, u64) {
    let place = Place::new(&format!("power-{acknowledged}-{}", more.len()));
    let (directory, shadow) = (place.directory("store"), place.directory("shadow"));
    let mut environment = vec![
        ("LD_PRELOAD", disk.to_owned()),
        ("DISK_DIR", directory.clone()),
        ("DISK_SHADOW", shadow.clone()),
    ];
    environment.extend(more.iter().map(|&(name, value)| (name, value.into())));
    let mut storm = Storm::start(&directory, 1, &environment);
    storm.acknowledges(acknowledged);
    let ledger = Ledger::of(1, &storm.kill());
    assert!(ledger.appended() >= acknowledged);
    let in_file = fs::metadata(shadow.join("journal.sqlite3")).map_or(0, |file| file.len());
    (ledger.compare(&open(&shadow)).await, in_file)
}

#[tokio::test]
async fn a_power_failure_loses_nothing_acknowledged_and_brings_nothing_back() {
    let Some(disk) = disk("a power failure") else {
        return;
    };
    for acknowledged in [50, 300, 900] {
        let (difference, _) = power_failure(disk, &[], acknowledged).await;
        assert_eq!(difference, NONE, "{acknowledged} acknowledged");
    }
    let (difference, in_file) = power_failure(disk, &[], 15_000).await;
    assert_eq!(difference, NONE);
    assert!(in_file > 1 << 20, "the log was never copied into the file");
}

#[tokio::test]
async fn without_synchronising_a_power_failure_does_lose() {
    let Some(disk) = disk("a power failure without synchronising") else {
        return;
    };
    let (difference, _) = power_failure(disk, &[("DISK_LIES", "1")], 300).await;
    assert!(difference.lost >= 200, "{difference:?}");
}
