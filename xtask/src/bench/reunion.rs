//! A session and its two expensive steps, beside the reference's, on one core each.

use std::{fs, io::ErrorKind, path::Path, process::Command};

use anyhow::{Context, Result};
use interop::{python::target_dir, reference::Reference};
use serde::Deserialize;

use super::{Report, THREADS_GOAL, verdict};
use crate::steps::{self, cargo};

/// Runs the bench of `rendezvous` and the reference's own session, and compares medians.
///
/// # Errors
///
/// The reference cannot be installed, or one of the two cannot be run.
pub(super) fn run(report: &mut Report) -> Result<()> {
    let reference = Reference::install()?;
    let bench = ["bench", "--locked", "-p", "entrenous-rendezvous", "--bench"];
    let ours = Ours::fresh("bench-reunion")?;
    // its own lines would end up in the middle of ours
    let bench = bench.into_iter().chain(["session", "--", "--quiet"]);
    steps::read(cargo().args(bench).env("CRITERION_HOME", &ours.0))?;
    let script = Command::new(reference.program("python"))
        .args(["-c", THEIRS])
        .output()?;
    let theirs: Theirs = serde_json::from_slice(&script.stdout)
        .with_context(|| String::from_utf8_lossy(&script.stderr).into_owned())?;

    let step = ours.ms("process_t1/portable")?;
    report.ratio("process T1, portable", step, theirs.process_t1, "ms", GOAL);
    // theirs stretches the passphrase for every session; ours once
    let make = theirs.create - theirs.stretch;
    report.ratio(
        "make session, portable",
        ours.ms("open/portable")?,
        make,
        "ms",
        GOAL,
    );
    for backend in ["adx", "ifma"] {
        if let Ok(step) = ours.ms(&format!("process_t1/{backend}")) {
            let what = format!("process T1, {backend}");
            report.ratio(&what, step, theirs.process_t1, "ms", GOAL);
        }
    }
    let (one, two) = (ours.ms("sixteen_t1/1")?, ours.ms("sixteen_t1/2")?);
    let speedup = one / two;
    report.line(format!(
        "Stretching a passphrase takes {:.0} ms (theirs {:.0} ms), the 98 MiB erased afterwards.\n",
        ours.ms("passkey")?,
        theirs.stretch,
    ));
    report.line(format!(
        "Answering a T2 takes {:.0} µs (theirs {:.0} µs), opening a T3 {:.0} µs (theirs {:.0} µs).\n",
        ours.ms("take_t2")? * 1e3,
        theirs.process_t2 * 1e3,
        ours.ms("take_t3")? * 1e3,
        theirs.process_t3 * 1e3,
    ));
    report.line(format!(
        "Sixteen T1 on one thread: {one:.0} ms; on two: {two:.0} ms; {speedup:.2} times as fast \
         (goal >= {THREADS_GOAL}: {}).",
        verdict(speedup >= THREADS_GOAL),
    ));
    Ok(())
}

/// The folder where our bench left its results.
pub(super) struct Ours(pub(super) std::path::PathBuf);

impl Ours {
    /// Without the results of any earlier run.
    pub(super) fn fresh(name: &str) -> Result<Self> {
        let home = target_dir()?.join(name);
        match fs::remove_dir_all(&home) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(Self(home)),
        }
    }

    /// The median of one measurement, in milliseconds.
    pub(super) fn ms(&self, name: &str) -> Result<f64> {
        #[derive(Deserialize)]
        struct Estimates {
            median: Estimate,
        }
        #[derive(Deserialize)]
        struct Estimate {
            point_estimate: f64,
        }
        let file = self.0.join(name).join(Path::new("new/estimates.json"));
        let text = fs::read(&file).with_context(|| format!("no measurement {name}"))?;
        let found: Estimates = serde_json::from_slice(&text)?;
        Ok(found.median.point_estimate / 1e6)
    }
}

/// Medians of the reference, in milliseconds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Theirs {
    stretch: f64,
    create: f64,
    process_t1: f64,
    process_t2: f64,
    process_t3: f64,
}

/// At most this share of the reference's time for one T1.
const GOAL: f64 = 0.30;

/// Measures the reference. Flipping a bit of alpha makes a T1 that it does not know yet.
const THEIRS: &str = r#"
import json, statistics, time
from rendez.vous.reunion.primitives import argon2i
from rendez.vous.reunion.session import ReunionSession, T1

def median(times, call):
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spent.append((time.perf_counter() - start) * 1e3)
    return statistics.median(spent)

stretch = median(5, lambda: argon2i(b"bench", bytes(32)))
create = median(5, lambda: ReunionSession.create(b"bench", bytes(96)))
a = ReunionSession.create(b"bench", bytes(96))
b = ReunionSession.create(b"bench", bytes(96))
new = iter(range(256))
process_t1 = median(7, lambda: a.process_t1(T1(bytes([b.t1[0] ^ next(new)]) + b.t1[1:])))
to_a, to_b = b.process_t1(a.t1), a.process_t1(b.t1)
process_t2 = median(200, lambda: a.process_t2(b.t1.id, to_a))
t3, _ = b.process_t2(a.t1.id, to_b)
process_t3 = median(200, lambda: a.process_t3(b.t1.id, t3))
print(json.dumps({
    "stretch": stretch,
    "create": create,
    "process_t1": process_t1,
    "process_t2": process_t2,
    "process_t3": process_t3,
}))
"#;
