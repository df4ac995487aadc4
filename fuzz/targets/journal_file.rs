//! A server's store whose file or write-ahead log was changed: every call answers, a fatal fault stops it for good.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use fuzz::Script;
use journal::{Append, AppendError, Fault, Limits, ManualClock, Sqlite, Store, Subject};
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

/// The files of a sound store: everything is in the log, or everything is in the file.
struct Sound {
    place: PathBuf,
    files: [Vec<u8>; 2],
    log: Vec<u8>,
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));
static SOUND: LazyLock<Sound> = LazyLock::new(sound);

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script::new(bytes);
    let Some(which) = script.below(2) else { return };
    let (mut file, mut log) = match which {
        0 => (SOUND.files[0].clone(), SOUND.log.clone()),
        _ => (SOUND.files[1].clone(), Vec::new()),
    };
    let both = file.len() + log.len();
    while let Some(at) = script.long_number() {
        let Some(value) = script.byte() else { break };
        let at = usize::try_from(at).expect("small") % both;
        match at.checked_sub(file.len()) {
            None => file[at] = value,
            Some(at) => log[at] = value,
        }
    }
    let place = &SOUND.place;
    fs::write(place.join(FILE), file).expect("a place to write");
    fs::write(place.join(LOG), log).expect("a place to write");
    let Some(store) = open(place) else { return };
    if let Err(fault) = RUNTIME.block_on(ask(&store)) {
        let again = RUNTIME.block_on(store.sweep(1));
        assert!(!fault.is_fatal() || again == Err(Fault::Stopped));
    }
});

const FILE: &str = "journal.sqlite3";
const LOG: &str = "journal.sqlite3-wal";

fn open(place: &Path) -> Option<Sqlite> {
    let clock = ManualClock::new(Time::from_ms(1_000));
    Sqlite::open(place, Limits::default(), Arc::new(clock)).ok()
}

fn log(number: u8) -> Subject {
    Subject::of(b'm', &[&[number]]).expect("a subject")
}

/// Everything that can be asked.
async fn ask(store: &Sqlite) -> Result<(), Fault> {
    for number in 0..4 {
        let subject = log(number);
        let page = store.read(&subject, 0, 100, 100_000).await?;
        let seq = page.entries.first().map_or(1, |entry| entry.seq);
        store.cell_get(&subject).await?;
        store.take(&subject, [number; 16]).await?;
        store.remove(&subject, seq).await?;
        store
            .remove_through(&subject, seq.saturating_add(1))
            .await?;
        let mut append = Append::new(subject, "payload");
        append.dedupe = Some([number; 16]);
        append.max_live = Some(3);
        if let Err(AppendError::Store(fault)) = store.append(append).await {
            return Err(fault);
        }
    }
    store.subjects(b'm', None, 100).await?;
    store.cells(b'm', None, 100).await?;
    store.sweep(100).await?;
    Ok(())
}

fn sound() -> Sound {
    let place = std::env::temp_dir().join(format!("entrenous-fuzz-journal-{}", std::process::id()));
    drop(fs::remove_dir_all(&place));
    let store = open(&place).expect("a new store");
    RUNTIME.block_on(async {
        for number in 0..40_u8 {
            let mut append = Append::new(log(number % 4), vec![number; usize::from(number) * 20]);
            append.dedupe = Some([number; 16]);
            append.ttl = (number % 3 == 0).then(|| std::time::Duration::from_secs(1));
            store.append(append).await.expect("stored");
            let value = Some(vec![number; 30].into());
            store
                .cell_set(&log(number), 0, value, None)
                .await
                .expect("stored");
        }
    });
    let read = |name| fs::read(place.join(name)).expect("a file");
    let (file, log) = (read(FILE), read(LOG));
    drop(store);
    let whole = read(FILE);
    Sound {
        place: place.clone(),
        files: [file, whole],
        log,
    }
}
