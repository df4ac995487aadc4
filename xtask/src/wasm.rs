//! `cargo xtask wasm`: the cores compile where there is no operating system.

use std::process::Command;

use anyhow::Result;

use crate::{
    layers,
    steps::{self, Outcome, Steps, cargo},
};

/// Has the compiler check all of `core/` for `wasm32v1-none`, which has no `std`.
///
/// # Errors
///
/// A core does not compile there.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    add(&mut steps);
    steps.finish()
}

pub(crate) fn add(steps: &mut Steps) {
    steps.step_if_possible("cores without an operating system", check);
}

fn check() -> Result<Outcome> {
    let add = ["target", "add", TARGET];
    if steps::run(Command::new("rustup").args(add).current_dir(steps::root())).is_err() {
        let why = format!("rustup cannot install the target {TARGET}");
        return Ok(Outcome::NotChecked(why));
    }
    let mut check = cargo();
    check.args(["check", "--locked", "--target", TARGET]);
    for core in layers::cores()? {
        check.args(["-p", &core]);
    }
    steps::run(&mut check)?;
    Ok(Outcome::Passed)
}

const TARGET: &str = "wasm32v1-none";
