//! A meeting of 2, 10 and 50 on one named board, and of 50 on one that is kept on the disk: time,
//! bytes and processor time per person.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::{Report, verdict};
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
    report.line(
        "Everyone on one named board, all cores shared, no sockets; per person, bytes of paths and \
         bodies, without HTTP heads:\n",
    );
    report.line("| people, board | time until all have met | processor time | and other | requests | sent | and other | received | and other |");
    report.line("|---|---|---|---|---|---|---|---|---|");
    let mut meetings = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let row: Row = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let others = row.others();
        report.line(format!(
            "| {}, in {} | {:.1} s | {:.2} s | {:.0} ms | {:.0} | {:.1} kB | {:.0} B | {:.1} kB | {:.0} B |",
            row.people,
            row.store,
            row.time_s,
            row.cpu_s,
            row.cpu_s / others * 1e3,
            row.requests,
            row.sent / 1e3,
            row.sent / others,
            row.received / 1e3,
            row.received / others,
        ));
        meetings.push(row);
    }
    let [two, ten, fifty, kept] = meetings.as_slice() else {
        bail!("not every meeting took place");
    };
    let people = [two, ten, fifty].map(|row| row.people);
    ensure!(people == [2, 10, 50], "a meeting of {people:?}");
    ensure!(kept.people == 50, "a meeting of {}", kept.people);
    linear(report, ten, fifty);
    let more = kept.cpu_s / fifty.cpu_s;
    report.line(format!(
        "\nOn a board that is kept on the disk, a person among 50 costs {more:.2} times the processor time.",
    ));
    Ok(())
}

/// Whether a person's work grows no faster than the number of people: what each other one costs
/// among fifty, beside what he costs among ten. Among two, what a session costs once hides it.
fn linear(report: &mut Report, ten: &Row, fifty: &Row) {
    let growth =
        |what: fn(&Row) -> f64| (what(fifty) / fifty.others()) / (what(ten) / ten.others());
    let growths = [
        growth(|row| row.cpu_s),
        growth(|row| row.sent),
        growth(|row| row.received),
    ];
    let [cpu, sent, received] = growths;
    let is_met = growths.iter().all(|growth| *growth <= GROWTH_GOAL);
    report.line(format!(
        "\nWork of O(N) per person: each other one among 50 costs {cpu:.2} times the processor time, \
         {sent:.2} times the bytes sent and {received:.2} times those received as among 10 \
         (goal <= {GROWTH_GOAL}: {}).",
        verdict(is_met),
    ));
}

/// One meeting; all but the first three are per person.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    people: u32,
    store: String,
    time_s: f64,
    cpu_s: f64,
    requests: f64,
    sent: f64,
    received: f64,
}

impl Row {
    fn others(&self) -> f64 {
        f64::from(self.people) - 1.0
    }
}

/// Work of O(N^2) would give 5.
const GROWTH_GOAL: f64 = 1.25;
