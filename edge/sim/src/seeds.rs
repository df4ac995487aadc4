use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Runs `scenario` with the seeds 0 to `count`, on all cores; returns what went wrong, each with
/// its seed.
///
/// The environment can ask for more (`SIM_SEEDS=10000`) or for one alone (`SIM_SEED=7`).
pub fn failing_seeds<F>(count: u64, scenario: F) -> Vec<String>
where
    F: Fn(u64) -> Result<(), String> + Sync,
{
    let (first, end) = match (number("SIM_SEED"), number("SIM_SEEDS")) {
        (Some(seed), _) => (seed, seed.saturating_add(1)),
        (None, more) => (0, more.unwrap_or(count)),
    };
    let (next, failures) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            if let Err(wrong) = scenario(seed) {
                let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                failures.push(format!("seed {seed}: {wrong}"));
            }
        }
    };
    thread::scope(|threads| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            threads.spawn(work);
        }
    });
    failures
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
