//! The disk is full; the disk fails.

use std::fs;

use crate::ledger::{Difference, Ledger};
use crate::preload::{Place, disk};
use crate::storm::{Storm, TASKS, open};

/// How many appends were acknowledged after the first refusal.
fn acknowledged_after_refusal(lines: &[String]) -> usize {
    let lines = lines.iter().skip_while(|line| !line.starts_with("refused"));
    lines.filter(|line| line.starts_with("append")).count()
}

#[tokio::test]
async fn a_full_disk_refuses_and_then_the_store_goes_on() {
    let Some(disk) = disk("a full disk") else {
        return;
    };
    let place = Place::new("full");
    let (directory, full) = (place.directory("store"), place.join("full"));
    let environment = [
        ("LD_PRELOAD", disk.to_owned()),
        ("DISK_DIR", directory.clone()),
        ("DISK_FULL", full.clone()),
    ];
    let mut storm = Storm::start(&directory, 2, &environment);
    for _ in 0..3 {
        storm.acknowledges(300);
        fs::write(&full, []).unwrap();
        storm.is_refused();
        fs::remove_file(&full).unwrap();
    }
    storm.acknowledges(300);
    let lines = storm.kill();
    let ledger = Ledger::of(2, &lines);
    let full = "the disk is full; nothing was changed";
    assert!(ledger.refusals().all(|refusal| refusal == full));
    assert_eq!(
        ledger.compare(&open(&directory)).await,
        Difference::default()
    );
    // This is also the control for the next test.
    assert!(acknowledged_after_refusal(&lines) > usize::from(TASKS));
}

#[tokio::test]
async fn after_a_failed_synchronisation_nothing_more_is_acknowledged() {
    let Some(disk) = disk("a failing disk") else {
        return;
    };
    for acknowledged in [60, 600] {
        let place = Place::new(&format!("eio-{acknowledged}"));
        let (directory, shadow) = (place.directory("store"), place.directory("shadow"));
        let eio = place.join("eio");
        let environment = [
            ("LD_PRELOAD", disk.to_owned()),
            ("DISK_DIR", directory.clone()),
            ("DISK_SHADOW", shadow.clone()),
            ("DISK_EIO", eio.clone()),
        ];
        let mut storm = Storm::start(&directory, 3, &environment);
        storm.acknowledges(acknowledged);
        fs::write(&eio, []).unwrap();
        // Every caller is refused twice and gives up.
        let lines = storm.end(20 * usize::from(TASKS));
        let ledger = Ledger::of(3, &lines);
        let unknown = "writing failed; the change may have been made or not";
        let stopped = "the store stopped because of a fault; nothing was changed";
        // Told to whoever had a change in the commit that failed, of whatever kind.
        assert!(lines.iter().any(|line| line.ends_with(unknown)));
        assert!(
            ledger
                .refusals()
                .all(|refusal| [unknown, stopped].contains(&refusal))
        );
        assert_eq!(ledger.refusals().count(), 2 * usize::from(TASKS));
        // What was acknowledged before may be told later, once for each caller.
        assert!(acknowledged_after_refusal(&lines) <= usize::from(TASKS));
        for survivor in [&directory, &shadow] {
            assert_eq!(ledger.compare(&open(survivor)).await, Difference::default());
        }
    }
}
