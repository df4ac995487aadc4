//! `cargo xtask test`: everything the README promises.

use anyhow::Result;

use crate::{
    interop, layers,
    steps::{self, Steps, cargo},
};

pub(crate) fn add(steps: &mut Steps) {
    steps.step("layers", layers::run);
    steps.step("format", || {
        steps::run(cargo().args(["fmt", "--all", "--check"]))?;
        steps::run(cargo().args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
    });
    steps.step("lints", || {
        let lints = ["clippy", "--workspace", "--all-targets", "--locked"];
        steps::run(cargo().args(lints).args(["--", "-D", "warnings"]))
    });
    // These build our programs as well.
    steps.step(
        "tests: unit, vectors, simulation, transcripts, end to end",
        || {
            let all = [
                "test",
                "--workspace",
                "--lib",
                "--bins",
                "--tests",
                "--locked",
            ];
            let all_but = ["--exclude", "entrenous-interop", "--no-fail-fast"];
            steps::run(cargo().args(all).args(all_but))
        },
    );
    steps.step("tests: examples in the documentation", || {
        steps::run(cargo().args(["test", "--workspace", "--doc", "--locked"]))
    });
    steps.step("documentation", || {
        let docs = ["doc", "--workspace", "--lib", "--no-deps", "--locked"];
        steps::run(cargo().args(docs).env("RUSTDOCFLAGS", "-D warnings"))
    });
    steps.step(
        "tests: interop with rendez 1.2.1 and Kamune 0.7",
        interop::meet,
    );
}

/// Runs all checks and prints a summary.
///
/// # Errors
///
/// At least one check failed.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    add(&mut steps);
    steps.finish()
}
