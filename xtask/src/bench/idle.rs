//! What a server holds in memory that has nothing to do: without connections, and for each of 10,000.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{Report, program, verdict};
use crate::steps::{self, cargo};

/// Builds `entrenousd`, and has the bench of `host` watch it.
///
/// # Errors
///
/// One of them cannot be built or run.
pub(super) fn run(report: &mut Report) -> Result<()> {
    let server = program("entrenousd")?;
    let bench = ["bench", "--locked", "-p", "entrenous-host", "--bench"];
    let text = steps::read(cargo().args(bench).arg("idle").env("ENTRENOUSD", server))?;
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('{')).collect();
    if lines.is_empty() {
        report.line("Left out: this system does not say what a process holds.");
        return Ok(());
    }
    report.line("| server | resident | goal | |\n|---|---|---|---|");
    for line in lines {
        let row: Row = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let (carrier, idle) = (&row.carrier, row.idle_bytes / 1e6);
        report.line(format!(
            "| {carrier}, without connections | {idle:.1} MB | < {IDLE_GOAL_MB:.0} MB | {} |",
            verdict(idle < IDLE_GOAL_MB)
        ));
        let each = row.each_kib();
        report.line(format!(
            "| {carrier}, for each of {} idle live connections | {each:.1} KiB | < {EACH_GOAL_KIB:.0} KiB | {} |",
            row.connections,
            verdict(each < EACH_GOAL_KIB)
        ));
    }
    report.line(
        "\nOf connections: the most in a minute, in which the server looks once at the account of each; all are \
         authenticated, and answer a ping afterwards.",
    );
    Ok(())
}

/// What the bench of `host` prints.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    carrier: String,
    idle_bytes: f64,
    connections: u32,
    resident_bytes: f64,
}

impl Row {
    fn each_kib(&self) -> f64 {
        (self.resident_bytes - self.idle_bytes) / f64::from(self.connections) / 1024.0
    }
}

const IDLE_GOAL_MB: f64 = 30.0;
const EACH_GOAL_KIB: f64 = 16.0;
