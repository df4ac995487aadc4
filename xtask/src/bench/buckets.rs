//! Buckets: opening one, and leaving entries beside the store's own rate and beside a small server
//! of the usual kind.

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::reunion::Ours;
use super::{Report, verdict};
use crate::steps::{self, cargo};

/// Runs the benches of `rendezvous` and `host`; the latter also runs a few lines of Python that open
/// SQLite for every request.
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
    report.line(
        "Left in a second, durably. Over HTTP each client has a connection of its own on this machine, which it \
         shares with the server.\n",
    );
    report.line("| clients | left | the store alone | share | left over HTTP | share |\n|---|---|---|---|---|---|");
    let mut most = None;
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let row: Row = serde_json::from_str(line).with_context(|| line.to_owned())?;
        report.line(format!(
            "| {} | {} | {} | {:.0} % | {} | {:.0} % |",
            row.clients,
            row.leave_per_s,
            row.journal_per_s,
            row.share(row.leave_per_s),
            row.rpc_per_s,
            row.share(row.rpc_per_s),
        ));
        most = Some(row);
    }
    let Some(most) = most.filter(|row| row.clients == 1024) else {
        bail!("the bench left nothing with 1,024 clients");
    };
    let usual = most.usual_per_s;
    let times = f64::from(most.leave_per_s) / f64::from(usual);
    report.line(format!(
        "\nWith 1,024 clients `leave` has {:.0} % of the store's own rate (goal >= {SHARE_GOAL} %: {}). A Python \
         server that opens SQLite for every request leaves {usual} a second, without any network: ours {times:.0} \
         times as many (goal >= {TIMES_GOAL}: {}), and {:.0} times over HTTP.",
        most.share(most.leave_per_s),
        verdict(most.share(most.leave_per_s) >= SHARE_GOAL),
        verdict(times >= TIMES_GOAL),
        f64::from(most.rpc_per_s) / f64::from(usual),
    ));
    report.line(
        "\nThe bound of 17 buckets in a second is lifted for this; under it a server takes 1,088 entries a second.",
    );
    Ok(())
}

/// What the bench of `host` prints.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    clients: u32,
    journal_per_s: u32,
    leave_per_s: u32,
    rpc_per_s: u32,
    usual_per_s: u32,
}

impl Row {
    /// In percent of the store's own rate.
    fn share(&self, rate: u32) -> f64 {
        100.0 * f64::from(rate) / f64::from(self.journal_per_s)
    }
}

/// Microseconds.
const FIND_GOAL: f64 = 100.0;
/// Percent.
const SHARE_GOAL: f64 = 50.0;
const TIMES_GOAL: f64 = 20.0;
