//! `cargo xtask ci`: what every change must pass.

use anyhow::Result;

use crate::{ct, deny, fuzz::Fuzz, steps::Steps, test, wasm};

/// Runs all checks and prints a summary.
///
/// # Errors
///
/// At least one check failed.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    test::add(&mut steps);
    wasm::add(&mut steps);
    steps.step("constant time", ct::run);
    steps.step("fuzz targets, for a short while", || Fuzz::smoke().run());
    deny::add(&mut steps);
    steps.finish()
}
