//! `cargo xtask interop`: our programs and the reference's meet, both ways.

use ::interop::{kamune::Kamune, reference::Reference};
use anyhow::Result;

use crate::steps::{self, cargo};

/// Builds our programs, then as [`meet`].
///
/// # Errors
///
/// Something does not build, or as [`meet`].
pub(crate) fn run() -> Result<()> {
    let programs = ["build", "--locked", "-p", "entrenous", "-p", "entrenousd"];
    steps::run(cargo().args(programs))?;
    meet()
}

/// Installs the references and runs `tests/interop`, but for the authority, with the programs that are built.
///
/// # Errors
///
/// A reference cannot be installed, or somebody was not met.
pub(crate) fn meet() -> Result<()> {
    println!("installing the reference (a minute the first time)");
    Reference::install()?;
    println!("building a peer of Kamune (a minute the first time)");
    Kamune::install()?;
    // Two at once: a reference program computes for seconds on one core.
    let tests = [
        "test",
        "--locked",
        "-p",
        "entrenous-interop",
        "--lib",
        "--test=board",
        "--test=contacts",
        "--test=kamune",
        "--test=kamune_program",
        "--test=kamune_relay",
        "--test=kamune_self",
        "--test=lan",
        "--test=reference",
        "--no-fail-fast",
    ];
    steps::run(
        cargo()
            .args(tests)
            .args(["--", "--test-threads=2"])
            .env("RUST_BACKTRACE", "0"),
    )
}
