//! `cargo xtask bench`: our speed and size beside the reference's, measured in one run.
//!
//! Each module below measures one thing and adds rows to the [`Report`]. Absolute figures say
//! little about another machine, so every row that has a peer to compare with has a ratio.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use interop::python::target_dir;

use crate::steps::{self, cargo};

mod board;
mod buckets;
mod calls;
mod ctidh;
mod id;
mod idle;
mod journal;
mod memory;
mod reunion;

/// Our speed and size beside the reference's, as a table of ratios.
#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// Only the section of this name, or those whose name contains it
    #[arg(value_name = "SECTION")]
    only: Option<String>,
}

/// One thing that is measured: its name, and what measures it.
type Section = (&'static str, fn(&mut Report) -> Result<()>);

/// On two threads at least this many times as fast as on one.
const THREADS_GOAL: f64 = 1.8;

/// In this order. A section prints nothing itself; it adds to the report.
const SECTIONS: &[Section] = &[
    ("ctidh", ctidh::run),
    ("reunion", reunion::run),
    ("board", board::run),
    ("buckets", buckets::run),
    ("journal", journal::run),
    ("calls", calls::run),
    ("memory", memory::run),
    ("idle", idle::run),
    ("id", id::run),
];

impl Bench {
    /// Measures and prints the report as Markdown, as it stands in `docs/benchmarks.md`.
    ///
    /// # Errors
    ///
    /// Something to measure could not be built or run.
    pub(crate) fn run(&self) -> Result<()> {
        for (name, measure) in SECTIONS {
            let is_left_out = |only: &str| match SECTIONS.iter().any(|(name, _)| *name == only) {
                true => *name != only,
                false => !name.contains(only),
            };
            if self.only.as_deref().is_some_and(is_left_out) {
                continue;
            }
            eprintln!("measuring: {name}");
            let mut report = Report::default();
            measure(&mut report)?;
            println!("\n### {name}\n\n{}", report.markdown());
        }
        Ok(())
    }
}

/// How the report says whether a goal is reached.
const fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**missed**" }
}

/// The middle one of some times.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Builds one of our programs as it is shipped, and says where it is.
fn program(name: &str) -> Result<PathBuf> {
    steps::read(cargo().args(["build", "--quiet", "--release", "--locked", "-p", name]))?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    Ok(target_dir()?.join("release").join(file))
}

/// What one section found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    ratios: Vec<String>,
    lines: Vec<String>,
}

impl Report {
    /// One row of the ratio table: `ours / theirs`, both in `unit`, with the ratio we aim at
    /// (`ours` is better when smaller).
    pub(crate) fn ratio(&mut self, what: &str, ours: f64, theirs: f64, unit: &str, goal: f64) {
        let ratio = ours / theirs;
        let verdict = verdict(ratio <= goal);
        self.ratios.push(format!(
            "| {what} | {ours:.3} {unit} | {theirs:.3} {unit} | {ratio:.2} | <= {goal:.2} | {verdict} |"
        ));
    }

    /// A line of Markdown below the ratios: a row of the section's own table, or a sentence.
    pub(crate) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn markdown(&self) -> String {
        let mut all = Vec::new();
        if !self.ratios.is_empty() {
            all.push("| what | ours | theirs | ratio | goal | |\n|---|---|---|---|---|---|".into());
            all.extend(self.ratios.iter().cloned());
            all.push(String::new());
        }
        all.extend(self.lines.iter().cloned());
        all.join("\n")
    }
}
