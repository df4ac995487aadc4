//! Files that are cut off or hold garbage: the log that a crash leaves may end anywhere, the rest
//! may rot.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::{Append, Fault, Limits, Sqlite, Store as _, SystemClock};

use crate::ledger::Ledger;
use crate::preload::Place;
use crate::storm::{Storm, open, subject};

const FILE: &str = "journal.sqlite3";
const LOG: &str = "journal.sqlite3-wal";

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// What a killed storm left.
struct Left {
    file: Vec<u8>,
    log: Vec<u8>,
    ledger: Ledger,
}

impl Left {
    fn behind(place: &Place, storms: u8) -> Self {
        let directory = place.join("storm");
        let mut lines = Vec::new();
        for _ in 0..storms {
            let mut storm = Storm::start(&directory, 4, &[]);
            storm.acknowledges(150);
            lines = storm.kill();
        }
        Self {
            file: fs::read(directory.join(FILE)).unwrap(),
            log: fs::read(directory.join(LOG)).unwrap(),
            ledger: Ledger::of(4, &lines),
        }
    }
}

/// A store of these files.
fn of(place: &Place, name: &str, file: &[u8], log: &[u8]) -> PathBuf {
    let directory = place.directory(name);
    fs::write(directory.join(FILE), file).unwrap();
    fs::write(directory.join(LOG), log).unwrap();
    directory
}

#[tokio::test]
async fn a_torn_log_opens_with_a_consistent_prefix() {
    let place = Place::new("torn");
    let left = Left::behind(&place, 1);
    assert!(left.log.len() > 100_000);
    let mut dice = Dice(1);
    let (mut shorter, mut whole) = (0, 0);
    for round in 0..40 {
        let mut log = left.log.clone();
        let at = dice.below(log.len());
        match round % 4 {
            0 => log.truncate(at),
            1 => log[at] ^= 1 << dice.below(8),
            2 => log[at..].fill(0),
            _ => {
                for byte in &mut log[at..] {
                    *byte = dice.below(256).to_le_bytes()[0];
                }
            }
        }
        let directory = of(&place, &round.to_string(), &left.file, &log);
        let store = open(&directory);
        let lost = left.ledger.lost_at_the_end(&store).await;
        shorter += u32::from(lost > 0);
        whole += u32::from(lost == 0);
        drop(store);
        // It goes on from there.
        let store = open(&directory);
        let append = Append::new(subject(4, 0), "next");
        assert!(store.append(append).await.is_ok());
    }
    assert!(shorter > 10, "the damage was not seen");
    assert!(shorter + whole == 40);
}

/// Asks a store of anything for everything; returns the first fault.
async fn ask(store: &Sqlite) -> Result<(), Fault> {
    for task in 0..9 {
        let subject = subject(4, task);
        store.read(&subject, 0, u32::MAX, u32::MAX).await?;
        store.cell_get(&subject).await?;
        store.take(&subject, [9; 16]).await?;
        store.remove_through(&subject, 3).await?;
        let refused = store.append(Append::new(subject.clone(), "x")).await.err();
        if let Some(journal::AppendError::Store(fault)) = refused {
            return Err(fault);
        }
    }
    store.subjects(b's', None, 99).await?;
    store.cells(b's', None, 99).await?;
    store.sweep(u32::MAX).await?;
    Ok(())
}

fn try_open(directory: &Path) -> Option<Sqlite> {
    Sqlite::open(directory, Limits::default(), Arc::new(SystemClock)).ok()
}

#[tokio::test]
async fn garbage_in_the_file_is_an_error_or_nothing_never_a_panic() {
    let place = Place::new("garbage");
    let left = {
        let left = Left::behind(&place, 1);
        // All of the log goes into the file.
        drop(open(&place.join("storm")));
        let file = fs::read(place.join("storm").join(FILE)).unwrap();
        Left {
            file,
            log: Vec::new(),
            ..left
        }
    };
    let mut dice = Dice(2);
    let (mut refused, mut stopped) = (0, 0);
    for round in 0..60 {
        let mut file = left.file.clone();
        let at = dice.below(file.len());
        match round % 3 {
            0 => file.truncate(at),
            1 => {
                let page = at / 4_096 * 4_096;
                for byte in &mut file[page..page + 200] {
                    *byte = dice.below(256).to_le_bytes()[0];
                }
            }
            _ => file[at / 2..at].fill(7),
        }
        let directory = of(&place, &round.to_string(), &file, &left.log);
        let Some(store) = try_open(&directory) else {
            refused += 1;
            continue;
        };
        if let Err(fault) = ask(&store).await {
            assert!(fault.is_fatal(), "{fault:?}");
            let again = store.read(&subject(4, 0), 0, 1, 1).await;
            assert_eq!(again, Err(Fault::Stopped), "after {fault:?}");
            stopped += 1;
        }
    }
    assert!(
        refused > 3 && stopped > 10,
        "{refused} refused, {stopped} stopped"
    );
    // The control: without damage nothing is wrong.
    let sound = of(&place, "sound", &left.file, &left.log);
    assert_eq!(ask(&try_open(&sound).unwrap()).await, Ok(()));
}
