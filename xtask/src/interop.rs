//! `cargo xtask interop`: our programs and the reference's meet, both ways.

use ::interop::reference::Reference;
use anyhow::Result;

use crate::steps::{self, cargo};

/// Installs the reference, builds our programs, runs `tests/interop`.
///
/// # Errors
///
/// One of these failed.
pub(crate) fn run() -> Result<()> {
    println!("installing the reference (a minute the first time)");
    Reference::install()?;
    let programs = ["build", "--locked", "-p", "entrenous", "-p", "entrenousd"];
    steps::run(cargo().args(programs))?;
    // Two at once: a reference program computes for seconds on one core.
    let tests = [
        "test",
        "--locked",
        "-p",
        "entrenous-interop",
        "--tests",
        "--no-fail-fast",
    ];
    steps::run(
        cargo()
            .args(tests)
            .args(["--", "--test-threads=2"])
            .env("RUST_BACKTRACE", "0"),
    )
}
