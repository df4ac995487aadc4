//! What a node and a server hold in memory when they are full.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{Report, verdict};
use crate::steps::cargo;

/// Runs the tests that fill a node and a server, and shows what they print.
///
/// # Errors
///
/// A test cannot be built or run, or the system does not say what a process holds.
pub(super) fn run(report: &mut Report) -> Result<()> {
    report.line("| process | resident | goal | |\n|---|---|---|---|");
    for full in FULL {
        let (used, goal) = (full.resident_mb()?, full.goal_mb);
        report.line(format!(
            "| {} | {used:.1} MB | < {goal:.0} MB | {} |",
            full.name,
            verdict(used < goal)
        ));
    }
    Ok(())
}

/// A test that fills something and prints its size.
struct Full {
    name: &'static str,
    package: &'static str,
    test: &'static str,
    goal_mb: f64,
}

impl Full {
    /// Also when the test fails after that, because it is too much.
    fn resident_mb(&self) -> Result<f64> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Size {
            resident_bytes: u32,
        }
        let test = ["test", "--release", "--locked", "--quiet"];
        let output = cargo()
            .args(test)
            .args(["-p", self.package, "--test", self.test, "--", "--nocapture"])
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let line = text.lines().find(|line| line.starts_with('{'));
        let line = line.with_context(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("{} does not say its size: {text}{said}", self.name)
        })?;
        let size: Size = serde_json::from_str(line).with_context(|| line.to_owned())?;
        Ok(f64::from(size.resident_bytes) / 1e6)
    }
}

const FULL: &[Full] = &[
    Full {
        name: "node in a room of 1,000 announced T1, after stretching the passphrase (98 MiB for a moment)",
        package: "entrenous-sim",
        test: "room",
        goal_mb: 64.0,
    },
    Full {
        name: "server with 100,000 records of the largest kind, in memory",
        package: "entrenous-host",
        test: "memory",
        goal_mb: 100.0,
    },
    Full {
        name: "server with 100,000 records of the largest kind, on the disk",
        package: "entrenous-host",
        test: "memory_kept",
        goal_mb: 100.0,
    },
];
