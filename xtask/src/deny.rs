//! `cargo xtask deny`: licences, sources, advisories and bans of all dependencies (`deny.toml`).

use std::{path::PathBuf, process::Command};

use ::interop::python::target_dir;
use anyhow::Result;

use crate::steps::{self, Outcome, Steps, cargo};

/// Runs cargo-deny, which it installs below the build directory if there is none.
///
/// # Errors
///
/// A dependency breaks a rule of `deny.toml`.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    add(&mut steps);
    steps.finish()
}

pub(crate) fn add(steps: &mut Steps) {
    steps.step("dependencies: bans, licences, sources", || {
        let mut deny = Command::new(install()?);
        deny.current_dir(steps::root());
        steps::run(deny.args(["--locked", "check", "bans", "licenses", "sources"]))
    });
    steps.step_if_possible("dependencies: advisories", advisories);
}

/// The advisories live in a git repository that not every machine reaches.
fn advisories() -> Result<Outcome> {
    let tool = install()?;
    let deny = || {
        let mut deny = Command::new(&tool);
        deny.current_dir(steps::root());
        deny
    };
    if steps::run(deny().args(["fetch", "db"])).is_err() {
        let why = "the advisory database cannot be fetched from here".to_owned();
        return Ok(Outcome::NotChecked(why));
    }
    steps::run(deny().args(["--locked", "check", "--disable-fetch", "advisories"]))?;
    Ok(Outcome::Passed)
}

fn install() -> Result<PathBuf> {
    let tools = target_dir()?.join("tools");
    let program = tools.join("bin/cargo-deny");
    if !program.exists() {
        let package = [
            "install",
            "--locked",
            "--debug",
            "cargo-deny",
            "--version",
            VERSION,
        ];
        steps::run(cargo().args(package).arg("--root").arg(&tools))?;
    }
    Ok(program)
}

const VERSION: &str = "0.20.2";
