//! The SQLite store under load, beside what the disk allows: one synchronised append after the
//! other. Each repetition measures both, one after the other, and medians are compared.
//!
//! Prints one JSON line per figure: name, median, unit.
#![expect(clippy::print_stdout, reason = "a bench")]

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use journal::{Append, Limits, Sqlite, Store as _, Subject, SystemClock};
use tokio::runtime::Runtime;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Logs that share the load.
const LOGS: u64 = 20_000;
const PAYLOAD: usize = 1_024;
const REPETITIONS: usize = 5;
const LASTS: Duration = Duration::from_secs(2);

fn main() -> Result<()> {
    if let Ok(directory) = env::var(STORM) {
        return storm(Path::new(&directory));
    }
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("journal-bench");
    drop(fs::remove_dir_all(&place));
    fs::create_dir_all(&place)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    writes(&runtime, &place)?;
    reads(&runtime, &place)?;
    reopens(&place)?;
    fs::remove_dir_all(&place)?;
    Ok(())
}

fn open(directory: &Path) -> Result<Arc<Sqlite>> {
    let clock = Arc::new(SystemClock);
    Ok(Arc::new(Sqlite::open(directory, Limits::default(), clock)?))
}

/// Prints the median of a figure's repetitions.
fn tell(name: &str, mut figures: Vec<f64>, unit: &str) {
    figures.sort_by(f64::total_cmp);
    let median = figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN);
    println!(r#"{{"name":"{name}","median":{median},"unit":"{unit}"}}"#);
}

fn per_second(count: u64, since: Instant) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / since.elapsed().as_secs_f64()
}

/// Cheap bytes that do not compress.
fn payload(number: u64) -> Bytes {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let bytes = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    bytes.flatten().take(PAYLOAD).collect()
}

fn log(number: u64) -> Result<Subject> {
    let scattered = (number % LOGS).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Ok(Subject::of(b'm', &[&scattered.to_le_bytes(), &[0; 24]])?)
}

/// What the disk allows: 1 KiB at the end of a file, then wait until it is there.
fn synchronised_appends(place: &Path) -> Result<f64> {
    let mut file = File::create(place.join("limit"))?;
    let bytes = payload(0);
    let (start, mut count) = (Instant::now(), 0_u64);
    while start.elapsed() < LASTS {
        file.write_all(&bytes)?;
        file.sync_data()?;
        count = count.saturating_add(1);
    }
    Ok(per_second(count, start))
}

/// Runs `act` from `callers` at once until the time is over or it says that nothing is left; each
/// call is told a number of its own.
fn load<F, O>(runtime: &Runtime, callers: u64, act: F) -> Result<f64>
where
    F: Fn(u64) -> O + Clone + Send + 'static,
    O: Future<Output = Result<bool>> + Send,
{
    let (start, numbers) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (act, numbers) = (act.clone(), Arc::clone(&numbers));
            runtime.spawn(async move {
                let mut count = 0_u64;
                while start.elapsed() < LASTS
                    && act(numbers.fetch_add(1, Ordering::Relaxed)).await?
                {
                    count = count.saturating_add(1);
                }
                Result::Ok(count)
            })
        })
        .collect();
    let mut count = 0_u64;
    for task in tasks {
        count = count.saturating_add(runtime.block_on(task)??);
    }
    Ok(per_second(count, start))
}

/// Appends with a dedupe id, scattered over the logs.
fn appends(runtime: &Runtime, store: &Arc<Sqlite>, callers: u64) -> Result<f64> {
    let store = Arc::clone(store);
    // Not the ids of an earlier repetition.
    let run = u64::from(Instant::now().elapsed().subsec_nanos()) ^ store.stats().changes;
    load(runtime, callers, move |number| {
        let store = Arc::clone(&store);
        async move {
            let mut append = Append::new(log(number)?, payload(number));
            let mut id = [0; 16];
            let (first, second) = id.split_at_mut(8);
            first.copy_from_slice(&number.to_le_bytes());
            second.copy_from_slice(&run.to_le_bytes());
            append.dedupe = Some(id);
            store.append(append).await?;
            Ok(true)
        }
    })
}

fn writes(runtime: &Runtime, place: &Path) -> Result<()> {
    let mut limit = Vec::new();
    let mut figures = [Vec::new(), Vec::new(), Vec::new()];
    let mut removals = Vec::new();
    for repetition in 0..REPETITIONS {
        let directory = place.join(format!("writes-{repetition}"));
        let store = open(&directory)?;
        limit.push(synchronised_appends(place)?);
        for (callers, figures) in CALLERS.into_iter().zip(&mut figures) {
            figures.push(appends(runtime, &store, callers)?);
        }
        removals.push(removes(runtime, &store)?);
        drop(store);
        fs::remove_dir_all(&directory)?;
    }
    tell("limit", limit, "1/s");
    for (callers, figures) in CALLERS.into_iter().zip(figures) {
        tell(&format!("append/{callers}"), figures, "1/s");
    }
    tell("remove/64", removals, "1/s");
    Ok(())
}

/// Takes what the appends left: the oldest entry of one log after the other.
fn removes(runtime: &Runtime, store: &Arc<Sqlite>) -> Result<f64> {
    let store = Arc::clone(store);
    load(runtime, 64, move |number| {
        let store = Arc::clone(&store);
        async move {
            // Numbers start at 1 in each log; later rounds find higher ones.
            store
                .remove(&log(number)?, (number / LOGS).saturating_add(1))
                .await?;
            Ok(number < 3 * LOGS)
        }
    })
}

fn reads(runtime: &Runtime, place: &Path) -> Result<()> {
    let store = open(&place.join("reads"))?;
    appends(runtime, &store, 1_024)?;
    for callers in [1, 16] {
        let mut figures = Vec::new();
        for _ in 0..REPETITIONS {
            let store = Arc::clone(&store);
            figures.push(load(runtime, callers, move |number| {
                let store = Arc::clone(&store);
                async move {
                    store
                        .read(&log(number.wrapping_mul(7_919))?, 0, 10, u32::MAX)
                        .await?;
                    Ok(true)
                }
            })?);
        }
        tell(&format!("read/{callers}"), figures, "1/s");
    }
    Ok(())
}

/// How long the store takes to open after a kill under load.
fn reopens(place: &Path) -> Result<()> {
    let directory = place.join("reopens");
    let mut figures = Vec::new();
    for _ in 0..REPETITIONS {
        let mut child = Command::new(env::current_exe()?)
            .env(STORM, &directory)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no pipe")?).read_line(&mut line)?;
        child.kill()?;
        child.wait()?;
        let start = Instant::now();
        let store = open(&directory)?;
        figures.push(start.elapsed().as_secs_f64() * 1e3);
        drop(store);
    }
    tell("reopen", figures, "ms");
    Ok(())
}

/// The process to kill: appends, and says so after two seconds.
fn storm(directory: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    let store = open(directory)?;
    appends(&runtime, &store, 64)?;
    println!("killable");
    loop {
        appends(&runtime, &store, 64)?;
    }
}

/// Appenders at once.
const CALLERS: [u64; 3] = [1, 64, 1_024];
/// Names the store's directory in the process to kill.
const STORM: &str = "JOURNAL_BENCH_STORM";
