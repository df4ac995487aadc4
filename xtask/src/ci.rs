//! `cargo xtask ci`: what every change must pass.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::{
    acme, ct, deny,
    fuzz::Fuzz,
    steps::{self, Steps},
    test, typos, wasm,
};

/// Runs all checks and prints a summary.
///
/// # Errors
///
/// At least one check failed.
pub(crate) fn run() -> Result<()> {
    let before = changes()?;
    let mut steps = Steps::default();
    test::add(&mut steps);
    steps.step("tests: a certificate from Pebble", acme::certify);
    wasm::add(&mut steps);
    steps.step("constant time", ct::run);
    steps.step("fuzz targets, for a short while", || Fuzz::smoke().run());
    deny::add(&mut steps);
    steps.step("spelling", typos::run);
    steps.step("nothing is left behind in the source", || {
        let after = changes()?;
        ensure!(after == before, "the checks changed files:\n{after}");
        Ok(())
    });
    steps.finish()
}

/// What differs from the last commit.
fn changes() -> Result<String> {
    let status = ["status", "--porcelain"];
    steps::read(Command::new("git").args(status).current_dir(steps::root()))
}
