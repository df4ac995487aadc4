//! `cargo xtask typos`: the spelling of everything that is written here (`.typos.toml`).

use std::process::Command;

use ::interop::python::environment;
use anyhow::{Context, Result};

use crate::steps;

/// Runs typos, which it installs below the build directory on first use.
///
/// # Errors
///
/// A word is misspelled, or typos cannot be installed.
pub(crate) fn run() -> Result<()> {
    let home = environment("typos", REQUIREMENTS).context("cannot install typos")?;
    steps::run(Command::new(home.join("bin/typos")).current_dir(steps::root()))
}

/// The built program, as its authors publish it there.
const REQUIREMENTS: &str = "typos==1.52.0\n";
