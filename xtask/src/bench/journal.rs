//! The server's store under load, beside what the disk allows in the same minutes.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Report;
use crate::steps::{self, cargo};

/// Runs the bench of `journal`, and compares a durable append with a synchronised write.
///
/// # Errors
///
/// The bench cannot be built or run.
pub(super) fn run(report: &mut Report) -> Result<()> {
    let bench = [
        "bench",
        "--locked",
        "-p",
        "entrenous-journal",
        "--bench",
        "journal",
    ];
    let text = steps::read(cargo().args(bench))?;
    let mut figures = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let row: Row = serde_json::from_str(line).with_context(|| line.to_owned())?;
        figures.insert(row.name.clone(), row);
    }
    let median = |name: &str| {
        let row = figures.get(name).with_context(|| format!("no {name}"))?;
        anyhow::Ok(row.median)
    };
    let us = |name: &str| anyhow::Ok(1e6 / median(name)?);
    for (callers, goal) in [(1, 1.5), (64, 0.3), (1_024, 0.2)] {
        let ours = us(&format!("append/{callers}"))?;
        let what =
            format!("durable append of 1 KiB, {callers} callers; theirs: 1 KiB and fdatasync");
        report.ratio(&what, ours, us("limit")?, "µs", goal);
    }
    report.line("| figure | median | |\n|---|---|---|");
    for row in figures.values() {
        report.line(format!(
            "| {} | {:.1} | {} |",
            row.name, row.median, row.unit
        ));
    }
    Ok(())
}

/// The median of one figure's repetitions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    median: f64,
    unit: String,
}
