//! Buckets: opening one, and leaving entries beside the store's own rate and beside a small server
//! of the usual kind.

use std::process::Command;

use anyhow::{Context, Result, bail};
use interop::python::target_dir;
use serde::Deserialize;

use super::reunion::Ours;
use super::{Report, verdict};
use crate::steps::{self, cargo};

/// Runs the benches of `rendezvous` and `host`, and a few lines of Python that open SQLite for every
/// request.
///
/// # Errors
///
/// A bench cannot be built or run, or there is no Python with `sqlite3`.
pub(super) fn run(report: &mut Report) -> Result<()> {
    let found = Ours::fresh("bench-buckets")?;
    let bench = ["bench", "--locked", "-p", "entrenous-rendezvous", "--bench"];
    let bench = bench.into_iter().chain(["bucket", "--", "--quiet"]);
    steps::read(cargo().args(bench).env("CRITERION_HOME", &found.0))?;
    let last = found.ms("bucket_find/last")? * 1e3;
    let none = found.ms("bucket_find/none")? * 1e3;
    report.line(format!(
        "Opening a full bucket takes {last:.0} µs when the last slot opens, {none:.0} µs when none does (goal <= \
         {FIND_GOAL}: {}), after the key, which takes {:.0} ms.\n",
        verdict(last.max(none) <= FIND_GOAL),
        found.ms("bucket_key/derive")?,
    ));

    let bench = ["bench", "--locked", "-p", "entrenous-host", "--bench"];
    let text = steps::read(cargo().args(bench).arg("bucket"))?;
    let place = target_dir()?.join("bench-buckets.db");
    let usual = steps::read(Command::new("python3").args(["-c", USUAL]).arg(&place))?;
    let usual: f64 = usual.trim().parse().context("Python said no rate")?;
    report.line("| clients | left per second | the store alone | share |\n|---|---|---|---|");
    let mut most = None;
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let row: Row = serde_json::from_str(line).with_context(|| line.to_owned())?;
        report.line(format!(
            "| {} | {} | {} | {} % |",
            row.clients, row.leave_per_s, row.journal_per_s, row.percent
        ));
        most = Some(row);
    }
    let Some(most) = most.filter(|row| row.clients == 1024) else {
        bail!("the bench left nothing with 1,024 clients");
    };
    let times = f64::from(most.leave_per_s) / usual;
    report.line(format!(
        "\nWith 1,024 clients: share >= 50 %: {}. A Python server that opens SQLite for every request leaves {usual:.0} a \
         second, without any network: ours {times:.0} times as many (goal >= {TIMES_GOAL}: {}).",
        verdict(most.percent >= 50),
        verdict(times >= TIMES_GOAL),
    ));
    Ok(())
}

/// What the bench of `host` prints.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[expect(dead_code, reason = "says which bench it is")]
    bench: String,
    clients: u32,
    journal_per_s: u32,
    leave_per_s: u32,
    percent: u32,
}

/// Microseconds.
const FIND_GOAL: f64 = 100.0;
const TIMES_GOAL: f64 = 20.0;

/// Entries stored in a second, durably, with a connection for each, for three seconds.
const USUAL: &str = r#"
import os, sqlite3, sys, time
path = sys.argv[1]
if os.path.exists(path):
    os.remove(path)
begin = sqlite3.connect(path)
begin.execute("create table entries (bucket blob, slot integer, entry blob)")
begin.commit()
begin.close()
start, done = time.monotonic(), 0
while time.monotonic() - start < 3:
    store = sqlite3.connect(path)
    store.execute("insert into entries values (?, ?, ?)", (b"bucket", done % 64, os.urandom(256)))
    store.commit()
    store.close()
    done += 1
print(done / (time.monotonic() - start))
os.remove(path)
"#;
