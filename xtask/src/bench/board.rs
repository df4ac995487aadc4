//! A meeting of 2, 10 and 50 on one named board: time, bytes and processor time per person.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Report;
use crate::steps::{self, cargo};

/// Runs the bench of `host`, and shows what a person needs in all and for each other one.
///
/// # Errors
///
/// The bench cannot be built or run.
pub(super) fn run(report: &mut Report) -> Result<()> {
    let bench = [
        "bench",
        "--locked",
        "-p",
        "entrenous-host",
        "--bench",
        "meeting",
    ];
    let text = steps::read(cargo().args(bench))?;
    report.line("Everyone on one named board, all cores shared; per person:\n");
    report.line("| people | time until all have met | processor time | and other | requests | sent | and other | received | and other |");
    report.line("|---|---|---|---|---|---|---|---|---|");
    let mut meetings = 0_u32;
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let row: Row = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let others = f64::from(row.people) - 1.0;
        meetings = meetings.saturating_add(1);
        report.line(format!(
            "| {} | {:.1} s | {:.2} s | {:.0} ms | {:.0} | {:.1} kB | {:.0} B | {:.1} kB | {:.0} B |",
            row.people,
            row.time_s,
            row.cpu_s,
            row.cpu_s / others * 1e3,
            row.requests,
            row.sent / 1e3,
            row.sent / others,
            row.received / 1e3,
            row.received / others,
        ));
    }
    ensure!(meetings == 3, "not every meeting took place");
    Ok(())
}

/// One meeting; all but the first two are per person.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    people: u32,
    time_s: f64,
    cpu_s: f64,
    requests: f64,
    sent: f64,
    received: f64,
}
